//! The business's own fields: which there are, and what their values may be.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::facts::learn;
use super::{Contact, Known, LastCall, MAX_SUMMARY, Mistake, Source, cut, is_words};
use crate::as_text::as_text;
use crate::ids::InvalidId;
use crate::insight::{Extracted, Summary};
use crate::{CallSid, Speaker, Timestamp};

/// The most fields of a business.
const MAX_FIELDS: usize = 50;
/// The most words among which a value is chosen.
const MAX_OPTIONS: usize = 100;
/// The longest value, characters.
const MAX_VALUE: usize = 1_000;
/// The field of a call's insights that is the caller's name.
const NAME_FIELD: &str = "name";

/// The key of a field: 1 to 40 lower-case letters, digits and underscores, a letter first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FieldKey(String);

impl FieldKey {
    /// Accepts 1 to 40 of a-z, 0-9 and `_`, a letter first.
    ///
    /// # Errors
    /// [`InvalidId`].
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let rest = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let fits =
            text.len() <= 40 && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(rest);
        let expected = "1 to 40 of a-z, 0-9 and '_', a letter first";
        fits.then(|| Self(text.to_owned())).ok_or(InvalidId { kind: "key of a field", expected })
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for FieldKey {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::parse(text)
    }
}

as_text!(FieldKey, InvalidId);

/// What a field's values are.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumString, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A decimal number.
    Number,
    /// A day, `2026-11-26`.
    Date,
    /// A moment, milliseconds of UTC; written as RFC 3339.
    Datetime,
    /// Yes or no.
    Bool,
    /// One of the field's words.
    Select,
    /// Some of the field's words.
    Multiselect,
    /// An address of the web.
    Url,
}

impl FieldKind {
    /// Every kind.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether the field has words to choose from.
    pub const fn has_options(self) -> bool {
        matches!(self, Self::Select | Self::Multiselect)
    }
}

/// A field that a business has for its contacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldSpec {
    /// Its key, for programs; never changes.
    pub key: FieldKey,
    /// What people call it.
    pub label: String,
    /// What its values are.
    pub kind: FieldKind,
    /// The words to choose from, of a field that has them.
    #[serde(default)]
    pub options: Vec<String>,
    /// Whether the agent is told the value. Without a word it is not.
    #[serde(default)]
    pub agent_readable: bool,
    /// Whether a call may fill it in. Without a word it may not.
    #[serde(default)]
    pub agent_writable: bool,
}

/// All fields of a business, in the order in which they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FieldSchema {
    /// The fields.
    #[serde(default)]
    pub fields: Vec<FieldSpec>,
}

impl FieldSchema {
    /// The field of this key.
    pub fn field(&self, key: &str) -> Option<&FieldSpec> {
        self.fields.iter().find(|field| field.key.as_str() == key)
    }

    /// Everything that cannot be so.
    pub fn mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = vec![];
        if self.fields.len() > MAX_FIELDS {
            mistakes.push(("fields", "length", format!("give {MAX_FIELDS} fields at most")));
        }
        let mut keys = BTreeSet::new();
        for field in &self.fields {
            let key = &field.key;
            if !keys.insert(key) {
                mistakes.push((
                    "fields",
                    "repeated",
                    format!("`{key}` is there twice: each field needs a key of its own"),
                ));
            }
            if !is_words(&field.label) {
                mistakes.push((
                    "fields",
                    "length",
                    format!("give `{key}` a label of 1 to 100 characters in one line"),
                ));
            }
            let distinct: BTreeSet<&String> = field.options.iter().collect();
            let good = match field.kind.has_options() {
                true => {
                    (1..=MAX_OPTIONS).contains(&field.options.len())
                        && distinct.len() == field.options.len()
                        && field.options.iter().all(|option| is_words(option))
                }
                false => field.options.is_empty(),
            };
            if !good {
                let detail = match field.kind.has_options() {
                    true => {
                        format!("give `{key}` 1 to {MAX_OPTIONS} different options of 1 to 100 characters")
                    }
                    false => format!("`{key}` is a {}: leave out its options", field.kind.as_str()),
                };
                mistakes.push(("fields", "options", detail));
            }
        }
        mistakes
    }

    /// What the agent is told of a contact's fields: label and value of those that are marked so.
    pub fn told<'a>(&'a self, contact: &'a Contact) -> impl Iterator<Item = (&'a str, String)> {
        let readable = self.fields.iter().filter(|field| field.agent_readable);
        readable.filter_map(|field| {
            let known = contact.fields.get(&field.key).filter(|known| known.value.kind() == field.kind)?;
            Some((field.label.as_str(), known.value.words()))
        })
    }
}

