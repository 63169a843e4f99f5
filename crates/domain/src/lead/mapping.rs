//! Where in what is sent the parts of a contact stand.
//!
//! A body is a list of [leaves](Leaf): texts with the way that leads to each, whether it came as JSON or as a form. A source's
//! mapping names ways; without one the parts are known by the names that forms give them, in several languages. A name that may
//! mean anything, such as `name`, counts only where nothing says that it is not the person's.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::names::{CONTAINERS, VALUE_WORDS, by_name};
use crate::as_text::as_text;
use crate::contact::sheet::{Column, bare};
use crate::contact::{FieldSchema, HandleKind};

/// The most ways of one part.
pub const MAX_PATHS: usize = 10;
/// The longest way, characters.
pub const MAX_PATH: usize = 200;

/// A part of a lead.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    /// Something that is known of the contact.
    Column(Column),
    /// What the person wrote.
    Message,
    /// Whether the person ticked that they consent.
    Consent,
}

/// A text that names no part of a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a part of a lead: give `name`, `first_name`, `last_name`, `phone`, `email`, `external`, `language`, `time_zone`, \
     `company`, `message`, `consent` or `field.` and the key of a field"
)]
pub struct UnknownTarget;

impl Target {
    /// Reads the name of a part. What a stranger's form must not say, such as which member looks after the contact, is no part.
    ///
    /// # Errors
    /// [`UnknownTarget`].
    pub fn parse(text: &str) -> Result<Self, UnknownTarget> {
        match text {
            "message" => Ok(Self::Message),
            "consent" => Ok(Self::Consent),
            _ => Column::parse(text).filter(may_be_told).map(Self::Column).ok_or(UnknownTarget),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(column) => write!(f, "{column}"),
            Self::Message => f.write_str("message"),
            Self::Consent => f.write_str("consent"),
        }
    }
}

impl std::str::FromStr for Target {
    type Err = UnknownTarget;
    fn from_str(text: &str) -> Result<Self, UnknownTarget> {
        Self::parse(text)
    }
}

as_text!(Target, UnknownTarget);

/// Whether a stranger's form may say it.
pub(super) fn may_be_told(column: &Column) -> bool {
    match column {
        Column::Name
        | Column::FirstName
        | Column::LastName
        | Column::Handle(HandleKind::Phone | HandleKind::Email | HandleKind::External)
        | Column::Language
        | Column::TimeZone
        | Column::Company
        | Column::Field(_) => true,
        Column::Id
        | Column::Handle(HandleKind::Whatsapp | HandleKind::WhatsappParent)
        | Column::NamePolicy
        | Column::Tags
        | Column::Owner
        | Column::Status => false,
    }
}

/// A way to a text in what is sent: names and places, such as `contact.phone`, `answers[0].value` or `fields[email]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FieldPath(pub(super) Vec<String>);

/// A text that is no way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a way to a field: give one such as `contact.phone` or `answers[0].value`, 200 characters at most"
)]
pub struct InvalidPath;

impl FieldPath {
    /// The way to the whole body.
    pub const fn root() -> Self {
        Self(vec![])
    }

    /// The way to what has this name there. A name with dots or brackets is parted there, as a mapping reads it.
    #[must_use]
    pub fn then(&self, name: &str) -> Self {
        Self(self.0.iter().cloned().chain(Self::read(name).0).collect())
    }

    /// The way to what has this place in the list there.
    #[must_use]
    pub fn at(&self, place: usize) -> Self {
        Self(self.0.iter().cloned().chain([place.to_string()]).collect())
    }

    /// Reads a way.
    ///
    /// # Errors
    /// [`InvalidPath`].
    pub fn parse(text: &str) -> Result<Self, InvalidPath> {
        if text.chars().count() > MAX_PATH || text.chars().any(char::is_control) {
            return Err(InvalidPath);
        }
        let path = Self::read(text);
        if path.0.is_empty() { Err(InvalidPath) } else { Ok(path) }
    }

    /// The parts of a name as forms write them: whatever it is, it leads somewhere.
    pub fn read(text: &str) -> Self {
        let parts = text.trim().split('.').flat_map(|part| {
            let (name, places) = part.split_once('[').unwrap_or((part, ""));
            let places = places.split('[').map(|place| place.trim_end_matches(']').trim());
            let places: Vec<String> = places.map(str::to_owned).collect();
            std::iter::once(name.trim().to_owned()).chain(places)
        });
        // `a[]` is a list of one.
        Self(parts.filter(|part| !part.is_empty()).collect())
    }

    /// The name that tells what stands there: the last one that is no place in a list and no word for a value.
    pub(super) fn header(&self) -> Option<(usize, &str)> {
        let is_name =
            |segment: &&String| !is_place(segment) && !VALUE_WORDS.contains(&bare(segment).as_str());
        let at = self.0.iter().rposition(|segment| is_name(&segment))?;
        Some((at, self.0.get(at)?))
    }

