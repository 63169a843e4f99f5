//! SHA-256 as it is kept and compared.

use sha2::{Digest as _, Sha256};

/// SHA-256 of the bytes: 64 hexadecimal digits.
pub fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_equal_hashes() {
        assert_eq!(sha256_hex("a").len(), 64);
        assert!(sha256_hex("a") == sha256_hex("a") && sha256_hex("a") != sha256_hex("b"));
    }
}
