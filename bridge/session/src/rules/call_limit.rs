//! The call's maximum duration: a warning, last words and the end.

use std::time::{Duration, Instant};

use domain::business::bounds::LAST_WORDS;
use domain::turn::EndReason;

use crate::action::Action;
use crate::facts::Facts;
use crate::facts::ending::Goodbye;
use crate::instructions;
use crate::response_reason::ResponseReason;

/// What is still to come of the limit; each once.
#[derive(Debug, Default)]
pub(crate) struct CallLimit {
    warns_at: Option<Instant>,
    last_words_at: Option<Instant>,
    ends_at: Option<Instant>,
}

impl CallLimit {
    /// The conversation begins. The limit counts from the start of the stream.
    pub(crate) fn begin(&mut self, now: Instant, facts: &Facts) {
        let max_call = facts.call.max_duration();
        let ends = facts.call.started().unwrap_or(now) + max_call;
        self.ends_at = Some(ends);
        self.last_words_at = Some(ends - LAST_WORDS.min(max_call / 2));
        let warn_before = facts.call.policy().map_or(Duration::ZERO, |policy| policy.warn_before_end);
        // Said so late, or in so short a call, it would only be in the way of the last words.
        if warn_before > LAST_WORDS && warn_before < max_call / 2 {
            self.warns_at = Some(ends - warn_before);
        }
    }

    pub(crate) fn warning_due(&mut self, facts: &Facts) -> Option<Action> {
        self.warns_at = None;
        let text = facts.call.plan().map(instructions::warning);
        (!facts.ending.is_pending()).then(|| Action::ask(ResponseReason::Warning, text))
    }

    /// A muted agent has no last words, and the call its full time.
    pub(crate) fn last_words_due(&mut self, facts: &Facts) -> Option<Action> {
        self.last_words_at = None;
        (!facts.steering.is_muted()).then(|| Action::say_goodbye(EndReason::MaxDuration))
    }

    pub(crate) fn end_due(&mut self) -> Action {
        self.ends_at = None;
        Action::end(EndReason::MaxDuration, Goodbye::Failed)
    }

    pub(crate) const fn warns_at(&self) -> Option<Instant> {
        self.warns_at
    }

    pub(crate) const fn last_words_at(&self) -> Option<Instant> {
        self.last_words_at
    }

    pub(crate) const fn ends_at(&self) -> Option<Instant> {
        self.ends_at
    }
}

#[cfg(test)]
mod tests {
    use domain::business::ConversationPolicy;

    use super::*;
    use crate::testing::{facts, origin, secs};

    fn limit(max_call: Duration, warn_before_end: Duration) -> (CallLimit, Facts, Instant) {
        let now = origin();
        let facts = facts(now, ConversationPolicy { max_call, warn_before_end, ..Default::default() });
        let mut limit = CallLimit::default();
        limit.begin(now + secs(1), &facts);
        (limit, facts, now)
    }

    #[test]
    fn a_call_is_warned_gets_its_last_words_and_ends() {
        let (mut limit, mut facts, start) = limit(secs(300), secs(60));
        assert_eq!(limit.warns_at(), Some(start + secs(240)));
        assert_eq!(limit.last_words_at(), Some(start + secs(270)));
        assert_eq!(limit.ends_at(), Some(start + secs(300)));
        assert!(limit.warning_due(&facts).is_some() && limit.warns_at().is_none());
        facts.ending.begin(EndReason::Silence, Goodbye::Requested);
        assert_eq!(limit.warning_due(&facts), None, "the call is about to end anyway");
        assert_eq!(limit.last_words_due(&facts), Some(Action::say_goodbye(EndReason::MaxDuration)));
        assert_eq!(limit.end_due(), Action::end(EndReason::MaxDuration, Goodbye::Failed));
        assert_eq!((limit.last_words_at(), limit.ends_at()), (None, None));
    }

    #[test]
    fn a_short_call_gets_no_warning_and_half_of_its_time_for_last_words() {
        let (limit, _, start) = limit(secs(20), secs(60));
        assert_eq!((limit.warns_at(), limit.last_words_at()), (None, Some(start + secs(10))));
        let (limit, _, start) = self::limit(secs(1), secs(60));
        assert_eq!(limit.ends_at(), Some(start + secs(10)), "a shorter call would be greeted and cut off");
    }
}
