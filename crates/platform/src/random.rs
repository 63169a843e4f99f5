//! Tokens that cannot be guessed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Secret;

/// 256 random bits as 43 characters that need no escaping in a URL. `None`: the system gives no randomness.
pub fn token() -> Option<Secret> {
    bytes().map(|bytes| Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}

/// 256 random bits. `None`: the system gives no randomness.
pub fn bytes() -> Option<[u8; domain::share::TOKEN_BYTES]> {
    let mut bytes = [0u8; domain::share::TOKEN_BYTES];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes)
}
