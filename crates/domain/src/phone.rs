//! Phone numbers: parsed once, printed never.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An E.164 number: `+`, then 7 to 15 digits of which the first is not 0.
///
/// Debug and Display keep the last two digits only, which is enough to tell two calls of a test apart and
/// too little to call the person. [`PhoneNumber::as_e164`] is the one way to the number itself.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

/// The text is not a telephone number in E.164 form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an E.164 phone number: expected '+' and 7 to 15 digits")]
pub struct InvalidPhoneNumber;

impl PhoneNumber {
    /// Accepts `+` and 7 to 15 digits, the first of them not 0 (ITU-T E.164).
    pub fn parse(text: &str) -> Result<Self, InvalidPhoneNumber> {
        let digits = text.strip_prefix('+').ok_or(InvalidPhoneNumber)?;
        let fits = (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidPhoneNumber) }
    }

    /// The number with its `+`.
    pub fn as_e164(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+..{}", &self.0[self.0.len() - 2..])
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = InvalidPhoneNumber;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

/// What is shown of a number that is withheld, or is not kept any more.
pub const HIDDEN: &str = "hidden";

/// Who is at the other end, as far as the network says. Never a key and never an identity: a caller may
/// hide the number, and Twilio then sends words, SIP addresses or placeholder digits instead.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Caller {
    /// A telephone number.
    Number(PhoneNumber),
    /// The caller withheld the number.
    Hidden,
    /// A SIP address, a `client:` name or anything else that is not a telephone number.
    Other(String),
}

impl Caller {
    /// As others are shown it: an E.164 number, `hidden` when the caller withholds it, `other` for what is no number.
    pub fn shown(&self) -> &str {
        match self {
            Self::Number(number) => number.as_e164(),
            Self::Hidden => HIDDEN,
            Self::Other(_) => "other",
        }
    }

    /// The number, if it is one.
    pub fn number(&self) -> Option<&PhoneNumber> {
        match self {
            Self::Number(number) => Some(number),
            Self::Hidden | Self::Other(_) => None,
        }
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Hidden => f.write_str("hidden"),
            Self::Other(_) => f.write_str("other(..)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e164_is_plus_and_7_to_15_digits() {
        assert!(PhoneNumber::parse("+43720123456").is_ok());
        for bad in ["", "+", "43720123456", "+0720123456", "+43 720", "anonymous", "+1234567890123456"] {
            assert_eq!(PhoneNumber::parse(bad), Err(InvalidPhoneNumber), "{bad}");
        }
    }

    #[test]
    fn neither_debug_nor_display_shows_the_number() {
        let number = PhoneNumber::parse("+43720123456").unwrap();
        assert_eq!(format!("{number} {number:?} {:?}", Caller::Number(number.clone())), "+..56 +..56 +..56");
    }
}
