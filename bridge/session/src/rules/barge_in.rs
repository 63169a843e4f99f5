//! The caller speaks: whether that interrupts the agent.
//!
//! The session is configured with `interrupt_response` off, so only this rule interrupts. The truth is what is
//! audible, not what is being generated: the model is usually done long before the line has played its words.

use std::time::Instant;

use crate::action::Action;
use crate::facts::Facts;
use crate::response_reason::ResponseReason;
use crate::rules::overheard;

/// The caller began to speak.
pub(crate) fn caller_began(now: Instant, facts: &Facts) -> Vec<Action> {
    let patience = overheard::patience(facts);
    if yields(facts) && !patience.is_zero() {
        vec![Action::DecideAt(now + patience)]
    } else {
        interruption(facts)
    }
}

/// The caller takes the floor.
pub(crate) fn interruption(facts: &Facts) -> Vec<Action> {
    // Asked before the end is taken back: last words are not interrupted.
    let interrupts = yields(facts).then_some(Action::Interrupt);
    interrupts.into_iter().chain([Action::CallerObjects]).collect()
}

/// The caller stopped. `undecided`: it was still open whether that interrupts.
pub(crate) fn caller_stopped(facts: &Facts, undecided: bool) -> Option<Action> {
    // Once the agent has finished by itself this is a turn like any other.
    if undecided && (facts.playback.is_audible() || facts.ending.is_pending()) {
        return Some(Action::LetPass);
    }
    // The greeting answers whatever was said before its end, and neither is a machine answered nor by a muted agent.
    let wants_none = facts.is_greeting()
        || facts.ending.is_pending()
        || facts.party.is_machine()
        || facts.steering.is_muted();
    (!wants_none).then_some(Action::OweAnswer)
}

/// Whether a response that begins now is not wanted. `None`: the model's turn detection created it.
pub(crate) fn is_out_of_turn(facts: &Facts, reason: Option<ResponseReason>) -> bool {
    if facts.steering.is_muted() {
        return true;
    }
    match reason {
        // They were given up while the request was on its way.
        Some(ResponseReason::Words) if !facts.steering.is_saying() => true,
        // It would speak over the caller. Only the first words may, and the last ones.
        Some(reason) => {
            let objected = reason == ResponseReason::Goodbye && !facts.ending.is_pending();
            facts.speech.is_speaking() && (!reason.keeps_floor() || objected)
        }
        // Turn detection knows best whether the caller has stopped. But a sound whose words are not known yet gets no
        // answer, nor does a machine.
        None => facts.speech.is_overheard() || facts.party.is_machine(),
    }
}

/// Whether the agent lets itself be interrupted in what it is doing now.
fn yields(facts: &Facts) -> bool {
    let audible = facts.playback.is_audible();
    if facts.is_greeting() {
        let protected = facts.call.policy().is_some_and(|policy| policy.protect_greeting);
        // A greeting that is not audible yet is never interrupted: the caller would get none.
        return audible && !protected;
    }
    !facts.ending.is_final() && (audible || facts.gate.is_generating())
}

#[cfg(test)]
mod tests {
    use domain::business::ConversationPolicy;

    use super::*;
    use crate::facts::ending::Goodbye;
    use crate::testing::{agent_speaks, facts, origin, secs};

    #[test]
    fn the_agent_yields_at_once_or_after_the_patience_of_the_policy() {
        let now = origin();
        let mut patient = facts(now, ConversationPolicy { min_interruption: secs(1), ..Default::default() });
        assert_eq!(caller_began(now, &patient), [Action::CallerObjects], "there is nothing to interrupt");
        agent_speaks(now, &mut patient);
        assert_eq!(caller_began(now, &patient), [Action::DecideAt(now + secs(1))]);
        let mut prompt = facts(now, ConversationPolicy::default());
        agent_speaks(now, &mut prompt);
        assert_eq!(caller_began(now, &prompt), [Action::Interrupt, Action::CallerObjects]);
        prompt.ending.begin(domain::turn::EndReason::MaxDuration, Goodbye::Requested);
        assert_eq!(interruption(&prompt), [Action::CallerObjects], "last words are said");
    }

    #[test]
    fn a_protected_greeting_is_heard_to_its_end() {
        let now = origin();
        for protect_greeting in [false, true] {
            let mut facts = facts(now, ConversationPolicy { protect_greeting, ..Default::default() });
            facts.gate.request(ResponseReason::Greeting, None);
            assert_eq!(interruption(&facts), [Action::CallerObjects], "it is not audible yet");
            agent_speaks(now, &mut facts);
            assert_eq!(interruption(&facts).contains(&Action::Interrupt), !protect_greeting);
        }
    }

    #[test]
    fn a_sound_that_did_not_last_is_let_pass_while_the_agent_is_heard() {
        let now = origin();
        let mut facts = facts(now, ConversationPolicy::default());
        assert_eq!(caller_stopped(&facts, true), Some(Action::OweAnswer), "a turn like any other");
        agent_speaks(now, &mut facts);
        assert_eq!(caller_stopped(&facts, true), Some(Action::LetPass));
        assert_eq!(caller_stopped(&facts, false), Some(Action::OweAnswer));
        facts.ending.begin(domain::turn::EndReason::AgentHangUp, Goodbye::Said);
        assert_eq!(caller_stopped(&facts, false), None, "the call is about to end");
    }

    #[test]
    fn only_the_first_and_the_last_words_may_begin_over_the_caller() {
        let now = origin();
        let mut facts = facts(now, ConversationPolicy::default());
        let out_of_turn = |facts: &Facts| {
            let reasons = ResponseReason::ALL.into_iter();
            reasons.filter(|reason| is_out_of_turn(facts, Some(*reason))).collect::<Vec<_>>()
        };
        assert_eq!(out_of_turn(&facts), [ResponseReason::Words], "there are no words to be said");
        facts.caller_began(now, "item", None);
        assert_eq!(out_of_turn(&facts).len(), ResponseReason::ALL.len() - 1);
        assert!(!is_out_of_turn(&facts, Some(ResponseReason::Greeting)));
        assert!(!is_out_of_turn(&facts, None), "turn detection knows that the caller has stopped");
        facts.ending.begin(domain::turn::EndReason::Silence, Goodbye::Requested);
        assert!(!is_out_of_turn(&facts, Some(ResponseReason::Goodbye)));
    }
}
