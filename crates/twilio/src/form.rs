//! Bodies of `application/x-www-form-urlencoded` webhooks, decoded once and bounded.

use std::fmt;

use form_urlencoded::Serializer;

/// Largest body that is looked at. Twilio's own are about 1 KiB.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// Most parameters in one body. Twilio sends about 40.
pub const MAX_PARAMETERS: usize = 256;

/// Why a body is not a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// More than [`MAX_BODY_BYTES`].
    #[error("the form has {bytes} bytes, more than {MAX_BODY_BYTES}")]
    TooLarge {
        /// Bytes received.
        bytes: usize,
    },
    /// More than [`MAX_PARAMETERS`].
    #[error("the form has more than {MAX_PARAMETERS} parameters")]
    TooMany,
    /// A name or value that is not UTF-8 once decoded.
    #[error("parameter {position} of the form is not UTF-8")]
    NotUtf8 {
        /// Which parameter, counted from 0.
        position: usize,
    },
}

/// Decoded parameters in the order received, duplicates and empty values included: the signature
/// covers them all.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Decodes `body` exactly once: `+` is a space, `%xx` a byte, and a `%` that is followed by
    /// anything else stands for itself.
    ///
    /// # Errors
    /// [`FormError`] when a bound is passed or the text is not UTF-8; nothing is dropped in silence.
    pub fn parse(body: &[u8]) -> Result<Self, FormError> {
        if body.len() > MAX_BODY_BYTES {
            return Err(FormError::TooLarge { bytes: body.len() });
        }
        let mut pairs = Vec::new();
        for (position, part) in body.split(|&b| b == b'&').filter(|part| !part.is_empty()).enumerate() {
            if position == MAX_PARAMETERS {
                return Err(FormError::TooMany);
            }
            let cut = memchr::memchr(b'=', part).unwrap_or(part.len());
            let (name, value) = (&part[..cut], part.get(cut + 1..).unwrap_or_default());
            let decode = |raw| String::from_utf8(decode(raw)).map_err(|_| FormError::NotUtf8 { position });
            pairs.push((decode(name)?, decode(value)?));
        }
        Ok(Self(pairs))
    }

    /// A form of `pairs`, for requests that we send.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// All parameters, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The values of `name`, in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The first value of `name`; an empty value is a value.
    pub fn first<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.values(name).next()
    }

    /// The body as it goes over the wire.
    pub fn encode(&self) -> String {
        Serializer::new(String::new()).extend_pairs(self.iter()).finish()
    }
}

fn decode(raw: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => match after.first_chunk::<2>().and_then(|digits| hex::decode(digits).ok()) {
                Some(value) => {
                    rest = &after[2..];
                    value[0]
                }
                None => b'%',
            },
            other => other,
        });
    }
    decoded
}

/// Names only: the values are personal.
impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(body: &[u8]) -> Vec<(String, String)> {
        Form::parse(body).unwrap().0
    }

    /// Fault 11.
    #[test]
    fn order_duplicates_empty_values_and_stray_percent_signs_are_kept() {
        let form = Form::parse(b"B=2&A=%2B43+1&&B=1&Empty=&Bare&P=100%&Q=%zz&=x").unwrap();
        let expected = [
            ("B", "2"),
            ("A", "+43 1"),
            ("B", "1"),
            ("Empty", ""),
            ("Bare", ""),
            ("P", "100%"),
            ("Q", "%zz"),
            ("", "x"),
        ];
        assert_eq!(form.iter().collect::<Vec<_>>(), expected);
        assert_eq!(form.values("B").collect::<Vec<_>>(), ["2", "1"]);
        assert_eq!(form.first("Empty"), Some(""));
    }

    /// Fault 11.
    #[test]
    fn size_count_and_encoding_are_bounded() {
        let large = vec![b'a'; MAX_BODY_BYTES + 1];
        assert_eq!(Form::parse(&large), Err(FormError::TooLarge { bytes: MAX_BODY_BYTES + 1 }));
        assert_eq!(pairs(&large[1..]).len(), 1);
        assert_eq!(Form::parse("A=1&".repeat(MAX_PARAMETERS + 1).as_bytes()), Err(FormError::TooMany));
        assert_eq!(pairs("A=1&".repeat(MAX_PARAMETERS).as_bytes()).len(), MAX_PARAMETERS);
        assert_eq!(Form::parse(b"A=1&B=%FF"), Err(FormError::NotUtf8 { position: 1 }));
    }

    #[test]
    fn values_are_not_printed() {
        assert_eq!(format!("{:?}", Form::parse(b"From=%2B436641234567").unwrap()), r#"["From"]"#);
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded_alike(pairs in prop::collection::vec((".{0,8}", ".{0,20}"), 0..8)) {
            let form = Form::from_pairs(pairs);
            prop_assert_eq!(Form::parse(form.encode().as_bytes()).unwrap(), form);
        }

        #[test]
        fn any_utf8_body_decodes_as_the_url_standard_says(body in "[a-c=&+% 0-9A-Fé]{0,80}") {
            let standard: Vec<_> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
            match Form::parse(body.as_bytes()) {
                Ok(form) => prop_assert_eq!(form.0, standard),
                Err(FormError::NotUtf8 { .. }) => {
                    let replaced = standard.iter().any(|(name, value)| format!("{name}{value}").contains('\u{FFFD}'));
                    prop_assert!(replaced);
                }
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
    }
}
