//! Stored documents that people write by hand: what was written is compared with what was understood of it.
//!
//! A field that is misspelt reads like one that is not there, so `consnet` would let callers be recorded who hear no
//! notice. A document that is about to be stored is refused for such a field ([`settings`]). One that is
//! stored already is read all the same, since a call is waiting: every such field is logged and counted, and what
//! depends on it is taken in the way that harms no one ([`Settings::with_unknown`]).

mod lenient;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use domain::numbers::OwnNumber;
use domain::{Business, BusinessId, Revision, Settings};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use self::lenient::Read;
use super::BODY;
use crate::StoreError;
use crate::item::Row;
use platform::telemetry::{Unit, metric};

/// Fields of one document that are named; there is no use for more.
const MAX_UNKNOWN: usize = 20;
/// The longest name that is repeated in a log line or an error.
const MAX_NAME_CHARS: usize = 60;
/// Documents that are remembered as reported. More of them are reported again.
const MAX_REPORTED: usize = 1_000;

/// A field that no version of the code that runs here knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// Where it stands: `policies.consnet`, `tools.http[0].onec`.
    pub path: String,
    /// The field that is meant, as far as can be guessed.
    pub meant: Option<String>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a field", self.path)?;
        match &self.meant {
            Some(meant) => write!(f, ": did you mean `{meant}`?"),
            None => Ok(()),
        }
    }
}

/// Why a document is not stored.
#[derive(Debug, thiserror::Error)]
pub enum InvalidDocument {
    /// Not JSON, or not of the shape. The value itself is not repeated.
    #[error("`{path}`: {reason}")]
    Shape {
        /// Where in the document.
        path: String,
        /// What is wrong there, without the value.
        reason: String,
    },
    /// Keys that settings do not have.
    #[error("{}", .0.iter().map(Unknown::to_string).collect::<Vec<_>>().join("; "))]
    Unknown(Vec<Unknown>),
}

/// Settings as they are stored, with the fields of the document that are not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// As far as they are understood.
    pub settings: Settings,
    /// What is not.
    pub unknown: Vec<Unknown>,
}

impl Written {
    /// The settings, if nothing of them would be lost.
    ///
    /// # Errors
    /// [`InvalidDocument::Unknown`].
    pub fn whole(self) -> Result<Settings, InvalidDocument> {
        if self.unknown.is_empty() { Ok(self.settings) } else { Err(InvalidDocument::Unknown(self.unknown)) }
    }
}

/// Reads settings from a JSON document before they are stored.
///
/// # Errors
/// [`InvalidDocument`], with the path of what is wrong.
pub fn settings(json: &str) -> Result<Settings, InvalidDocument> {
    let given: Value = serde_json::from_str(json).map_err(|error| shape("", error))?;
    let Read { value, mut unknown } = lenient::read::<Settings>(&given);
    if !unknown.is_empty() {
        if let Ok(value) = value {
            misplaced(&mut unknown, &value);
        }
        return Err(InvalidDocument::Unknown(unknown));
    }
    let value = value.map_err(|error| shape(&error.path().to_string(), error.inner()))?;
    // A field that is there twice is one of the values that were read.
    if let Err(error) =
        serde_path_to_error::deserialize::<_, Settings>(&mut serde_json::Deserializer::from_str(json))
    {
        return Err(shape(&error.path().to_string(), error.inner()));
    }
    match serde_json::to_value(&value).ok().and_then(|read| written_before(&given, &read, "")) {
        Some((path, now)) => Err(shape(&path, format_args!("write this length of time as `{now}`"))),
        None => Ok(value),
    }
}

fn shape(path: &str, reason: impl fmt::Display) -> InvalidDocument {
    let path = if path == "." { "" } else { path };
    InvalidDocument::Shape { path: path.to_owned(), reason: reason.to_string() }
}

/// A length of time in the form in which it is stored no more, by its path and as it is written now.
fn written_before(given: &Value, read: &Value, path: &str) -> Option<(String, String)> {
    match (given, read) {
        (Value::Object(_), Value::String(now)) => Some((path.to_owned(), now.clone())),
        (Value::Object(given), Value::Object(read)) => {
            given.iter().find_map(|(name, value)| written_before(value, read.get(name)?, &below(path, name)))
        }
        (Value::Array(given), Value::Array(read)) => {
            let mut pairs = given.iter().zip(read).enumerate();
            pairs.find_map(|(index, (given, read))| written_before(given, read, &format!("{path}[{index}]")))
        }
        _ => None,
    }
}

