//! Text that is never printed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Text that belongs to a caller or a business: transcripts, instructions, tool arguments.
///
/// `Debug` gives its length in bytes and never the text; there is no `Display`, so that reading it is
/// always a visible [`as_str`](Self::as_str).
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PrivateText(String);

impl PrivateText {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text itself.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl From<&str> for PrivateText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for PrivateText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for PrivateText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_size_and_never_the_text() {
        let text = PrivateText::from("my card number is 4929");
        assert_eq!(format!("{text:?}"), "<22 bytes>");
        assert_eq!(format!("{:?}", Some(text)), "Some(<22 bytes>)");
    }
}
