//! Notes that OpenAI keeps with a request.

use std::collections::BTreeMap;

use serde::Serialize;

/// Pairs that a response or request carries; OpenAI's limit.
pub const MAX_METADATA_PAIRS: usize = 16;
/// The longest key, characters (Responses API reference, `metadata`).
pub const MAX_METADATA_KEY_CHARS: usize = 64;
/// The longest value, characters (Responses API reference, `metadata`).
pub const MAX_METADATA_VALUE_CHARS: usize = 512;

/// Labels that OpenAI stores with a response and returns unchanged: how a `response.done` is matched to
/// the reason it was created. Never put personal data here, it is printable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Metadata(BTreeMap<String, String>);

/// Why a pair cannot be metadata.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// There are 16 pairs already.
    #[error("more than {MAX_METADATA_PAIRS} metadata pairs: drop `{key}` or another")]
    TooManyPairs {
        /// The key of the pair that is one too many.
        key: String,
    },
    /// The key is empty or too long.
    #[error("a metadata key has {chars} characters: use 1 to {MAX_METADATA_KEY_CHARS}")]
    KeyLength {
        /// Its length, characters.
        chars: usize,
    },
    /// The value is too long.
    #[error("metadata `{key}` has {chars} characters: use at most {MAX_METADATA_VALUE_CHARS}")]
    ValueTooLong {
        /// The key of the pair.
        key: String,
        /// The value's length, characters.
        chars: usize,
    },
}

impl Metadata {
    /// Adds or replaces a pair.
    ///
    /// # Errors
    /// When the pair would exceed one of OpenAI's limits, which would fail the whole request.
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Result<Self, MetadataError> {
        let (key, value) = (key.into(), value.into());
        let chars = key.chars().count();
        if chars == 0 || chars > MAX_METADATA_KEY_CHARS {
            return Err(MetadataError::KeyLength { chars });
        }
        let chars = value.chars().count();
        if chars > MAX_METADATA_VALUE_CHARS {
            return Err(MetadataError::ValueTooLong { key, chars });
        }
        if self.0.len() == MAX_METADATA_PAIRS && !self.0.contains_key(&key) {
            return Err(MetadataError::TooManyPairs { key });
        }
        self.0.insert(key, value);
        Ok(self)
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixteenth_pair_fits_and_the_seventeenth_does_not() {
        let full = (0..MAX_METADATA_PAIRS)
            .try_fold(Metadata::default(), |metadata, n| metadata.with(format!("k{n}"), "v"))
            .unwrap();
        assert!(full.clone().with("k0", "replaced").is_ok());
        assert_eq!(full.with("k16", "v").unwrap_err(), MetadataError::TooManyPairs { key: "k16".to_owned() });
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        let empty = Metadata::default();
        assert!(empty.clone().with("ü".repeat(64), "ü".repeat(512)).is_ok());
        assert_eq!(
            empty.clone().with("k".repeat(65), "v").unwrap_err(),
            MetadataError::KeyLength { chars: 65 }
        );
        assert_eq!(empty.clone().with("", "v").unwrap_err(), MetadataError::KeyLength { chars: 0 });
        assert!(empty.with("k", "v".repeat(513)).is_err());
    }
}
