//! Random identifiers: 128 bits, so that no two processes make the same one.

use crate::StoreError;

/// 128 random bits as 32 hexadecimal digits. The error names the `table` it was meant for.
pub(crate) fn id(table: &str) -> Result<String, StoreError> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| StoreError::Unavailable {
        table: table.to_owned(),
        reason: "the system gives no randomness".to_owned(),
    })?;
    Ok(hex::encode(bytes))
}
