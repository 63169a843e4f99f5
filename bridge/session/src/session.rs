//! The call: its facts, the rules about them and the outputs that wait.

use std::fmt;
use std::time::Instant;

use domain::Timestamp;

use crate::deadline::Deadline;
use crate::facts::Facts;
use crate::output_queue::OutputQueue;
use crate::phase::Phase;
use crate::rules::Rules;
use crate::timetable;

/// One call.
pub struct Session {
    pub(crate) phase: Phase,
    pub(crate) facts: Facts,
    pub(crate) rules: Rules,
    pub(crate) outputs: OutputQueue,
}

/// An input or a timeout came while outputs of the last one were waiting. It was not taken: those outputs may mean the
/// payload of the input that caused them, so they are to be polled first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unpolled;

impl fmt::Display for Unpolled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("outputs of the last input are still to be polled")
    }
}

impl std::error::Error for Unpolled {}

impl Session {
    /// A call whose socket was opened at `now`, which is `wall` by the calendar.
    pub fn new(now: Instant, wall: Timestamp) -> Self {
        Self {
            phase: Phase::AwaitingStart,
            facts: Facts::new(now, wall),
            rules: Rules::default(),
            outputs: OutputQueue::new(),
        }
    }

    /// Where the call stands.
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether the last output was made.
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// When to call [`Session::handle_timeout`], and the name of what is being waited for.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.earliest().map(|(at, deadline)| (at, deadline.name()))
    }

    pub(crate) fn earliest(&self) -> Option<(Instant, Deadline)> {
        timetable::earliest(self.phase, &self.facts, &self.rules)
    }

    /// What was kept while there was no model may go to it now, before anything newer.
    pub(crate) fn forwards_kept_audio(&self) -> bool {
        self.phase == Phase::Live && self.facts.leg.is_up()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("phase", &self.phase)
            .field("call", &self.facts.call.sid())
            .field("waits_for", &self.poll_timeout().map(|(_, name)| name))
            .finish_non_exhaustive()
    }
}
