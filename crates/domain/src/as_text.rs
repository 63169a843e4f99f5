//! Values that are stored and shown as one text.

/// Lets serde read a type by its `FromStr` and write it by its `Display`, with
/// `#[serde(try_from = "String", into = "String")]` on the type.
macro_rules! as_text {
    ($name:ty, $error:ty) => {
        impl TryFrom<String> for $name {
            type Error = $error;
            fn try_from(text: String) -> Result<Self, $error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}

pub(crate) use as_text;
