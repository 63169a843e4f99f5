//! Answers of the model that came to nothing, or broke off: what the caller gets in their place.

use std::time::{Duration, Instant};

use domain::turn::EndReason;

use crate::action::Action;
use crate::facts::Facts;
use crate::facts::ending::Goodbye;
use crate::facts::model_leg::Owed;
use crate::facts::response_gate::Ended;
use crate::facts::trouble::Vain;
use crate::input::ResponseStatus;
use crate::instructions;
use crate::response_reason::ResponseReason;

/// After so long a silence the caller is owed an apology before an answer.
const LONG_SILENCE: Duration = Duration::from_secs(3);

/// What a response that ended left the caller without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shortfall {
    /// The caller was owed words and got none.
    InVain(Vain),
    /// It broke off in the middle of its words; it may be gone on with, not before `wait` if that is known.
    BrokeOff { wait: Option<Duration> },
}

/// What is missing of a response that ended, if something is.
pub(crate) fn judge(facts: &Facts, ended: &Ended, status: ResponseStatus) -> Option<Shortfall> {
    if facts.ending.goodbye_has_failed() || facts.speech.has_floor() {
        return None;
    }
    // What the business has the agent say is no answer, and the business is told what came of it.
    if ended.reason == Some(ResponseReason::Words) {
        return None;
    }
    if ended.in_vain && ended.reason != Some(ResponseReason::Filler) {
        return Some(Shortfall::InVain(match status {
            ResponseStatus::Failed => Vain::Failed,
            ResponseStatus::Limited { wait } => Vain::Limited { wait },
            ResponseStatus::Completed
            | ResponseStatus::Cancelled
            | ResponseStatus::IncompleteMaxTokens
            | ResponseStatus::IncompleteContentFilter => Vain::Empty,
        }));
    }
    if !(ended.wanted && ended.spoke) || ended.called_tools || ended.reason == Some(ResponseReason::Recovery)
    {
        return None;
    }
    let wait = match status {
        ResponseStatus::IncompleteMaxTokens
        | ResponseStatus::IncompleteContentFilter
        | ResponseStatus::Failed => None,
        ResponseStatus::Limited { wait } => wait,
        ResponseStatus::Completed | ResponseStatus::Cancelled => return None,
    };
    may_ask(facts).then_some(Shortfall::BrokeOff { wait })
}

/// Whether the model may be asked again: not if the call is about to end, if it is asked for something anyway, or if a
/// machine listens.
pub(crate) fn may_ask_again(facts: &Facts) -> bool {
    may_ask(facts) && !facts.party.is_machine()
}

fn may_ask(facts: &Facts) -> bool {
    !facts.ending.is_pending() && !facts.gate.has_pending() && !facts.steering.is_muted()
}

/// Asks the model again for what the caller got nothing of.
pub(crate) fn ask_again(now: Instant, facts: &Facts, interrupted: bool) -> Action {
    let plan = facts.call.plan();
    if facts.tools.is_spent() {
        let text = plan.map(instructions::talk_first);
        return Action::AskForWords { reason: ResponseReason::Recovery, instructions: text };
    }
    if interrupted {
        return go_on(facts);
    }
    // A caller who has heard nothing at all is still to be greeted.
    let unheard = facts.playback.total().sent.is_zero();
    let waited = facts.gate.silence_until_next(now);
    let text = plan.and_then(|plan| match &plan.greeting {
        Some(greeting) if unheard => Some(instructions::greeting(plan, greeting)),
        _ => (waited >= LONG_SILENCE).then(|| instructions::after_silence(plan)),
    });
    Action::ask(ResponseReason::Recovery, text)
}

/// The model has no words for this caller, and the call goes to what the business has in place of an agent: last words
/// would have to come from the same model. What the line still holds is heard out, and a caller who speaks meanwhile
/// is listened to.
pub(crate) const fn give_up_model() -> Action {
    Action::end(EndReason::ModelLost, Goodbye::Failed)
}

/// Whether the agent, who stopped for a sound, may go on: the sound was no speech, and turn detection has not answered
/// it. `text` is what the caller said in `item`, if that could be had.
pub(crate) fn may_resume(facts: &Facts, item: &str, text: Option<&str>) -> bool {
    text.is_none_or(|text| facts.call.phrases().is_backchannel(text))
        && facts.speech.awaits_answer()
        && facts.speech.began(item).is_some()
        && facts.gate.is_idle()
        && !facts.ending.is_pending()
}

/// Goes on with what the agent was saying.
pub(crate) fn go_on(facts: &Facts) -> Action {
    let heard = facts.recall();
    let text =
        facts.call.plan().map(|plan| instructions::go_on(plan, Owed::Rest, heard.last_words_of_agent()));
    Action::ask(ResponseReason::Recovery, text)
}

/// Finishes the sentence that broke off: a caller who hears half a sentence and then nothing does not know whose turn
/// it is.
pub(crate) fn finish_sentence(facts: &Facts) -> Action {
    Action::ask(ResponseReason::Recovery, facts.call.plan().map(instructions::finish_sentence))
}

#[cfg(test)]
mod tests {
    use domain::business::ConversationPolicy;

    use super::*;
    use crate::testing::{agent_speaks, facts, origin};

    fn ended(spoke: bool) -> Ended {
        Ended { reason: None, spoke, called_tools: false, in_vain: !spoke, wanted: true }
    }

    #[test]
    fn words_that_were_missed_or_broke_off_are_told_from_those_that_were_said() {
        let mut facts = facts(origin(), ConversationPolicy::default());
        let failed = ResponseStatus::Failed;
        assert_eq!(judge(&facts, &ended(true), ResponseStatus::Completed), None);
        assert_eq!(
            judge(&facts, &ended(false), ResponseStatus::Completed),
            Some(Shortfall::InVain(Vain::Empty))
        );
        assert_eq!(judge(&facts, &ended(false), failed), Some(Shortfall::InVain(Vain::Failed)));
        assert_eq!(judge(&facts, &ended(true), failed), Some(Shortfall::BrokeOff { wait: None }));
        let again = Ended { reason: Some(ResponseReason::Recovery), ..ended(true) };
        assert_eq!(judge(&facts, &again, failed), None, "a sentence is gone on with once");
        facts.gate.request(ResponseReason::Dtmf, None);
        assert_eq!(judge(&facts, &ended(true), failed), None, "something is about to be said");
        facts.caller_began(origin(), "item", None);
        assert_eq!(judge(&facts, &ended(false), failed), None, "the caller has the floor");
    }

    #[test]
    fn the_agent_resumes_after_a_sound_that_was_no_speech() {
        let now = origin();
        let mut facts = facts(now, ConversationPolicy::default());
        facts.caller_began(now, "item", None);
        facts.speech.stop(now);
        assert!(!may_resume(&facts, "item", Some("mhm")), "no answer is owed");
        facts.speech.owe_answer(now);
        assert!(may_resume(&facts, "item", Some("mhm")) && may_resume(&facts, "item", None));
        assert!(!may_resume(&facts, "item", Some("stop")) && !may_resume(&facts, "earlier", None));
        agent_speaks(now, &mut facts);
        assert!(!may_resume(&facts, "item", None), "turn detection has answered");
    }
}
