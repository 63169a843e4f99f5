//! Speech over the agent's that did not last: a sound of listening, a cough, or a short word that matters.
//!
//! A business may ask for more than a first sound before its agent stops, and a goodbye is not given up for the
//! caller's own "bye". Such speech is let pass, and *what it was* decides afterwards: its words, as soon as they are
//! transcribed. The agent is still speaking meanwhile, so the caller does not wait for that.
//!
//! The model's turn detection knows nothing of this and answers such speech like any other, unless a response is
//! under way (then the API drops the turn). That answer is cancelled as it begins; if the words turn out to want one,
//! it is asked for.

use std::time::Duration;

use crate::action::Action;
use crate::facts::Facts;
use crate::response_reason::ResponseReason;

/// A caller who says "bye" over the agent's goodbye does not object to it; one who goes on for this long does. It
/// includes the silence that turn detection waits for.
const GOODBYE_PATIENCE: Duration = Duration::from_millis(1_200);

/// How long the caller must go on before the agent stops what it is saying.
pub(crate) fn patience(facts: &Facts) -> Duration {
    let Some(plan) = facts.call.plan() else { return Duration::ZERO };
    // What is not heard is not interrupted, and without words nothing can be decided afterwards.
    if !facts.playback.is_audible() || plan.voice.transcription_model.is_none() {
        return Duration::ZERO;
    }
    let policy = plan.conversation.min_interruption;
    // What is heard before the goodbye was even asked for is an answer like any other.
    let in_goodbye = facts.ending.says_goodbye() && !facts.gate.is_held_back(ResponseReason::Goodbye);
    if in_goodbye { policy.max(GOODBYE_PATIENCE) } else { policy }
}

/// Whether the words that were let pass want an answer. `None`: they could not be had.
pub(crate) fn matters(facts: &Facts, text: Option<&str>) -> bool {
    text.is_some_and(|text| {
        let phrases = facts.call.phrases();
        let agrees = facts.ending.is_pending() && phrases.is_goodbye(text);
        !phrases.is_backchannel(text) && !agrees
    })
}

/// Answers what was let pass, unless the call ends in any case.
pub(crate) fn answer(facts: &Facts) -> Vec<Action> {
    if facts.ending.is_final() || facts.party.is_machine() {
        return vec![];
    }
    vec![Action::CallerObjects, Action::AnswerOverheard]
}

#[cfg(test)]
mod tests {
    use domain::business::ConversationPolicy;
    use domain::turn::EndReason;

    use super::*;
    use crate::facts::ending::Goodbye;
    use crate::testing::{agent_speaks, facts, origin};

    #[test]
    fn a_goodbye_is_more_patient_than_the_policy() {
        let now = origin();
        let mut facts = facts(now, ConversationPolicy::default());
        assert_eq!(patience(&facts), Duration::ZERO, "the agent is not heard");
        agent_speaks(now, &mut facts);
        assert_eq!(patience(&facts), Duration::ZERO);
        facts.ending.begin(EndReason::AgentHangUp, Goodbye::Said);
        assert_eq!(patience(&facts), GOODBYE_PATIENCE);
        facts.gate.request(ResponseReason::Goodbye, None);
        assert_eq!(patience(&facts), Duration::ZERO, "what is heard is not the goodbye yet");
    }

    #[test]
    fn words_matter_unless_they_are_a_sound_of_listening_or_agree() {
        let now = origin();
        let mut facts = facts(now, ConversationPolicy::default());
        assert!(matters(&facts, Some("wait, one more thing")) && matters(&facts, Some("bye")));
        assert!(!matters(&facts, Some("mhm")) && !matters(&facts, None));
        facts.ending.begin(EndReason::AgentHangUp, Goodbye::Said);
        assert!(!matters(&facts, Some("bye")), "a goodbye agrees with the end of the call");
        assert_eq!(answer(&facts), [Action::CallerObjects, Action::AnswerOverheard]);
        facts.ending.begin(EndReason::MaxDuration, Goodbye::Failed);
        assert_eq!(answer(&facts), []);
    }
}
