//! Leaving a process that is being stopped.
//!
//! A call that leaves costs its caller a pause and an apology, and what is said in that pause is lost. So there are two
//! parts to the time that the process has. In the first one calls go on as they are: some of them end. In the second
//! one each leaves where it loses nothing: when both sides are silent, or when the caller waits for an answer of which
//! nothing was heard yet, which is then the next session's to give.

use std::time::{Duration, Instant};

use domain::turn::EndReason;

use crate::Session;
use crate::deadlines::Deadline;

/// Half of the time is for calls that end by themselves.
const PATIENCE_SHARE: u32 = 2;
/// What is left of the time for a call that found nowhere to leave: enough for a hang-up, the record and the close.
const LAST_LEAD: Duration = Duration::from_secs(10);
/// The same of a process that is in a hurry.
const LAST_LEAD_SHARE: u32 = 4;

impl Session {
    /// The process ends after `within`. Being told so again changes nothing.
    pub(crate) fn drain(&mut self, now: Instant, within: Duration) {
        if self.deadlines.is_armed(Deadline::LastDrain) {
            return;
        }
        self.deadlines.set(Deadline::Drain, now + within / PATIENCE_SHARE);
        self.deadlines.set(Deadline::LastDrain, now + within - LAST_LEAD.min(within / LAST_LEAD_SHARE));
    }

    /// Whether the call may leave, and loses nothing by it.
    pub(crate) fn leaves_here(&self, quiet: bool) -> bool {
        let leaving =
            self.deadlines.is_armed(Deadline::LastDrain) && !self.deadlines.is_armed(Deadline::Drain);
        leaving && (quiet || self.owes_answer()) && !self.awaits_words()
    }

    /// Without such a place what is being said is cut off by us, with a record of it, rather than by the kill. A call
    /// that was ending ends.
    pub(crate) fn leave_now(&mut self, now: Instant) {
        if self.hangup.reason().is_some() {
            self.hang_up(now);
        } else {
            self.close(now, EndReason::Drained);
        }
    }

    /// What the caller said is known, and what the model makes of it has not begun to be heard or done.
    fn owes_answer(&self) -> bool {
        self.gate.is_answering_unheard()
            && self.turns.understood()
            && !self.deadlines.is_armed(Deadline::SpeechEnd)
            && !self.playback.is_audible()
            && self.tools.is_idle()
            && !self.is_undecided()
            && self.hangup.reason().is_none()
    }
}
