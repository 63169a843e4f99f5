use std::fmt;

/// A key that requests are signed with. It is never empty (anyone can sign with an empty key) and never printed, its
/// length included.
#[derive(Clone)]
pub struct SigningKey(String);

/// A key was configured as an empty or blank text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signing key is empty: set it, or leave it out altogether")]
pub struct EmptyKey;

impl SigningKey {
    /// Wraps `key` without the white space around it, which a copied key often carries.
    ///
    /// # Errors
    /// [`EmptyKey`] when nothing is left.
    pub fn new(key: &str) -> Result<Self, EmptyKey> {
        let key = key.trim();
        if key.is_empty() { Err(EmptyKey) } else { Ok(Self(key.to_owned())) }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_cannot_be_printed() {
        assert_eq!(format!("{:?}", SigningKey::new("canary").unwrap()), "SigningKey(..)");
    }

    #[test]
    fn a_blank_key_is_refused() {
        assert_eq!(SigningKey::new(" \n").unwrap_err(), EmptyKey);
        assert_eq!(SigningKey::new("key\n").unwrap().as_bytes(), b"key");
    }
}
