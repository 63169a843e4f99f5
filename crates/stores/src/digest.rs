//! SHA-256 in the spellings that keys and checksums need.

use sha2::{Digest as _, Sha256};

pub(crate) use domain::digest::sha256_hex;

/// A number that spreads keys evenly.
pub(crate) fn spread(bytes: &[u8]) -> u64 {
    Sha256::digest(bytes).iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
