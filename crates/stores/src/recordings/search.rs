//! The search for the recording of a call of which nothing was heard: a row of its own beside those of recordings, so
//! that a recording that comes after all is announced as any other.

use domain::recording::{ARCHIVE_WITHIN, Due, NotRecorded, Search};
use domain::{CallSid, Timestamp};

use super::row::{CALL, DUE, DUE_AT, REASON, STATE, SWEEPS};
use super::{ABOUT_RECORDINGS, Writer, partition};
use crate::StoreError;
use crate::item::{Draft, Row, text};
use crate::table::{Key, SK};

const OPEN: &str = "open";
const OVER: &str = "over";
const FOUND: &str = "found";

pub(super) fn key(call: &CallSid) -> Key {
    Key::new(partition(call), ABOUT_RECORDINGS)
}

pub(super) fn is_search(row: &Row) -> Result<bool, StoreError> {
    Ok(row.text(SK)? == ABOUT_RECORDINGS)
}

pub(super) fn search(row: &Row) -> Result<Search, StoreError> {
    match row.text(STATE)? {
        OPEN => Ok(Search::Open),
        FOUND => Ok(Search::Found),
        OVER => row.parsed(REASON, |word| NotRecorded::parse(word).ok_or(())).map(Search::Over),
        _ => Err(row.corrupt(STATE)),
    }
}

impl Writer {
    /// Writes down that Twilio is to be asked, before it is: should that fail however often, the sweep asks again. A
    /// search that was begun or ended before stays as it is.
    ///
    /// # Errors
    /// [`StoreError`]; saying it again is safe.
    pub async fn search_begun(&self, call: &CallSid, now: Timestamp) -> Result<(), StoreError> {
        let draft = draft(call, OPEN).text(DUE, Due::Search.as_str()).time(DUE_AT, now.plus(ARCHIVE_WITHIN));
        self.recordings.put_new(&key(call), draft).await.map(drop)
    }

    /// What came of a search, or of one that was not needed. `None`: there is a recording.
    ///
    /// # Errors
    /// [`StoreError`]; saying it again is safe.
    pub async fn search_over(&self, call: &CallSid, ended: Option<NotRecorded>) -> Result<(), StoreError> {
        let (state, reason) = match ended {
            Some(_) => (OVER, ", #reason = :reason REMOVE #due, #due_at, #sweeps"),
            None => (FOUND, " REMOVE #reason, #due, #due_at, #sweeps"),
        };
        let mut request = self
            .update(&key(call))
            .update_expression(format!("SET #call = :call, #state = :state{reason}"))
            .expression_attribute_names("#call", CALL)
            .expression_attribute_names("#state", STATE)
            .expression_attribute_names("#reason", REASON)
            .expression_attribute_names("#due", DUE)
            .expression_attribute_names("#due_at", DUE_AT)
            .expression_attribute_names("#sweeps", SWEEPS)
            .expression_attribute_values(":call", text(call.as_str()))
            .expression_attribute_values(":state", text(state));
        if let Some(reason) = ended {
            request = request.expression_attribute_values(":reason", text(reason.as_str()));
        }
        self.recordings.outcome(request.send().await).map(drop)
    }
}

fn draft(call: &CallSid, state: &str) -> Draft {
    Draft::default().text(CALL, call.as_str()).text(STATE, state)
}
