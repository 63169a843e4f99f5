//! Stored documents that people write by hand: what was written is compared with what was understood of it.
//!
//! A field that is misspelt reads like one that is not there, so `consnet` would let callers be recorded who hear no
//! notice. A document that is about to be stored is refused for such a field ([`settings`], [`profile`]). One that is
//! stored already is read all the same, since a call is waiting: every such field is logged and counted, and what
//! depends on it is taken in the way that harms no one ([`Settings::with_unknown`]).

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use domain::{Business, BusinessId, Revision, Settings};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

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
            Some(meant) => write!(f, ": is `{meant}` meant?"),
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

/// Reads settings from a JSON document before they are stored.
///
/// # Errors
/// [`InvalidDocument`], with the path of what is wrong.
pub fn settings(json: &str) -> Result<Settings, InvalidDocument> {
    whole(json)
}

/// Reads a profile from a JSON document before it is stored.
///
/// # Errors
/// [`InvalidDocument`], with the path of what is wrong.
pub fn profile(json: &str) -> Result<Business, InvalidDocument> {
    whole(json)
}

fn whole<T: DeserializeOwned + Serialize>(json: &str) -> Result<T, InvalidDocument> {
    let value: T =
        serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(json)).map_err(|error| {
            InvalidDocument::Shape { path: error.path().to_string(), reason: error.inner().to_string() }
        })?;
    let unknown = unknown_in(json, &value);
    if unknown.is_empty() { Ok(value) } else { Err(InvalidDocument::Unknown(unknown)) }
}

/// A stored profile. A field that is not understood changes nothing and is reported.
pub(super) fn stored_profile(row: &Row) -> Result<Business, StoreError> {
    let profile: Business = row.json(BODY)?;
    report(&profile.id, None, &unknown_in(row.text(BODY)?, &profile));
    Ok(profile)
}

/// Stored settings, with whatever is not understood of them reported and made harmless.
pub(super) fn stored_settings(row: &Row, business: &BusinessId) -> Result<Settings, StoreError> {
    let settings: Settings = row.json(BODY)?;
    let unknown = unknown_in(row.text(BODY)?, &settings);
    report(business, Some(settings.revision), &unknown);
    Ok(settings.with_unknown(unknown.iter().map(|field| field.path.as_str())))
}

/// Whether a stored revision is exactly these settings, with nothing besides.
pub(super) fn is(row: &Row, settings: &Settings) -> Result<bool, StoreError> {
    // Compared as values: a later version of the code may spell the same settings differently.
    let stored: Settings = row.json(BODY)?;
    Ok(stored == *settings && unknown_in(row.text(BODY)?, &stored).is_empty())
}

/// Once in a process for each document: they are read for every call.
fn report(business: &BusinessId, revision: Option<Revision>, unknown: &[Unknown]) {
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

/// Everything in `json` that is not in what was read from it. The types that are stored write each of their fields,
/// so a field that does not come back was not understood.
fn unknown_in<T: Serialize>(json: &str, read: &T) -> Vec<Unknown> {
    let (Ok(given), Ok(understood)) = (serde_json::from_str::<Value>(json), serde_json::to_value(read))
    else {
        return vec![];
    };
    let mut found = vec![];
    compare(&given, &understood, &understood, "", &mut found);
    found
}

fn compare(given: &Value, understood: &Value, root: &Value, path: &str, found: &mut Vec<Unknown>) {
    match (given, understood) {
        (Value::Object(given), Value::Object(fields)) => {
            for (name, value) in given {
                match fields.get(name) {
                    Some(field) => compare(value, field, root, &below(path, name), found),
                    None if found.len() < MAX_UNKNOWN => {
                        let free = fields.keys().filter(|field| given.get(*field).is_none_or(Value::is_null));
                        let meant = nearest(name, free).map(|near| below(path, near));
                        let meant = meant.or_else(|| elsewhere(name, root, ""));
                        let name: String = name.chars().take(MAX_NAME_CHARS).collect();
                        found.push(Unknown { path: below(path, &name), meant });
                    }
                    None => {}
                }
            }
        }
        (Value::Array(given), Value::Array(understood)) => {
            for (index, (given, understood)) in given.iter().zip(understood).enumerate() {
                compare(given, understood, root, &format!("{path}[{index}]"), found);
            }
        }
        _ => {}
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// The field whose name differs in a letter or two, or in a third of a long name.
fn nearest<'a>(name: &str, fields: impl Iterator<Item = &'a String>) -> Option<&'a str> {
    fields
        .map(|field| (strsim::osa_distance(&name.to_lowercase(), field), field.as_str()))
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