/// A document that is stored, and what is not understood of it.
fn stored<T: DeserializeOwned>(row: &Row) -> Result<(T, Vec<Unknown>), StoreError> {
    let given: Value = row.json(BODY)?;
    let Read { value, unknown } = lenient::read::<T>(&given);
    Ok((value.map_err(|_| row.corrupt(BODY))?, unknown))
}

/// A stored profile. A field that is not understood changes nothing and is reported.
pub(super) fn stored_profile(row: &Row) -> Result<Business, StoreError> {
    let (profile, unknown) = stored::<Business>(row)?;
    report(&profile.id, None, &profile, unknown);
    Ok(profile)
}

/// A stored number of a business. What is not understood of it changes nothing.
pub(super) fn stored_number(row: &Row) -> Result<OwnNumber, StoreError> {
    Ok(stored(row)?.0)
}

/// Stored settings, with whatever is not understood of them reported and made harmless.
pub(super) fn stored_settings(row: &Row, business: &BusinessId) -> Result<Settings, StoreError> {
    let (settings, unknown) = stored::<Settings>(row)?;
    let paths: Vec<String> = unknown.iter().map(|field| field.path.clone()).collect();
    report(business, Some(settings.revision), &settings, unknown);
    Ok(settings.with_unknown(paths.iter().map(String::as_str)))
}

/// Stored settings for the people who work on them: nothing is made harmless.
pub(super) fn written(row: &Row) -> Result<Written, StoreError> {
    let (settings, mut unknown) = stored::<Settings>(row)?;
    misplaced(&mut unknown, &settings);
    Ok(Written { settings, unknown })
}

/// Whether a stored revision is exactly these settings, with nothing besides.
pub(super) fn is(row: &Row, settings: &Settings) -> Result<bool, StoreError> {
    // Compared as values: a later version of the code may spell the same settings differently.
    let (stored, unknown) = stored::<Settings>(row)?;
    Ok(stored == *settings && unknown.is_empty())
}

/// Once in a process for each document: they are read for every call.
fn report<T: Serialize>(
    business: &BusinessId,
    revision: Option<Revision>,
    read: &T,
    mut unknown: Vec<Unknown>,
) {
    static REPORTED: Mutex<BTreeSet<(String, Option<u32>)>> = Mutex::new(BTreeSet::new());
    if unknown.is_empty() {
        return;
    }
    let document = (business.as_str().to_owned(), revision.map(|revision| revision.0));
    let mut reported = REPORTED.lock().unwrap_or_else(PoisonError::into_inner);
    if reported.len() >= MAX_REPORTED {
        reported.clear();
    }
    if !reported.insert(document) {
        return;
    }
    drop(reported);
    misplaced(&mut unknown, read);
    let kind = if revision.is_some() { "settings" } else { "profile" };
    metric("SettingsNotUnderstood", 1.0, Unit::Count, &[("Document", kind)]);
    for field in unknown {
        tracing::warn!(
            business = business.as_str(),
            revision = revision.map(|revision| revision.0),
            document = kind,
            field = field.path,
            meant = field.meant,
            "a stored field is not understood"
        );
    }
}

/// Names the place of a field that was put into the wrong one.
fn misplaced<T: Serialize>(unknown: &mut [Unknown], read: &T) {
    let mut strange = unknown.iter_mut().filter(|field| field.meant.is_none()).peekable();
    if strange.peek().is_none() {
        return;
    }
    let Ok(tree) = serde_json::to_value(read) else { return };
    for field in strange {
        let name = field.path.rsplit('.').next().unwrap_or_default();
        field.meant = elsewhere(name, &tree, "");
    }
}

/// The path of a field. A name that could be taken for more than one stands in brackets.
fn below(path: &str, name: &str) -> String {
    match name.contains(['.', '[', ']']) {
        true => format!("{path}[{name}]"),
        false if path.is_empty() => name.to_owned(),
        false => format!("{path}.{name}"),
    }
}

/// The field whose name differs in a letter or two, or in a third of a long name.
fn nearest<'a>(name: &str, fields: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    fields
        .map(|field| (strsim::osa_distance(&name.to_lowercase(), field), field))
        .filter(|(distance, field)| *distance <= 2.max(field.chars().count() / 3))
        .min()
        .map(|(_, field)| field)
}

/// Where a field of this very name stands, for one that was put into the wrong place.
fn elsewhere(name: &str, tree: &Value, path: &str) -> Option<String> {
    let fields = tree.as_object()?;
    if fields.contains_key(name) {
        return Some(below(path, name));
    }
    fields.iter().find_map(|(field, value)| elsewhere(name, value, &below(path, field)))
}

#[cfg(test)]
mod tests;
