//! Goodbyes that were said without the tool for it.
//!
//! A model that says goodbye and forgets `end_call` leaves both sides on an open line. So when the last thing said
//! was a goodbye the call ends after a pause in which anybody may go on. What counts as one is `domain::phrases`'
//! business; this only remembers who said what last.

use std::time::{Duration, Instant};

use domain::turn::EndReason;

use crate::Session;
use crate::deadlines::Deadline;
use crate::facts::ending::Goodbye;

/// The pause after a goodbye in which a caller who has more to say says so.
const GRACE: Duration = Duration::from_secs(4);

#[derive(Debug, Default)]
pub(crate) struct Farewell {
    /// The caller's last words were a goodbye.
    caller: bool,
    /// What the agent said last.
    agent: Option<Said>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Goodbye,
    Question,
    Other,
}

impl Farewell {
    /// The conversation goes on.
    pub(crate) fn caller_began(&mut self) {
        *self = Self::default();
    }

    /// The last thing said was a goodbye. The caller's one needs to have been answered, and not by a question.
    fn is_said(&self) -> bool {
        match self.agent {
            Some(Said::Goodbye) => true,
            Some(Said::Other) => self.caller,
            Some(Said::Question) | None => false,
        }
    }
}

impl Session {
    pub(crate) fn caller_said(&mut self, text: &str) {
        self.farewell.caller = self.phrases.is_goodbye(text);
    }

    pub(crate) fn agent_said(&mut self, text: &str) {
        self.farewell.agent = Some(if self.phrases.ends_in_goodbye(text) {
            Said::Goodbye
        } else if text.trim_end().ends_with(['?', '？']) {
            Said::Question
        } else {
            Said::Other
        });
    }

    /// Waits out the pause after a goodbye while nobody speaks.
    pub(crate) fn follow_farewell(&mut self, now: Instant, quiet: bool) {
        let wanted = self.plan.as_ref().is_some_and(|plan| plan.conversation.end_on_goodbye);
        if !(quiet && wanted && self.farewell.is_said()) {
            self.deadlines.clear(Deadline::Farewell);
        } else if !self.deadlines.is_armed(Deadline::Farewell) {
            self.deadlines.set(Deadline::Farewell, now + GRACE);
        }
    }

    pub(crate) fn farewell_stands(&mut self) {
        self.hangup.begin(EndReason::AgentHangUp, Goodbye::Said);
    }
}
