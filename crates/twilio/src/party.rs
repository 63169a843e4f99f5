use std::fmt;

/// One end of a call, from a `From` or `To`: a number where Twilio could normalise it, else
/// whatever the network sent. Only [`Party::E164`] identifies a person, and none prints in full.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Party {
    /// A number in international form, `+` and 7 to 15 digits.
    E164(String),
    /// The caller withheld the number; holds the word or digits sent in its place.
    Hidden(String),
    /// A Voice SDK client, without the `client:`.
    Client(String),
    /// A SIP address, with its scheme.
    Sip(String),
    /// Anything else, as received.
    Other(String),
}

/// Words networks send for a withheld number.
const HIDDEN_WORDS: [&str; 6] = ["anonymous", "unknown", "restricted", "unavailable", "private", "blocked"];

/// The same as numbers: `ANONYMOUS` and `RESTRICTED` spelt on a telephone keypad.
const HIDDEN_DIGITS: [&str; 2] = ["266696687", "7378742833"];

const E164_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

impl Party {
    /// Classifies `raw`. Every text is some party: a call is never refused for who is calling.
    pub fn parse(raw: &str) -> Self {
        let digits = raw.strip_prefix('+').unwrap_or(raw);
        if raw.is_empty()
            || HIDDEN_DIGITS.contains(&digits)
            || HIDDEN_WORDS.iter().any(|word| raw.eq_ignore_ascii_case(word))
        {
            return Self::Hidden(raw.to_owned());
        }
        if is_e164(raw) {
            return Self::E164(raw.to_owned());
        }
        if let Some(name) = raw.strip_prefix("client:") {
            return Self::Client(name.to_owned());
        }
        if raw.starts_with("sip:") || raw.starts_with("sips:") {
            return Self::Sip(raw.to_owned());
        }
        Self::Other(raw.to_owned())
    }

    /// The number, if this party has one.
    pub fn e164(&self) -> Option<&str> {
        match self {
            Self::E164(number) => Some(number),
            Self::Hidden(_) | Self::Client(_) | Self::Sip(_) | Self::Other(_) => None,
        }
    }

    /// True when the caller withheld the number.
    pub fn is_hidden(&self) -> bool {
        matches!(self, Self::Hidden(_))
    }
}

fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        E164_DIGITS.contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::E164(number) => {
                let last_two = number.get(number.len().saturating_sub(2)..).unwrap_or_default();
                write!(f, "E164(..{last_two})")
            }
            Self::Hidden(_) => f.write_str("Hidden"),
            Self::Client(_) => f.write_str("Client"),
            Self::Sip(_) => f.write_str("Sip"),
            Self::Other(_) => f.write_str("Other"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_told_from_a_withheld_one_and_from_an_address() {
        assert_eq!(Party::parse("+4366412345678").e164(), Some("+4366412345678"));
        for hidden in ["", "anonymous", "Restricted", "+266696687", "7378742833"] {
            assert!(Party::parse(hidden).is_hidden(), "{hidden}");
        }
        assert_eq!(Party::parse("client:anna"), Party::Client("anna".into()));
        assert_eq!(Party::parse("sip:anna@example.com"), Party::Sip("sip:anna@example.com".into()));
        for other in
            ["+0123456789", "066412345678", "+43 664", "+1234567890123456", "whatsapp:+4366412345678"]
        {
            assert_eq!(Party::parse(other), Party::Other(other.into()));
        }
    }

    #[test]
    fn no_party_prints_its_number() {
        for raw in
            ["+4366412345678", "sip:4366412345678@example.com", "4366412345678", "client:4366412345678"]
        {
            let printed = format!("{:?}", Party::parse(raw));
            assert!(!printed.contains("664123456"), "{printed}");
        }
    }
}
