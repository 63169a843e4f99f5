//! Names of contacts, and of what is done with many of them or with all that is kept of one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::as_text::as_text;
use crate::ids::{InvalidId, is_32_digits};

/// Behind the time: enough that no two names of one millisecond are equal.
const RANDOM_BITS: u32 = 80;

/// Names of one kind: a prefix and 32 hexadecimal digits, the millisecond in which it was made and 80 random bits. The names
/// have the order of the times, so that a list needs no index.
macro_rules! timed_id {
    ($(#[$doc:meta])+ $name:ident, $prefix:literal, $kind:literal) => {
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(u128);

        impl $name {
            /// A new name, of the time and of 80 of these bits.
            pub fn new(at: Timestamp, random: u128) -> Self {
                let ms = u128::try_from(at.0).unwrap_or(0);
                Self((ms << RANDOM_BITS) | (random & ((1 << RANDOM_BITS) - 1)))
            }

            /// Accepts the prefix and 32 lower-case hexadecimal digits.
            ///
            /// # Errors
            /// [`InvalidId`].
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let expected = concat!($prefix, " and 32 hexadecimal digits");
                let invalid = InvalidId { kind: $kind, expected };
                let digits = text.strip_prefix($prefix).filter(|digits| is_32_digits(digits)).ok_or(invalid)?;
                u128::from_str_radix(digits, 16).map(Self).map_err(|_| invalid)
            }

            /// When it was made.
            pub fn at(&self) -> Timestamp {
                Timestamp(i64::try_from(self.0 >> RANDOM_BITS).unwrap_or(i64::MAX))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{:032x}"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        as_text!($name, InvalidId);
    };
}

timed_id! {
    /// Names a contact, for good: `ctc_` and 32 hexadecimal digits.
    ContactId, "ctc_", "contact id"
}

timed_id! {
    /// Names an import of contacts: `imp_` and 32 hexadecimal digits.
    ImportId, "imp_", "import id"
}

timed_id! {
    /// Names an export of contacts: `exp_` and 32 hexadecimal digits.
    ExportId, "exp_", "export id"
}

timed_id! {
    /// Names a lead that came in from a source: `lead_` and 32 hexadecimal digits.
    LeadId, "lead_", "lead id"
}

timed_id! {
    /// Names a request about all that is kept of a person: `prq_` and 32 hexadecimal digits.
    PersonRequestId, "prq_", "person request id"
}
