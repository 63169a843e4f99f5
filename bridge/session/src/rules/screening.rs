//! A telephone that asks who is calling before its owner picks up: iOS and Android do it for their users.
//!
//! It is answered once, with who calls and why, and then waited for. It is neither a person nor a machine that takes
//! messages, though either may follow.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use crate::action::Action;
use crate::facts::Facts;
use crate::instructions;
use crate::response_reason::ResponseReason;

/// How long the person called may look at the telephone before picking up.
const PICKS_UP_WITHIN: Duration = Duration::from_secs(45);

/// What a screening service was told.
#[derive(Debug, Default)]
pub(crate) struct Screening {
    introduced: bool,
}

impl Screening {
    /// What to do about words of a screening service; `None` for other words.
    pub(crate) fn heard(&mut self, now: Instant, facts: &Facts, text: &str) -> Option<Vec<Action>> {
        let phrases = facts.call.phrases();
        let asks = phrases.is_screening(text);
        let waits = facts.party.is_screened() && phrases.is_on_hold(text);
        if !asks && !waits {
            return None;
        }
        if facts.ending.is_pending() || facts.party.is_machine() {
            return Some(vec![]);
        }
        // Turn detection takes it for a person and answers.
        let mut actions = vec![Action::StopTalking, Action::Screened(Some(now + PICKS_UP_WITHIN))];
        if !std::mem::replace(&mut self.introduced, true) {
            let text = facts.call.plan().map(instructions::introduction);
            actions.push(Action::Note(Cow::Borrowed(instructions::SCREENED)));
            actions.push(Action::ask(ResponseReason::Screening, text));
        }
        Some(actions)
    }
}

#[cfg(test)]
mod tests {
    use domain::business::ConversationPolicy;
    use domain::turn::EndReason;

    use super::*;
    use crate::facts::ending::Goodbye;
    use crate::testing::{facts, origin, secs};

    const ASKS: &str =
        "Please state your name and why you are calling, and I will see if this person is available.";

    #[test]
    fn a_service_is_told_once_who_calls_and_then_waited_for() {
        let now = origin();
        let mut facts = facts(now, ConversationPolicy::default());
        let mut screening = Screening::default();
        assert_eq!(screening.heard(now, &facts, "Hello?"), None);
        let actions = screening.heard(now, &facts, ASKS).unwrap();
        let [Action::StopTalking, Action::Screened(until), Action::Note(_), Action::Ask { reason, .. }] =
            &actions[..]
        else {
            panic!("{actions:?}")
        };
        assert_eq!((*until, *reason), (Some(now + PICKS_UP_WITHIN), ResponseReason::Screening));
        let again = screening.heard(now + secs(1), &facts, ASKS).unwrap();
        assert_eq!(again.len(), 2, "it is not told twice: {again:?}");
        facts.ending.begin(EndReason::Silence, Goodbye::Requested);
        assert_eq!(screening.heard(now, &facts, ASKS), Some(vec![]));
    }
}
