//! Identifiers as types: a value of one of these has been checked, so nothing downstream checks again.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Why a text is not the identifier it was taken for. The text itself is not repeated: it may be anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a {kind}: expected {expected}")]
pub struct InvalidId {
    /// What the text was taken for, such as `call sid`.
    pub kind: &'static str,
    /// The shape that it should have.
    pub expected: &'static str,
}

/// The name of what a request asks for, 32 hexadecimal digits, decided by whom it concerns and the request's own
/// idempotency key: equal requests have equal names.
macro_rules! named_by_request {
    ($(#[$doc:meta])* $name:ident, $of:ident: $owner:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Equal for equal requests: the business's own idempotency key decides what is the same.
            pub fn of($of: &$owner, idempotency_key: &str) -> Self {
                Self($crate::ids::request_digits($of.as_str(), idempotency_key))
            }

            /// Accepts 32 lower-case hexadecimal digits.
            ///
            /// # Errors
            /// [`InvalidId`]($crate::ids::InvalidId).
            pub fn parse(text: &str) -> Result<Self, $crate::ids::InvalidId> {
                if $crate::ids::is_32_digits(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    let expected = "32 hexadecimal digits";
                    Err($crate::ids::InvalidId { kind: stringify!($name), expected })
                }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::ids::InvalidId;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

pub(crate) use named_by_request;

/// 128 bits of SHA-256 over both, as 32 hexadecimal digits.
pub(crate) fn request_digits(owner: &str, idempotency_key: &str) -> String {
    let digest = Sha256::new().chain_update(owner).chain_update([0]).chain_update(idempotency_key).finalize();
    hex::encode(&digest[..16])
}

/// Whether a text is 32 lower-case hexadecimal digits.
pub(crate) fn is_32_digits(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

macro_rules! sid {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Accepts the two-letter prefix followed by 32 lower-case hexadecimal digits, as Twilio issues them.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                match text.strip_prefix($prefix).filter(|rest| is_32_digits(rest)) {
                    Some(_) => Ok(Self(text.to_owned())),
                    None => Err(InvalidId {
                        kind: stringify!($name),
                        expected: concat!($prefix, " and 32 hexadecimal digits"),
                    }),
                }
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

sid!(
    /// Twilio's key of a call, and ours.
    CallSid,
    "CA"
);
sid!(
    /// Twilio's key of an account or subaccount.
    AccountSid,
    "AC"
);
sid!(
    /// Twilio's key of a recording.
    RecordingSid,
    "RE"
);
sid!(
    /// Twilio's key of one media stream; a call has a new one after every resume.
    StreamSid,
    "MZ"
);

impl AccountSid {
    /// The account of calls that no Twilio account carries: 32 zeros, which Twilio gives to none.
    pub fn none() -> Self {
        Self(format!("AC{:032}", 0))
    }
}

/// Our key of a business (tenant): 1 to 64 lower-case letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BusinessId(String);

impl BusinessId {
    /// The longest id, characters.
    pub const MAX_CHARS: usize = 64;

    /// Accepts 1 to 64 lower-case letters, digits and hyphens.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let fits = (1..=Self::MAX_CHARS).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId { kind: "business id", expected: "1 to 64 of a-z, 0-9 and '-'" })
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BusinessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for BusinessId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}

impl From<BusinessId> for String {
    fn from(id: BusinessId) -> Self {
        id.0
    }
}

/// The number of an immutable settings revision; the first is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u32);

impl Revision {
    /// The first revision.
    pub const FIRST: Self = Self(1);
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Counts the attempts at carrying a call. Every effect of a bridge is fenced by it: once epoch n + 1 exists, a
/// session of epoch n may do nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u32);

impl Epoch {
    /// The first stream of a call.
    pub const FIRST: Self = Self(1);

    /// The epoch after this one.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sid_is_its_prefix_and_32_hexadecimal_digits() {
        let good = format!("CA{}", "0a".repeat(16));
        assert_eq!(CallSid::parse(&good).unwrap().as_str(), good);
        for bad in ["", "CA", "CA12", &format!("RE{}", "0a".repeat(16)), &format!("CA{}g", "0".repeat(31))] {
            assert!(CallSid::parse(bad).is_err(), "{bad} must not pass");
        }
    }

    #[test]
    fn a_business_id_cannot_smuggle_a_key_separator() {
        assert!(BusinessId::parse("harbour-bikes").is_ok());
        for bad in ["", "Harbour", "a#b", "a/b", "a b", &"x".repeat(65)] {
            assert!(BusinessId::parse(bad).is_err(), "{bad} must not pass");
        }
    }
}
