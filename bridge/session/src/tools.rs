//! Tool calls of the model: each answered exactly once, and one response when all of a response's calls are.

use std::time::{Duration, Instant};

use crate::recent_ids::RecentIds;

/// The session's own tool. It takes no arguments and ends the call after a goodbye.
pub const END_CALL: &str = "end_call";

/// A caller does not wait longer than this; the model then says that it did not work.
pub(crate) const TOOL_TIMEOUT: Duration = Duration::from_secs(10);
/// Calls that may be running at once.
const OPEN_CALLS_MAX: usize = 16;

/// Outputs that are the session's own words: JSON, as the model expects of any tool.
pub(crate) const ENDING: &str = r#"{"ok":true}"#;
pub(crate) const TIMED_OUT: &str = r#"{"error":"the tool did not answer in time"}"#;
pub(crate) const TOO_MANY: &str = r#"{"error":"too many tool calls at once"}"#;
pub(crate) const INTERRUPTED: &str = r#"{"error":"not done: the caller interrupted"}"#;

#[derive(Debug, Default)]
pub(crate) struct Tools {
    seen: RecentIds,
    open: Vec<OpenCall>,
    /// Responses whose calls are owed a response of their own.
    owed: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct OpenCall {
    pub(crate) call_id: String,
    pub(crate) name: String,
    response: String,
    due: Instant,
}

impl Tools {
    /// Whether this call is new. Repeats of the event are not calls.
    pub(crate) fn is_new(&mut self, call_id: &str) -> bool {
        self.seen.insert(call_id)
    }

    /// A call that somebody else has to answer; false if too many are open already.
    pub(crate) fn open(&mut self, now: Instant, response: &str, call_id: &str, name: &str) -> bool {
        if !self.owed.iter().any(|owed| owed == response) {
            self.owed.push(response.to_owned());
        }
        if self.open.len() >= OPEN_CALLS_MAX {
            return false;
        }
        self.open.push(OpenCall {
            call_id: call_id.to_owned(),
            name: name.to_owned(),
            response: response.to_owned(),
            due: now + TOOL_TIMEOUT,
        });
        true
    }

    /// An output arrived; `None` if the call is unknown or was answered.
    pub(crate) fn done(&mut self, call_id: &str) -> Option<OpenCall> {
        let index = self.open.iter().position(|call| call.call_id == call_id)?;
        Some(self.open.remove(index))
    }

    /// The next call whose time is up.
    pub(crate) fn take_overdue(&mut self, now: Instant) -> Option<OpenCall> {
        let index = self.open.iter().position(|call| call.due <= now)?;
        Some(self.open.remove(index))
    }

    pub(crate) fn due(&self) -> Option<Instant> {
        self.open.iter().map(|call| call.due).min()
    }

    /// Whether a response is owed now: some response has ended and all its calls are answered.
    pub(crate) fn take_owed(&mut self, is_active: impl Fn(&str) -> bool) -> bool {
        let before = self.owed.len();
        let open = &self.open;
        self.owed
            .retain(|response| is_active(response) || open.iter().any(|call| call.response == *response));
        self.owed.len() < before
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.open.is_empty()
    }
}
