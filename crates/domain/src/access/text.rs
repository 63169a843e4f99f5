//! The text of an API key: `swb_bus_`, 30 random characters, 6 of a checksum.
//!
//! The beginning tells people and scanners whose key was found. The checksum tells a mistyped or cut key from a wrong
//! one without a look into the store. The first 8 random characters name the key and may be shown; the other 22, of
//! 131 random bits, are the secret.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use strum::{EnumString, IntoStaticStr, VariantArray};
use subtle::ConstantTimeEq as _;

use crate::Secret;

/// What every key begins with.
pub const PREFIX: &str = "swb_";
/// Random characters of a key.
const RANDOM_CHARS: usize = 30;
/// The first of them, which name the key.
const ID_CHARS: usize = 8;
const CHECKSUM_CHARS: usize = 6;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What a key is for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumString, VariantArray,
)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// Who runs the deployment: acts for every business.
    #[strum(serialize = "op")]
    Operator,
    /// One business.
    #[strum(serialize = "bus")]
    Business,
    /// No key: the text of a link by which one person becomes a member of a business.
    #[strum(serialize = "inv")]
    Invitation,
}

/// An API key, as its holder sends it. It is shown to its holder once and kept nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    kind: KeyKind,
    text: Secret,
}

/// Why a text is no API key. Nothing of the text is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "snake_case")]
pub enum InvalidKey {
    /// It begins otherwise.
    #[error("an API key begins with `{PREFIX}`")]
    Prefix,
    /// It is of a kind that does not exist.
    #[error("an API key begins with `{PREFIX}op_` or `{PREFIX}bus_`")]
    Kind,
    /// It is cut off, or something follows it.
    #[error(
        "an API key has {} characters after its last `_`, and this one has {found}: copy all of it",
        RANDOM_CHARS + CHECKSUM_CHARS
    )]
    Length {
        /// The characters after the last `_`.
        found: usize,
    },
    /// A space or another character that no key has.
    #[error("an API key has only letters and digits after its last `_`")]
    Character,
    /// Every character could be one of a key, and together they are not.
    #[error("the API key's checksum does not fit: a character is wrong, copy it again")]
    Checksum,
}

impl InvalidKey {
    /// The word for programs.
    pub fn code(&self) -> &'static str {
        self.into()
    }
}

impl ApiKey {
    /// A new key of these random bytes, which must come from a source that cannot be guessed.
    pub fn of_random(kind: KeyKind, random: &[u8; 32]) -> Self {
        let word: &'static str = kind.into();
        let mut text = format!("{PREFIX}{word}_");
        // 256 random bits for 179 bits of digits: no digit is likelier than another by more than 2^-70.
        let mut number = *random;
        text.extend((0..RANDOM_CHARS).map(|_| char::from(DIGITS[usize::from(divide(&mut number, 62))])));
        text.push_str(&checksum(&text));
        Self { kind, text: Secret::new(text) }
    }

    /// Reads a key.
    ///
    /// # Errors
    /// [`InvalidKey`].
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let rest = text.strip_prefix(PREFIX).ok_or(InvalidKey::Prefix)?;
        let (kind, body) = rest.split_once('_').ok_or(InvalidKey::Kind)?;
        let kind = kind.parse().map_err(|_| InvalidKey::Kind)?;
        if !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(InvalidKey::Character);
        }
        if body.len() != RANDOM_CHARS + CHECKSUM_CHARS {
            return Err(InvalidKey::Length { found: body.len() });
        }
        let (signed, sum) = text.split_at(text.len() - CHECKSUM_CHARS);
        if checksum(signed) != sum {
            return Err(InvalidKey::Checksum);
        }
        Ok(Self { kind, text: Secret::new(text) })
    }

    /// What it is for.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Its name, which opens nothing.
    pub fn id(&self) -> KeyId {
        let text = self.text.expose();
        let random = text.len() - CHECKSUM_CHARS - RANDOM_CHARS;
        KeyId(text[random..random + ID_CHARS].to_owned())
    }

    /// What is kept of it.
    pub fn hash(&self) -> KeyHash {
        KeyHash(Sha256::digest(self.text.expose()).into())
    }

    /// The whole key, for its holder.
    pub const fn secret(&self) -> &Secret {
        &self.text
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({})", self.id().shown(self.kind))
    }
}

/// Divides a number of 256 bits, its most significant byte first, and gives the remainder.
fn divide(number: &mut [u8; 32], by: u16) -> u8 {
    let mut remainder = 0;
    for byte in number {
        let part = remainder * 256 + u16::from(*byte);
        *byte = (part / by) as u8;
        remainder = part % by;
    }
    remainder as u8
}

/// CRC-32 in six digits. Against slips, not against people.
fn checksum(text: &str) -> String {
    let mut left = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(left % 62) as usize];
        left /= 62;
    }
    digits.map(char::from).iter().collect()
}

/// The name of a key: its first 8 random characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(String);

/// The text is no key's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is named by {ID_CHARS} letters and digits")]
pub struct InvalidKeyId;

