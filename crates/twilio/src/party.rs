mod withheld;

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

const E164_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

impl Party {
    /// Classifies `raw`. Every text is some party: a call is never refused for who is calling.
    pub fn parse(raw: &str) -> Self {
        if withheld::is_withheld(raw) {
            return Self::Hidden(raw.to_owned());
        }
        if is_e164(raw) {
            return Self::E164(raw.to_owned());
        }
        if let Some(name) = raw.strip_prefix("client:") {
            return Self::Client(name.to_owned());
        }
        if strip_scheme(raw, "sip:").or_else(|| strip_scheme(raw, "sips:")).is_some() {
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

    /// The number that was called, which may be the user of a SIP, WhatsApp or telephone address
    /// (`sip:+12025550143@acme.sip.twilio.com`, `whatsapp:+12025550143`). What stands there says nothing about who a
    /// *caller* is: any network may write it.
    pub fn called_number(&self) -> Option<String> {
        let user = match self {
            Self::E164(number) => return Some(number.clone()),
            Self::Sip(address) => {
                let user = strip_scheme(address, "sip:").or_else(|| strip_scheme(address, "sips:"))?;
                &user[..user.find(['@', ';'])?]
            }
            Self::Other(address) => {
                strip_scheme(address, "whatsapp:").or_else(|| strip_scheme(address, "tel:"))?
            }
            Self::Hidden(_) | Self::Client(_) => return None,
        };
        let number = format!("+{}", user.strip_prefix('+').unwrap_or(user));
        is_e164(&number).then_some(number)
    }
}

/// Schemes are written in letters of either case (RFC 3986, 3.1).
fn strip_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
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

    /// Case C02. Case B02.
    #[test]
    fn a_number_is_told_from_a_withheld_one_and_from_an_address() {
        assert_eq!(Party::parse("+4366412345678").e164(), Some("+4366412345678"));
        assert_eq!(Party::parse("client:anna"), Party::Client("anna".into()));
        assert_eq!(Party::parse("sip:anna@example.com"), Party::Sip("sip:anna@example.com".into()));
        for other in [
            "+0123456789",
            "066412345678",
            "+43 664",
            "+1234567890123456",
            "whatsapp:+4366412345678",
            "1234567e0",
            "202-555-0143",
            "2025550143;ext=12",
            "1001*2",
            "12025550143@carrier.example",
            "12025550143 ",
            "State Farm",
        ] {
            assert_eq!(Party::parse(other), Party::Other(other.into()));
        }
    }

    /// Case C20. Case B16.
    #[test]
    fn the_called_number_may_be_the_user_of_an_address() {
        for (to, number) in [
            ("+12025550143", Some("+12025550143")),
            ("sip:+12025550143@x.sip.twilio.com", Some("+12025550143")),
            ("sips:12025550143@x.sip.twilio.com", Some("+12025550143")),
            ("SIP:+12025550143;npdi=yes@x", Some("+12025550143")),
            ("whatsapp:+12025550143", Some("+12025550143")),
            ("tel:+12025550143", Some("+12025550143")),
            ("sip:+12025550143", None),
            ("sip:anna@x", None),
            ("sip:@", None),
            ("client:+12025550143", None),
            ("12025550143", None),
            ("", None),
        ] {
            assert_eq!(Party::parse(to).called_number().as_deref(), number, "{to}");
        }
        assert_eq!(
            Party::parse("sip:+12025550178@x").e164(),
            None,
            "an address is no proof of who is calling"
        );
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
