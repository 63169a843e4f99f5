//! Goodbyes that were said without the tool for it.
//!
//! A model that says goodbye and forgets `end_call` leaves both sides on an open line. So when the last thing said
//! was a goodbye the call ends after a pause in which either side may go on. What counts as one is `domain::phrases`'
//! business; this only remembers who said what last.

use std::time::{Duration, Instant};

use domain::phrases::Phrases;

use crate::action::Action;
use crate::facts::Facts;
use crate::facts::ending::Goodbye;
use crate::rules::hang_up;

/// The pause after a goodbye in which a caller who has more to say says so.
const GRACE: Duration = Duration::from_secs(4);

/// What was said last, and the pause after a goodbye.
#[derive(Debug, Default)]
pub(crate) struct Farewell {
    /// The caller's last words were a goodbye.
    caller: bool,
    /// What the agent said last.
    agent: Option<Said>,
    /// The end of the pause that is under way.
    pause_ends: Option<Instant>,
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
        (self.caller, self.agent) = (false, None);
    }

    pub(crate) fn caller_said(&mut self, phrases: &Phrases, text: &str) {
        self.caller = phrases.is_goodbye(text);
    }

    pub(crate) fn agent_said(&mut self, phrases: &Phrases, text: &str) {
        self.agent = Some(if phrases.ends_in_goodbye(text) {
            Said::Goodbye
        } else if text.trim_end().ends_with(['?', '？']) {
            Said::Question
        } else {
            Said::Other
        });
    }

    /// Waits out the pause after a goodbye while neither side speaks.
    pub(crate) fn follow(&mut self, now: Instant, facts: &Facts, quiet: bool) {
        // A person who wants no more calls is not kept on the line, whatever the business's policy.
        let wanted = (facts.call.policy().is_some_and(|policy| policy.end_on_goodbye)
            || facts.call.has_opted_out())
            && !facts.steering.is_muted();
        if quiet && wanted && self.is_said() {
            self.pause_ends.get_or_insert(now + GRACE);
        } else {
            self.pause_ends = None;
        }
    }

    /// The pause is over: the goodbye stands.
    pub(crate) fn pause_over(&mut self, facts: &Facts) -> Action {
        self.pause_ends = None;
        Action::end(hang_up::agents_reason(facts), Goodbye::Said)
    }

    pub(crate) const fn pause_ends(&self) -> Option<Instant> {
        self.pause_ends
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_are_a_goodbye_or_answer_one() {
        let phrases = Phrases::new(["en"], &domain::business::ConversationPolicy::default().phrases);
        let mut farewell = Farewell::default();
        assert!(!farewell.is_said());
        farewell.agent_said(&phrases, "You are welcome.");
        assert!(!farewell.is_said());
        farewell.caller_said(&phrases, "Goodbye.");
        assert!(farewell.is_said(), "the caller's goodbye was answered");
        farewell.agent_said(&phrases, "Is there anything else?");
        assert!(!farewell.is_said());
        farewell.agent_said(&phrases, "Goodbye.");
        assert!(farewell.is_said());
        farewell.caller_began();
        assert!(!farewell.is_said(), "the caller goes on");
    }
}