impl KeyId {
    /// Accepts 8 letters and digits.
    ///
    /// # Errors
    /// [`InvalidKeyId`].
    pub fn parse(text: &str) -> Result<Self, InvalidKeyId> {
        let fits = text.len() == ID_CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidKeyId) }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How a key is shown in lists: `swb_bus_4fJ0xQ2m…`.
    pub fn shown(&self, kind: KeyKind) -> String {
        let word: &'static str = kind.into();
        format!("{PREFIX}{word}_{}…", self.0)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for KeyId {
    type Error = InvalidKeyId;
    fn try_from(text: String) -> Result<Self, InvalidKeyId> {
        Self::parse(&text)
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.0
    }
}

/// SHA-256 of a whole key, 64 hexadecimal digits as text. Keys are random, so that no slow hash is needed. Two are
/// compared in a time that does not depend on where they differ.
#[derive(Debug, Clone, Copy, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyHash([u8; 32]);

impl PartialEq for KeyHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl TryFrom<String> for KeyHash {
    type Error = hex::FromHexError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut hash = [0; 32];
        hex::decode_to_slice(text, &mut hash)?;
        Ok(Self(hash))
    }
}

impl From<KeyHash> for String {
    fn from(hash: KeyHash) -> Self {
        hex::encode(hash.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> ApiKey {
        ApiKey::of_random(KeyKind::Business, &std::array::from_fn(|n| n as u8))
    }

    /// What was given out once must stay readable. Worked out by another program: digits of the number that the bytes
    /// are, the last one first, then zlib's CRC-32.
    #[test]
    fn a_key_looks_as_it_always_did() {
        let text = key().secret().expose().to_owned();
        assert_eq!(text, "swb_bus_flDIBkGwcRKRL9GXCgaFM3UNu2jQTC2mbLNH");
        assert_eq!(key().id().shown(KeyKind::Business), format!("{}…", &text[..16]));
        let hash = String::from(key().hash());
        assert_eq!(hash, hex::encode(Sha256::digest(text)));
        assert_eq!(KeyHash::try_from(hash).unwrap(), key().hash());
    }

    #[test]
    fn the_error_says_what_is_wrong() {
        let text = key().secret().expose().to_owned();
        let mut swapped = text.clone().into_bytes();
        swapped.swap(10, 11);
        for (bad, error) in [
            (String::new(), InvalidKey::Prefix),
            ("sk_live_1234".to_owned(), InvalidKey::Prefix),
            (format!(" {text}"), InvalidKey::Prefix),
            (text.replace("bus", "pub"), InvalidKey::Kind),
            ("swb_bus".to_owned(), InvalidKey::Kind),
            (text[..20].to_owned(), InvalidKey::Length { found: 12 }),
            (format!("{text}0"), InvalidKey::Length { found: 37 }),
            (format!("{text} "), InvalidKey::Character),
            (text.replace("bus", "op"), InvalidKey::Checksum),
            (String::from_utf8(swapped).unwrap(), InvalidKey::Checksum),
        ] {
            assert_eq!(ApiKey::parse(&bad), Err(error), "{}", error.code());
        }
    }

    #[test]
    fn a_key_is_never_printed() {
        let text = key().secret().expose().to_owned();
        let printed = format!("{:?} {:?} {:?}", key(), key().hash(), ApiKey::parse(&text[..43]));
        assert!(!printed.contains(&text[16..]) && !printed.contains(&text[16..30]), "{printed}");
        assert!(printed.starts_with("ApiKey(swb_bus_"));
    }

    proptest! {
        #[test]
        fn a_key_reads_back_and_no_other_text_is_it(
            random in any::<[u8; 32]>(),
            operator in any::<bool>(),
            at in 0_usize..36,
            digit in 0_usize..62,
        ) {
            let kind = if operator { KeyKind::Operator } else { KeyKind::Business };
            let key = ApiKey::of_random(kind, &random);
            let text = key.secret().expose();
            prop_assert_eq!(ApiKey::parse(text), Ok(key.clone()));
            prop_assert_eq!(KeyId::parse(key.id().as_str()), Ok(key.id()));
            // One wrong character is always found.
            let mut changed = text.as_bytes().to_vec();
            let place = text.len() - 36 + at;
            prop_assume!(changed[place] != DIGITS[digit]);
            changed[place] = DIGITS[digit];
            let changed = String::from_utf8(changed).unwrap();
            prop_assert_eq!(ApiKey::parse(&changed), Err(InvalidKey::Checksum));
        }

        #[test]
        fn every_random_byte_above_the_spare_bits_counts(random in any::<[u8; 32]>(), at in 10_usize..32) {
            let mut other = random;
            other[at] ^= 1;
            let [key, other] = [random, other].map(|random| ApiKey::of_random(KeyKind::Business, &random));
            prop_assert_ne!(key.hash(), other.hash());
        }

        #[test]
        fn any_text_is_refused_without_being_repeated(text in ".{0,80}") {
            if let Err(error) = ApiKey::parse(&format!("swb_{text}")) {
                let words = error.to_string();
                prop_assert!(text.len() < 12 || !words.contains(&text));
            }
        }
    }
}
