//! What identifies a person.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::PhoneNumber;
use crate::as_text::as_text;
use crate::numbering::Country;

/// The longest value of a handle, bytes.
const MAX_BYTES: usize = 254;

/// What kind a handle is of.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    IntoStaticStr,
    EnumString,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum HandleKind {
    /// A telephone number.
    Phone,
    /// A person's WhatsApp id towards this business. It is no number, even where it is all digits.
    Whatsapp,
    /// The same person's id towards all senders of one owner.
    WhatsappParent,
    /// An e-mail address.
    Email,
    /// A name in another system: `source:id`.
    External,
}

impl HandleKind {
    /// Every kind.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// One thing that identifies a person: a kind, and a value in the one form in which such values are compared.
///
/// As a text it is `kind:value`. Neither Debug nor an error shows the value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Handle {
    kind: HandleKind,
    value: String,
}

/// Why a text is no handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHandle {
    /// The kind is not one of [`HandleKind`].
    #[error("not a kind of handle: give `phone`, `whatsapp`, `whatsapp_parent`, `email` or `external`")]
    Kind,
    /// No telephone number with its country code.
    #[error("not a telephone number: give it with `+` and the country code")]
    Phone,
    /// Not what a WhatsApp id can be.
    #[error("not a WhatsApp id: give 1 to 128 letters, digits and `.`, `_`, `-`, `@`")]
    Whatsapp,
    /// Not an address.
    #[error("not an e-mail address: give `name@example.com`, 254 characters at most")]
    Email,
    /// Not a name in another system.
    #[error("not a name in another system: give `system:id`, the system in a-z, 0-9, `_` and `-`")]
    External,
}

impl Handle {
    /// The handle of a number as the network gave it.
    pub fn phone(number: &PhoneNumber) -> Self {
        Self { kind: HandleKind::Phone, value: number.as_e164().to_owned() }
    }

    /// Reads a value as a person or another system wrote it.
    ///
    /// # Errors
    /// [`InvalidHandle`].
    pub fn read(kind: HandleKind, text: &str) -> Result<Self, InvalidHandle> {
        let text = text.trim();
        let value = match kind {
            HandleKind::Phone => written_number(text).ok_or(InvalidHandle::Phone)?.as_e164().to_owned(),
            HandleKind::Whatsapp | HandleKind::WhatsappParent => {
                let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'@');
                let is_id = (1..=128).contains(&text.len()) && text.bytes().all(fits);
                is_id.then(|| text.to_owned()).ok_or(InvalidHandle::Whatsapp)?
            }
            HandleKind::Email => address(text).ok_or(InvalidHandle::Email)?,
            HandleKind::External => external(text).ok_or(InvalidHandle::External)?,
        };
        Ok(Self { kind, value })
    }

    /// Reads a number as people of a country write it among themselves, without its country code.
    ///
    /// # Errors
    /// [`InvalidHandle::Phone`], also of a number that the country's numbering plan does not have.
    pub fn national(text: &str, country: Country) -> Result<Self, InvalidHandle> {
        if text.len() > 40 || text.chars().any(char::is_alphabetic) {
            return Err(InvalidHandle::Phone);
        }
        let known = phonenumber::parse(Some(country.id()), text).ok().filter(phonenumber::is_valid);
        let known = known.ok_or(InvalidHandle::Phone)?;
        let number = PhoneNumber::parse(&known.format().mode(phonenumber::Mode::E164).to_string());
        number.map(|number| Self::phone(&number)).map_err(|_| InvalidHandle::Phone)
    }

    /// The reverse of Display: `kind:value`, the value in its one form.
    ///
    /// # Errors
    /// [`InvalidHandle`].
    pub fn parse(text: &str) -> Result<Self, InvalidHandle> {
        let (kind, value) = text.split_once(':').ok_or(InvalidHandle::Kind)?;
        let kind: HandleKind = kind.parse().map_err(|_| InvalidHandle::Kind)?;
        match kind {
            // A number that the network gave may be in no numbering plan.
            HandleKind::Phone => {
                PhoneNumber::parse(value).map(|number| Self::phone(&number)).map_err(|_| InvalidHandle::Phone)
            }
            _ => Self::read(kind, value),
        }
    }

    /// Its kind.
    pub const fn kind(&self) -> HandleKind {
        self.kind
    }

    /// Its value, in the form in which it is compared.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The number, if it is one.
    pub fn number(&self) -> Option<PhoneNumber> {
        (self.kind == HandleKind::Phone).then(|| PhoneNumber::parse(&self.value).ok()).flatten()
    }
}

/// A number in any of the ways in which people write it with its country code. The numbering plans
/// ([`crate::numbering`]) drop what does not belong to it abroad, such as the `0` of `+44 (0)20`.
fn written_number(text: &str) -> Option<PhoneNumber> {
    // The library reads letters as the digits beside them on a telephone.
    if !text.starts_with('+') || text.len() > 40 || text.chars().any(char::is_alphabetic) {
        return None;
    }
    let known = phonenumber::parse(None, text).ok()?;
    PhoneNumber::parse(&known.format().mode(phonenumber::Mode::E164).to_string()).ok()
}

/// An address as addresses are compared. Mail servers that tell capitals apart are not in use.
fn address(text: &str) -> Option<String> {
    let (name, host) = text.rsplit_once('@')?;
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '@' && c != ',' && c != ';';
    let fits = (1..=64).contains(&name.len())
        && text.len() <= MAX_BYTES
        && host.split('.').count() > 1
        && host.split('.').all(|label| !label.is_empty())
        && text.chars().filter(|c| *c != '@').all(plain)
        && text.matches('@').count() == 1;
    fits.then(|| text.to_lowercase()).filter(|lower| lower.len() <= MAX_BYTES)
}

fn external(text: &str) -> Option<String> {
    let (system, id) = text.split_once(':')?;
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    let fits = (1..=32).contains(&system.len())
        && system.bytes().all(word)
        && (1..=200).contains(&id.len())
        && id.bytes().all(|b| matches!(b, b'!'..=b'~'));
    fits.then(|| text.to_owned())
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.value)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({})", self.kind.as_str())
    }
}

impl std::str::FromStr for Handle {
    type Err = InvalidHandle;
    fn from_str(text: &str) -> Result<Self, InvalidHandle> {
        Self::parse(text)
    }
}

as_text!(Handle, InvalidHandle);
