//! Ending the call: goodbye first, hang-up after.

use domain::turn::EndReason;

use crate::action::Action;
use crate::facts::Facts;
use crate::facts::ending::Goodbye;

/// The model has nothing more to say, and the caller has heard it.
pub(crate) fn is_due(facts: &Facts) -> bool {
    facts.ending.is_ready() && !facts.playback.is_audible() && !facts.speech.is_undecided()
}

/// The model asked in `response` for the end of the call.
pub(crate) fn asked_for(facts: &Facts, response: &str) -> Action {
    Action::end(agents_reason(facts), goodbye_of(facts, response))
}

/// The tool by which a person wants no more calls has given its output, whatever that says: they are not kept on the line. The
/// goodbye comes after it, since nothing that was said before could know it.
pub(crate) fn after_opt_out(facts: &Facts, tool: &str) -> Option<Action> {
    facts.call.is_opt_out(tool).then(|| Action::say_goodbye(EndReason::OptedOut))
}

/// Why an agent that has said goodbye hangs up.
pub(crate) fn agents_reason(facts: &Facts) -> EndReason {
    if facts.call.has_opted_out() { EndReason::OptedOut } else { EndReason::AgentHangUp }
}

/// A tool that the model called in `response` connects the caller with an entry of the directory.
pub(crate) fn transfer_asked_for(facts: &Facts, response: &str, destination: String) -> Action {
    let goodbye = goodbye_of(facts, response);
    Action::End { reason: EndReason::Transfer, goodbye, transfer_to: Some(destination) }
}

/// A response that is under way may still say goodbye. What one that is over said, it said before.
fn goodbye_of(facts: &Facts, response: &str) -> Goodbye {
    if facts.gate.is_active(response) { Goodbye::PerhapsIn(response.to_owned()) } else { Goodbye::Requested }
}

#[cfg(test)]
mod tests {
    use domain::business::ConversationPolicy;

    use super::*;
    use crate::testing::{agent_speaks, facts, origin};

    #[test]
    fn the_call_ends_when_the_goodbye_was_heard_and_the_caller_does_not_object() {
        let now = origin();
        let mut facts = facts(now, ConversationPolicy::default());
        assert!(!is_due(&facts));
        agent_speaks(now, &mut facts);
        facts.ending.begin(EndReason::AgentHangUp, Goodbye::Said);
        assert!(!is_due(&facts), "the line is still playing it");
        facts.playback.give_up_on_marks();
        assert!(is_due(&facts));
        facts.speech.let_pass(now);
        assert!(!is_due(&facts), "the caller said something over it");
    }

    #[test]
    fn a_response_that_is_over_has_said_no_goodbye() {
        let now = origin();
        let mut facts = facts(now, ConversationPolicy::default());
        assert_eq!(asked_for(&facts, "r"), Action::say_goodbye(EndReason::AgentHangUp));
        agent_speaks(now, &mut facts);
        let Action::End { reason, goodbye, transfer_to } = transfer_asked_for(&facts, "r", "desk".into())
        else {
            panic!("a transfer ends the call here")
        };
        assert_eq!((reason, goodbye), (EndReason::Transfer, Goodbye::PerhapsIn("r".into())));
        assert_eq!(transfer_to.as_deref(), Some("desk"));
    }
}
