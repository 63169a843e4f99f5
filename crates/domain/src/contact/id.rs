//! Names of contacts.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::as_text::as_text;
use crate::ids::{InvalidId, is_32_digits};

const PREFIX: &str = "ctc_";
/// Behind the time: enough that no two contacts of one millisecond have one name.
const RANDOM_BITS: u32 = 80;

/// Names a contact, for good: `ctc_` and 32 hexadecimal digits, the millisecond in which it was made and 80 random bits.
/// The names have the order of the times, so that a list needs no index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContactId(u128);

impl ContactId {
    /// A new name, of the time and of 80 of these bits.
    pub fn new(at: Timestamp, random: u128) -> Self {
        let ms = u128::try_from(at.0).unwrap_or(0);
        Self((ms << RANDOM_BITS) | (random & ((1 << RANDOM_BITS) - 1)))
    }

    /// Accepts `ctc_` and 32 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// [`InvalidId`].
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId { kind: "contact id", expected: "ctc_ and 32 hexadecimal digits" };
        let digits = text.strip_prefix(PREFIX).filter(|digits| is_32_digits(digits)).ok_or(invalid)?;
        u128::from_str_radix(digits, 16).map(Self).map_err(|_| invalid)
    }

    /// When it was made.
    pub fn at(&self) -> Timestamp {
        Timestamp(i64::try_from(self.0 >> RANDOM_BITS).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for ContactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{:032x}", self.0)
    }
}

impl std::str::FromStr for ContactId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::parse(text)
    }
}

as_text!(ContactId, InvalidId);
