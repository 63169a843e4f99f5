//! Identifiers that nobody can guess and no two processes share.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Secret;

use crate::stores::StoreError;

/// 128 random bits as 32 hexadecimal digits. The error names the `table` it was meant for.
pub(crate) fn id(table: &str) -> Result<String, StoreError> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| StoreError::Unavailable {
        table: table.to_owned(),
        reason: "the system gives no randomness".to_owned(),
    })?;
    Ok(hex::encode(bytes))
}

/// 256 random bits as 43 characters that need no escaping in a URL. `None`: the system gives no randomness.
pub fn token() -> Option<Secret> {
    let mut bytes = [0u8; domain::share::TOKEN_BYTES];
    getrandom::fill(&mut bytes).ok()?;
    Some(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}