/// A value as it came in, before its field's kind is known.
#[derive(Clone, PartialEq, Eq)]
pub enum Raw {
    /// A text.
    Text(String),
    /// A number, by its digits.
    Number(String),
    /// Yes or no.
    Flag(bool),
    /// Several texts.
    Many(Vec<String>),
}

/// A value of a field.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldValue {
    /// Any text.
    Text(String),
    /// A decimal number, by its digits: no figure of a business is rounded.
    Number(String),
    /// A day.
    Date(Date),
    /// A moment.
    Datetime(Timestamp),
    /// Yes or no.
    Bool(bool),
    /// One of the field's words.
    Select(String),
    /// Some of the field's words.
    Multiselect(BTreeSet<String>),
    /// An address of the web.
    Url(String),
}

impl fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FieldValue({})", self.kind().as_str())
    }
}

/// The value is not of the field's kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotThatKind(pub String);

impl FieldValue {
    /// Reads a value of a field.
    ///
    /// # Errors
    /// [`NotThatKind`], which says what the field takes.
    pub fn read(field: &FieldSpec, raw: Raw) -> Result<Self, NotThatKind> {
        let wanted = |what: &str| NotThatKind(format!("`{}` takes {what}", field.key));
        let one_of = || wanted(&format!("one of: {}", field.options.join(", ")));
        match (field.kind, raw) {
            (FieldKind::Text, Raw::Text(text)) => {
                let text = text.trim();
                let fits = !text.is_empty() && text.chars().count() <= MAX_VALUE;
                fits.then(|| Self::Text(text.to_owned()))
                    .ok_or_else(|| wanted("a text of 1 to 1000 characters"))
            }
            (FieldKind::Number, Raw::Number(digits) | Raw::Text(digits)) => decimal(&digits)
                .map(Self::Number)
                .ok_or_else(|| wanted("a number of 15 digits, and 6 behind the point, at most")),
            (FieldKind::Date, Raw::Text(text)) => {
                text.trim().parse().map(Self::Date).map_err(|_| wanted("a day, such as `2026-11-26`"))
            }
            (FieldKind::Datetime, Raw::Text(text)) => {
                let moment: Result<jiff::Timestamp, _> = text.trim().parse();
                let moment = moment.map(|at| Self::Datetime(Timestamp(at.as_millisecond())));
                moment.map_err(|_| wanted("a moment with its zone, such as `2026-11-26T10:30:00Z`"))
            }
            (FieldKind::Bool, Raw::Flag(flag)) => Ok(Self::Bool(flag)),
            (FieldKind::Select, Raw::Text(text)) => {
                let option = field.options.iter().find(|option| **option == text);
                option.cloned().map(Self::Select).ok_or_else(one_of)
            }
            (FieldKind::Multiselect, Raw::Many(texts)) => {
                let known = texts.iter().all(|text| field.options.contains(text));
                known
                    .then(|| Self::Multiselect(texts.into_iter().collect()))
                    .ok_or_else(|| wanted(&format!("a list of some of: {}", field.options.join(", "))))
            }
            (FieldKind::Url, Raw::Text(text)) => {
                let text = text.trim();
                let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
                let fits = rest.is_some_and(|rest| !rest.is_empty())
                    && text.chars().count() <= MAX_VALUE
                    && !text.chars().any(|c| c.is_whitespace() || c.is_control());
                fits.then(|| Self::Url(text.to_owned()))
                    .ok_or_else(|| wanted("an address that begins with `https://`"))
            }
            (FieldKind::Bool, _) => Err(wanted("`true` or `false`")),
            (FieldKind::Number, _) => Err(wanted("a number")),
            (FieldKind::Select, _) => Err(one_of()),
            (FieldKind::Multiselect, _) => Err(wanted("a list of texts")),
            (FieldKind::Text | FieldKind::Date | FieldKind::Datetime | FieldKind::Url, _) => {
                Err(wanted("a text"))
            }
        }
    }

