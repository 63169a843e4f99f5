//! Tool calls of the model: each answered exactly once, and one response when all of a response's calls are.

use std::time::{Duration, Instant};

use super::recent_ids::RecentIds;

use domain::tools::{APPOINTMENT_TOOLS, END_CALL, TIMEOUT_MAX};

/// A caller does not wait longer than this for a tool that says nothing of its own; the model then says that it did
/// not work.
const TOOL_TIMEOUT: Duration = Duration::from_secs(10);
/// What a tool's own timeout may be late by: its runner answers before.
const TIMEOUT_MARGIN: Duration = Duration::from_secs(1);
/// So long a caller hears nothing while a tool runs, and then that it is being looked up.
const FILLER_AFTER: Duration = Duration::from_millis(1_500);
/// Calls that may be running at once.
const OPEN_CALLS_MAX: usize = 16;
/// Calls in one session. No conversation needs them; a model in a loop would make more.
const CALLS_MAX: u32 = 256;
/// Responses to tools in a row without a word of the caller's in between. The last one has to be words, and until the
/// caller has spoken no other tool is run.
const ROUNDS_MAX: u32 = 8;
/// Calls without a word of the caller's in between, however many of them one response makes.
const CALLS_PER_TURN_MAX: u32 = 32;
/// The longest arguments that are looked at.
pub(crate) const ARGUMENTS_MAX_BYTES: usize = 16 * 1024;

/// Outputs that are the session's own words: JSON, as the model expects of any tool.
pub(crate) const ENDING: &str = r#"{"ok":true}"#;
pub(crate) const TIMED_OUT: &str = r#"{"error":"the tool did not answer in time"}"#;
pub(crate) const INTERRUPTED: &str = r#"{"error":"not done: the caller interrupted"}"#;
const TOO_MANY: &str = r#"{"error":"too many tool calls"}"#;
pub(crate) const TALK_FIRST: &str =
    r#"{"error":"not done: no tool works before the caller has spoken again"}"#;
const TOO_LONG: &str = r#"{"error":"not done: the arguments are too long"}"#;

/// The model's calls of tools.
#[derive(Debug, Default)]
pub(crate) struct ToolCalls {
    seen: RecentIds,
    open: Vec<OpenCall>,
    /// Responses whose calls are owed a response of their own.
    owed: Vec<String>,
    /// Calls so far.
    calls: u32,
    /// Responses to tools since the caller last spoke, and calls.
    rounds: u32,
    calls_in_turn: u32,
    /// A tool has made, moved, called off or told an appointment.
    appointment: bool,
    /// The caller was told, or is hearing something else.
    filled: bool,
}

#[derive(Debug)]
pub(crate) struct OpenCall {
    pub(crate) call_id: String,
    pub(crate) name: String,
    pub(crate) response: String,
    since: Instant,
    due: Instant,
}

impl ToolCalls {
    /// Whether this call is new. Repeats of the event are not calls.
    pub(crate) fn is_new(&mut self, call_id: &str) -> bool {
        self.seen.insert(call_id)
    }

    /// A call that the driver is to run. The runner keeps the tool's own timeout, if it has one; ours is for a runner that
    /// does not answer.
    ///
    /// # Errors
    /// The answer to a call that is not to be run.
    pub(crate) fn open(
        &mut self,
        now: Instant,
        response: &str,
        [call_id, name, arguments]: [&str; 3],
        own_timeout: Option<Duration>,
    ) -> Result<(), &'static str> {
        if !self.is_owed(response) {
            self.owed.push(response.to_owned());
        }
        if self.open.len() >= OPEN_CALLS_MAX || self.is_spent() {
            return Err(TOO_MANY);
        }
        if arguments.len() > ARGUMENTS_MAX_BYTES {
            return Err(TOO_LONG);
        }
        let wait = own_timeout.map_or(TOOL_TIMEOUT, |own| own.min(TIMEOUT_MAX) + TIMEOUT_MARGIN);
        self.calls += 1;
        self.calls_in_turn += 1;
        self.open.push(OpenCall {
            call_id: call_id.to_owned(),
            name: name.to_owned(),
            response: response.to_owned(),
            since: now,
            due: now + wait,
        });
        Ok(())
    }

    /// An output arrived; `None` if the call is unknown or was answered.
    pub(crate) fn done(&mut self, call_id: &str) -> Option<OpenCall> {
        let index = self.open.iter().position(|call| call.call_id == call_id)?;
        Some(self.close(index))
    }

    /// A tool gave this output: JSON, of which no more is read than whether an appointment is in it.
    pub(crate) fn answered(&mut self, name: &str, output: &str) {
        self.appointment |= tells_appointment(name, output);
    }

    /// Whether what is said of an appointment may be true: a tool has told one.
    pub(crate) const fn has_appointment(&self) -> bool {
        self.appointment
    }

    /// The next call whose time is up.
    pub(crate) fn take_overdue(&mut self, now: Instant) -> Option<OpenCall> {
        let index = self.open.iter().position(|call| call.due <= now)?;
        Some(self.close(index))
    }

    fn close(&mut self, index: usize) -> OpenCall {
        let call = self.open.remove(index);
        self.filled &= !self.open.is_empty();
        call
    }

    pub(crate) fn due(&self) -> Option<Instant> {
        self.open.iter().map(|call| call.due).min()
    }

    /// When the caller should hear that something is going on.
    pub(crate) fn filler_due(&self) -> Option<Instant> {
        let first = self.open.iter().map(|call| call.since).min().filter(|_| !self.filled);
        first.map(|since| since + FILLER_AFTER)
    }

    /// The time for that has come. It comes once for the calls that run, even if other words were in the way.
    pub(crate) fn filled(&mut self) {
        self.filled = true;
    }

    /// Whether a response is owed now: some response has ended and all its calls are answered.
    pub(crate) fn take_owed(&mut self, is_active: impl Fn(&str) -> bool) -> bool {
        let before = self.owed.len();
        let open = &self.open;
        self.owed
            .retain(|response| is_active(response) || open.iter().any(|call| call.response == *response));
        self.owed.len() < before
    }

    /// Counts a response to tools. False: this one has to be words, the model has called enough.
    pub(crate) fn next_round(&mut self) -> bool {
        self.rounds = self.rounds.saturating_add(1);
        !self.is_spent()
    }

    /// A response is owed to calls of this one in any case.
    fn is_owed(&self, response: &str) -> bool {
        self.owed.iter().any(|owed| owed == response)
    }

    /// Whether a call of this tool is not even tried: the model has called enough.
    pub(crate) fn refuses(&self, response: &str, name: &str) -> bool {
        name != END_CALL && self.is_spent() && !self.is_owed(response)
    }

    /// Whether the model has called enough, in this turn or in this call.
    pub(crate) fn is_spent(&self) -> bool {
        self.rounds >= ROUNDS_MAX || self.calls_in_turn >= CALLS_PER_TURN_MAX || self.calls >= CALLS_MAX
    }

    /// The caller spoke.
    pub(crate) fn new_turn(&mut self) {
        (self.rounds, self.calls_in_turn) = (0, 0);
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.open.is_empty()
    }
}

/// Whether the output of a tool has an appointment that was made, changed or found.
pub(crate) fn tells_appointment(name: &str, output: &str) -> bool {
    APPOINTMENT_TOOLS.contains(&name) && output.contains("\"appointment\":\"")
}
