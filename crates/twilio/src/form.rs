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
}

/// Decoded parameters in the order received, duplicates and empty values included: the signature
/// covers them all.
///
/// Text is UTF-8. What else a telephone network hands on is read with U+FFFD in its place, and kept as it was
/// sent for the signature.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Form {
    pairs: Vec<(String, String)>,
    /// As sent, where any of it is not UTF-8.
    sent: Option<Vec<Bytes>>,
}

/// The bytes of a name and of its value.
type Bytes = (Vec<u8>, Vec<u8>);

impl Form {
    /// Decodes `body` exactly once: `+` is a space, `%xx` a byte, and a `%` that is followed by
    /// anything else stands for itself.
    ///
    /// # Errors
    /// [`FormError`] when a bound is passed; nothing is dropped in silence.
    pub fn parse(body: &[u8]) -> Result<Self, FormError> {
        if body.len() > MAX_BODY_BYTES {
            return Err(FormError::TooLarge { bytes: body.len() });
        }
        let mut sent: Vec<Bytes> = Vec::new();
        for (position, part) in body.split(|&b| b == b'&').filter(|part| !part.is_empty()).enumerate() {
            if position == MAX_PARAMETERS {
                return Err(FormError::TooMany);
            }
            let cut = memchr::memchr(b'=', part).unwrap_or(part.len());
            let (name, value) = (&part[..cut], part.get(cut + 1..).unwrap_or_default());
            sent.push((decode(name), decode(value)));
        }
        let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
        let pairs = sent.iter().map(|(name, value)| (text(name), text(value))).collect();
        let is_text = |bytes: &Vec<u8>| std::str::from_utf8(bytes).is_ok();
        let all_text = sent.iter().all(|(name, value)| is_text(name) && is_text(value));
        Ok(Self { pairs, sent: (!all_text).then_some(sent) })
    }

    /// A form of `pairs`, for requests that we send.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let pairs = pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { pairs, sent: None }
    }

    /// Whether all of it was UTF-8.
    pub fn is_text(&self) -> bool {
        self.sent.is_none()
    }

    /// The parameters in the order in which they are signed: sorted by bytes, a repeated pair once.
    pub(crate) fn sorted(&self) -> Vec<(&str, &str)> {
        let mut sorted: Vec<_> = self.iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        sorted
    }

    /// [`Form::sorted`] as the bytes that were sent, if they are no text.
    pub(crate) fn sorted_bytes(&self) -> Option<Vec<&Bytes>> {
        let mut sorted: Vec<_> = self.sent.as_ref()?.iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        Some(sorted)
    }

    /// All parameters, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
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
        Form::parse(body).unwrap().pairs
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
    }

    /// Case C05. Case B05.
    #[test]
    fn bytes_that_are_no_text_are_read_as_what_cannot_be_shown() {
        let form = Form::parse(b"A=1&CallerName=Jos%E9&B=%C3%A9").unwrap();
        assert_eq!(form.first("CallerName"), Some("Jos\u{FFFD}"));
        assert_eq!((form.first("A"), form.first("B")), (Some("1"), Some("\u{e9}")));
        assert!(!form.is_text() && Form::parse(b"A=%C3%A9").unwrap().is_text());
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
        fn any_body_decodes_as_the_url_standard_says(body in "[a-c=&+% 0-9A-Fé]{0,80}") {
            let standard: Vec<_> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
            let replaced = |text: &str| text.contains('\u{FFFD}');
            let form = Form::parse(body.as_bytes()).unwrap();
            prop_assert_eq!(form.is_text(), !standard.iter().any(|(name, value)| replaced(name) || replaced(value)));
            prop_assert_eq!(form.pairs, standard);
        }
    }
}