    /// Whether nothing in front of the name says that what stands there is not the person's.
    pub(super) fn is_of_person(&self, header: usize) -> bool {
        let before = self.0.iter().take(header).filter(|segment| !is_place(segment));
        let of_person = |segment: &String| CONTAINERS.contains(&bare(segment).as_str());
        before.into_iter().all(of_person)
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.iter().enumerate() {
            match (index, is_place(segment)) {
                (_, true) => write!(f, "[{segment}]")?,
                (0, false) => f.write_str(segment)?,
                (_, false) => write!(f, ".{segment}")?,
            }
        }
        Ok(())
    }
}

impl std::str::FromStr for FieldPath {
    type Err = InvalidPath;
    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        Self::parse(text)
    }
}

as_text!(FieldPath, InvalidPath);

pub(super) fn is_place(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_digit())
}

/// A text in what was sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The way to it.
    pub path: FieldPath,
    /// What it says.
    pub text: String,
}

// It speaks of a person.
impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaf").field("path", &self.path).finish_non_exhaustive()
    }
}

/// For each part the ways to it, of which the first that leads to something counts. Without any the parts are known by their names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mapping(pub BTreeMap<Target, Vec<FieldPath>>);

/// What stands for the parts of a lead, with the way to each.
pub type Picked<'a> = BTreeMap<Target, (&'a str, String)>;

impl Mapping {
    /// The parts of what was sent. `leaves` are those that [`named`](super::names::named) gives.
    pub fn pick<'a>(&self, leaves: &'a [Leaf], schema: &FieldSchema) -> Picked<'a> {
        if self.0.is_empty() { by_name(leaves, schema) } else { self.by_path(leaves) }
    }

    fn by_path<'a>(&self, leaves: &'a [Leaf]) -> Picked<'a> {
        let said = |path: &FieldPath| leaves.iter().find(|leaf| leaf.path == *path && says(leaf));
        let part = |(target, paths): (&Target, &Vec<FieldPath>)| {
            let leaf = paths.iter().find_map(said)?;
            Some((target.clone(), (leaf.text.as_str(), leaf.path.to_string())))
        };
        self.0.iter().filter_map(part).collect()
    }
}

/// Whether there is anything in it.
pub(super) fn says(leaf: &Leaf) -> bool {
    !leaf.text.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(path: &str, text: &str) -> Leaf {
        Leaf { path: FieldPath::read(path), text: text.to_owned() }
    }

    #[test]
    fn a_way_is_read_and_written_alike() {
        for (text, written) in [
            ("phone", "phone"),
            ("contact.phone", "contact.phone"),
            ("answers[0].value", "answers[0].value"),
            ("answers.0.value", "answers[0].value"),
            ("fields[email][value]", "fields.email.value"),
            ("tags[]", "tags"),
            (" Full Name ", "Full Name"),
        ] {
            let path = FieldPath::parse(text).unwrap();
            assert_eq!(path.to_string(), written);
            assert_eq!(FieldPath::parse(written), Ok(path), "{text}");
        }
        for bad in ["", " ", ".", "[]", "a\nb", &"x".repeat(201)] {
            assert_eq!(FieldPath::parse(bad), Err(InvalidPath), "{bad}");
        }
    }

    #[test]
    fn what_strangers_must_not_say_is_no_part() {
        for good in ["phone", "field.city", "message", "consent", "first_name"] {
            assert_eq!(Target::parse(good).unwrap().to_string(), good);
        }
        for bad in ["owner", "status", "tags", "id", "name_policy", "whatsapp", "Phone", ""] {
            assert_eq!(Target::parse(bad), Err(UnknownTarget), "{bad}");
        }
    }

    #[test]
    fn a_mapping_is_whole_and_takes_the_first_way_that_leads_somewhere() {
        let paths = |all: &[&str]| all.iter().map(|path| FieldPath::parse(path).unwrap()).collect::<Vec<_>>();
        let mapping = Mapping(BTreeMap::from([
            (Target::parse("phone").unwrap(), paths(&["contact.mobile", "answers[1].value"])),
            (Target::Message, paths(&["missing"])),
        ]));
        let leaves =
            [leaf("contact.mobile", " "), leaf("answers[1].value", "+12025550143"), leaf("email", "d@x.org")];
        let picked = mapping.pick(&leaves, &FieldSchema::default());
        let phone = (Target::parse("phone").unwrap(), ("+12025550143", "answers[1].value".to_owned()));
        assert_eq!(picked.into_iter().collect::<Vec<_>>(), [phone]);
    }
}
