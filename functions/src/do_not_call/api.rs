//! The requests and answers about numbers that are not called.

use domain::do_not_call::Source;
use serde::{Deserialize, Serialize};
use stores::do_not_call::{Entry, MAX_REASON_CHARS};
use utoipa::{IntoParams, ToSchema};

use crate::edge::api::schema;
use crate::edge::problem::Problem;
use crate::shared::shapes::Time;

/// The query of the list. Unknown parameters are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListEntries {
    /// Entries on one page, 1 to 100; 25 without it.
    #[param(minimum = 1, maximum = 100, default = 25, nullable = false)]
    pub(super) limit: Option<u16>,
    /// `next` of the page before.
    #[param(value_type = Option<schema::Cursor>, nullable = false)]
    pub(super) cursor: Option<String>,
}

/// Why a number is put on the list.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDoNotCallEntry, example = json!({ "reason": "asked not to be called" }))]
pub(super) struct Listing {
    /// In the business's words.
    #[serde(default)]
    #[schema(max_length = 200)]
    reason: Option<String>,
}

impl Listing {
    pub(super) fn reason(self) -> Result<Option<String>, Problem> {
        let reason = self.reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
        match reason {
            Some(long) if long.chars().count() > MAX_REASON_CHARS => {
                let detail = format!("give {MAX_REASON_CHARS} characters at most");
                Err(Problem::invalid("/reason", "length", detail))
            }
            reason => Ok(reason),
        }
    }
}

/// A number that is not called.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DoNotCallEntry)]
pub(super) struct EntryView {
    #[schema(value_type = schema::E164)]
    number: String,
    /// Since when it is on the list.
    since: Time,
    /// Why, in the words of the business, or of the agent that heard it.
    reason: Option<String>,
    /// Through what it came to be on the list; null: it has been there since before that was kept.
    #[schema(value_type = Option<schema::DoNotCallSourceWord>)]
    source: Option<Source>,
    /// The call in which the person asked for it; null for another source, or after the person was erased.
    #[schema(value_type = Option<schema::CallSid>)]
    call: Option<String>,
}

impl EntryView {
    pub(super) fn new(entry: &Entry) -> Self {
        Self {
            number: entry.number.as_e164().to_owned(),
            since: Time(entry.since),
            reason: entry.reason.clone(),
            source: entry.source,
            call: entry.call.as_ref().map(|call| call.as_str().to_owned()),
        }
    }
}

/// Numbers that are not called, the lowest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DoNotCallList)]
pub(super) struct EntryList {
    numbers: Vec<EntryView>,
    /// The cursor of the next page; null on the last one.
    #[schema(value_type = Option<schema::Cursor>)]
    next: Option<String>,
}

impl EntryList {
    pub(super) fn new(entries: &[Entry], next: Option<String>) -> Self {
        Self { numbers: entries.iter().map(EntryView::new).collect(), next }
    }
}
