use std::fmt;

/// What a [`Sid`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SidKind {
    /// `AC`: an account or subaccount.
    Account,
    /// `CA`: a call, or one leg of it.
    Call,
    /// `RE`: a recording.
    Recording,
    /// `MZ`: a media stream.
    Stream,
    /// `SM` or `MM`: a message.
    Message,
    /// `PN`: a number of the account.
    Number,
}

impl SidKind {
    fn prefixes(self) -> &'static [&'static str] {
        match self {
            Self::Account => &["AC"],
            Self::Call => &["CA"],
            Self::Recording => &["RE"],
            Self::Stream => &["MZ"],
            Self::Message => &["SM", "MM"],
            Self::Number => &["PN"],
        }
    }
}

/// A Twilio identifier: two capitals for the kind, then 32 lower-case hexadecimal digits. Sids are
/// opaque and name no person, so they may be logged.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sid(String);

/// A text is not an identifier of the kind that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a {0:?} sid: expected its two capitals and 32 hexadecimal digits")]
pub struct SidError(pub SidKind);

impl Sid {
    /// Hexadecimal digits after the prefix.
    const DIGITS: usize = 32;

    /// Checks that `text` is an identifier of `kind`.
    ///
    /// # Errors
    /// [`SidError`] for any other prefix, length or character.
    pub fn parse(kind: SidKind, text: &str) -> Result<Self, SidError> {
        match Self::at_start(kind, text) {
            Some(sid) if sid == text => Ok(Self(text.to_owned())),
            Some(_) | None => Err(SidError(kind)),
        }
    }

    /// The identifier of `kind` that `text` begins with.
    pub(crate) fn at_start(kind: SidKind, text: &str) -> Option<&str> {
        let digits = kind.prefixes().iter().find_map(|prefix| text.strip_prefix(prefix))?;
        let (digits, rest) = digits.split_at_checked(Self::DIGITS)?;
        let valid = digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        valid.then(|| &text[..text.len() - rest.len()])
    }

    /// [`Sid::parse`] for an account.
    ///
    /// # Errors
    /// [`SidError`].
    pub fn account(text: &str) -> Result<Self, SidError> {
        Self::parse(SidKind::Account, text)
    }

    /// [`Sid::parse`] for a call.
    ///
    /// # Errors
    /// [`SidError`].
    pub fn call(text: &str) -> Result<Self, SidError> {
        Self::parse(SidKind::Call, text)
    }

    /// [`Sid::parse`] for a recording.
    ///
    /// # Errors
    /// [`SidError`].
    pub fn recording(text: &str) -> Result<Self, SidError> {
        Self::parse(SidKind::Recording, text)
    }

    /// [`Sid::parse`] for a media stream.
    ///
    /// # Errors
    /// [`SidError`].
    pub fn stream(text: &str) -> Result<Self, SidError> {
        Self::parse(SidKind::Stream, text)
    }

    /// The identifier as Twilio writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sid_is_its_prefix_and_32_lower_case_hex_digits() {
        let call = format!("CA{}", "0f".repeat(16));
        assert_eq!(Sid::call(&call).unwrap().as_str(), call);
        assert_eq!(Sid::account(&call), Err(SidError(SidKind::Account)));
        for wrong in
            ["", "CA", "CA1", &call[..33], &format!("{call}0"), &call.to_uppercase(), &call.replace('f', "/")]
        {
            assert!(Sid::call(wrong).is_err(), "{wrong}");
        }
        assert!(Sid::parse(SidKind::Message, &format!("MM{}", "1".repeat(32))).is_ok());
    }
}