    /// Its kind.
    pub const fn kind(&self) -> FieldKind {
        match self {
            Self::Text(_) => FieldKind::Text,
            Self::Number(_) => FieldKind::Number,
            Self::Date(_) => FieldKind::Date,
            Self::Datetime(_) => FieldKind::Datetime,
            Self::Bool(_) => FieldKind::Bool,
            Self::Select(_) => FieldKind::Select,
            Self::Multiselect(_) => FieldKind::Multiselect,
            Self::Url(_) => FieldKind::Url,
        }
    }

    /// The value in words, as it is told to the agent and written into files.
    pub fn words(&self) -> String {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Select(text) | Self::Url(text) => text.clone(),
            Self::Date(day) => day.to_string(),
            Self::Datetime(at) => {
                jiff::Timestamp::from_millisecond(at.0).map(|at| at.to_string()).unwrap_or_default()
            }
            Self::Bool(flag) => if *flag { "yes" } else { "no" }.to_owned(),
            Self::Multiselect(texts) => texts.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
        }
    }
}

/// A decimal number in its one form: no `+`, no zeros that say nothing, no `-0`.
fn decimal(text: &str) -> Option<String> {
    let text = text.trim();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(part) || digits.ends_with('.') {
        return None;
    }
    let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
    if whole.len() > 15 || part.len() > 6 {
        return None;
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let number = if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") };
    Some(if number == "0" { number } else { format!("{sign}{number}") })
}

impl Contact {
    /// Takes over what a call came to: its summary, the caller's name, and the fields that a call may fill in, each only
    /// where nothing is known or where it is less certain. Doing it again changes nothing. `false`: nothing changed.
    pub fn learn_from_call(
        &mut self,
        (call, began_at): (&CallSid, Timestamp),
        summary: Option<&Summary>,
        extraction: &[Extracted],
        schema: &FieldSchema,
    ) -> bool {
        let mut changed = false;
        for fact in extraction {
            let said = |value: String| Known::said(value, call, fact.confidence, &fact.quote, began_at);
            if fact.name == NAME_FIELD {
                // The agent's own words may repeat what it was told of another person.
                let by_caller = fact.said_by != Some(Speaker::Agent);
                if by_caller && is_words(&fact.value) {
                    changed |= self.call_it(said(fact.value.trim().to_owned()));
                }
                continue;
            }
            let Some(field) = schema.field(&fact.name).filter(|field| field.agent_writable) else { continue };
            let Ok(value) = FieldValue::read(field, spoken(field.kind, &fact.value)) else { continue };
            let known = said(String::new());
            let known = Known {
                value,
                source: Source::Call,
                at: known.at,
                confidence: known.confidence,
                call: known.call,
                quote: known.quote,
            };
            let mut standing = self.fields.remove(&field.key);
            changed |= learn(&mut standing, known);
            if let Some(standing) = standing {
                self.fields.insert(field.key.clone(), standing);
            }
        }
        let later = |last: &LastCall| (last.at, &last.call) < (began_at, call) || last.call == *call;
        if let Some(summary) = summary.filter(|_| self.last_call.as_ref().is_none_or(later)) {
            let last = LastCall { call: call.clone(), at: began_at, summary: in_short(summary) };
            changed |= self.last_call.as_ref() != Some(&last);
            self.last_call = Some(last);
        }
        changed
    }
}

/// What was said, as a value that comes in: calls have texts alone.
fn spoken(kind: FieldKind, text: &str) -> Raw {
    match kind {
        FieldKind::Bool => Raw::Flag(matches!(crate::text::folded(text).as_str(), "yes" | "true")),
        FieldKind::Multiselect => Raw::Many(text.split(',').map(|part| part.trim().to_owned()).collect()),
        _ => Raw::Text(text.to_owned()),
    }
}

/// A summary as one line.
fn in_short(summary: &Summary) -> String {
    let next = summary.next_step.as_deref().map(|next| format!(" Next: {next}")).unwrap_or_default();
    cut(&format!("{}: {} {}{next}", summary.topic, summary.details, summary.outcome), MAX_SUMMARY)
}
