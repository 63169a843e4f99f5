use std::fmt;

/// Personal text (a name, a spoken word, a place) that no log line can print.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Redacted(String);

impl Redacted {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: for storing and for the model, never for a log.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} characters>", self.0.chars().count())
    }
}

/// A signing key. It is never empty (anyone can sign with an empty key) and never printed, its
/// length included.
#[derive(Clone)]
pub struct Secret(String);

/// A key was configured as an empty or blank text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret is empty: set it, or leave it out altogether")]
pub struct EmptySecret;

impl Secret {
    /// Wraps `key` without the white space around it, which a copied secret often carries.
    ///
    /// # Errors
    /// [`EmptySecret`] when nothing is left.
    pub fn new(key: &str) -> Result<Self, EmptySecret> {
        let key = key.trim();
        if key.is_empty() { Err(EmptySecret) } else { Ok(Self(key.to_owned())) }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_personal_text_nor_a_key_can_be_printed() {
        let printed = format!("{:?} {:?}", Redacted::new("Anna Müller"), Secret::new("canary").unwrap());
        assert_eq!(printed, "<11 characters> <secret>");
    }

    #[test]
    fn a_blank_key_is_refused() {
        assert_eq!(Secret::new(" \n").unwrap_err(), EmptySecret);
        assert_eq!(Secret::new("key\n").unwrap().as_bytes(), b"key");
    }
}
