//! What a tool call means for the conversation.

use domain::tools::END_CALL;

use crate::action::Action;
use crate::facts::Facts;
use crate::facts::tool_calls::{ENDING, INTERRUPTED, OpenCall, TALK_FIRST, TIMED_OUT};
use crate::instructions;
use crate::response_reason::ResponseReason;
use crate::rules::hang_up;

/// The model called a tool in `response`.
pub(crate) fn called(facts: &Facts, response: &str, [call_id, name, arguments]: [&str; 3]) -> Vec<Action> {
    let answer = |output: &str| Action::AnswerTool {
        call_id: call_id.to_owned(),
        name: name.to_owned(),
        output: output.to_owned(),
    };
    // A person who asks not to be called again mostly goes on talking: the wish stands whatever became of the response.
    if facts.gate.is_discarded(response) && !facts.call.is_opt_out(name) {
        vec![answer(INTERRUPTED)]
    } else if facts.refuses_tool(response, name) {
        vec![answer(TALK_FIRST)]
    } else if name == END_CALL {
        vec![answer(ENDING), hang_up::asked_for(facts, response)]
    } else {
        vec![Action::RunTool {
            response: response.to_owned(),
            call_id: call_id.to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        }]
    }
}

/// A tool gave its output, and perhaps a place to connect the caller with.
pub(crate) fn done(facts: &Facts, call: OpenCall, output: String, transfer: Option<String>) -> Vec<Action> {
    let OpenCall { call_id, name, response, .. } = call;
    let transfer = transfer.map(|destination| hang_up::transfer_asked_for(facts, &response, destination));
    let last_words = hang_up::after_opt_out(facts, &name);
    [Action::AnswerTool { call_id, name, output }].into_iter().chain(transfer).chain(last_words).collect()
}

/// A tool did not answer in time.
pub(crate) fn overdue(facts: &Facts, call: OpenCall) -> Vec<Action> {
    done(facts, call, TIMED_OUT.to_owned(), None)
}

/// A tool takes its time: the caller hears so, unless either side is speaking anyway.
pub(crate) fn takes_its_time(facts: &Facts) -> Option<Action> {
    let busy = facts.speech.has_floor() || facts.playback.is_audible() || !facts.gate.is_idle();
    let text = facts.call.plan().map(instructions::filler);
    (!busy && !facts.ending.is_pending()).then(|| Action::ask(ResponseReason::Filler, text))
}

/// The response that is owed now that all calls of a response are answered. `words`: the model has called enough.
pub(crate) fn response_to_outputs(facts: &Facts, words: bool) -> Action {
    let reason = ResponseReason::ToolOutput;
    if words {
        Action::AskForWords { reason, instructions: facts.call.plan().map(instructions::talk_first) }
    } else {
        Action::ask(reason, None)
    }
}

#[cfg(test)]
mod tests {
    use domain::business::ConversationPolicy;
    use domain::turn::EndReason;

    use super::*;
    use crate::facts::ending::Goodbye;
    use crate::testing::{agent_speaks, facts, origin};

    #[test]
    fn a_call_is_run_or_answered_at_once() {
        let now = origin();
        let mut facts = facts(now, ConversationPolicy::default());
        let call = ["call", "book", "{}"];
        assert!(matches!(&called(&facts, "r", call)[..], [Action::RunTool { .. }]));
        agent_speaks(now, &mut facts);
        let end = called(&facts, "r", ["call", END_CALL, "{}"]);
        let perhaps = Action::end(EndReason::AgentHangUp, Goodbye::PerhapsIn("r".into()));
        assert_eq!(end.last(), Some(&perhaps), "the response may still say goodbye");
        facts.gate.interrupt(now);
        let [Action::AnswerTool { output, .. }] = &called(&facts, "r", call)[..] else {
            panic!("a response that was interrupted runs nothing")
        };
        assert_eq!(output, INTERRUPTED);
    }

    #[test]
    fn a_tool_that_takes_its_time_is_spoken_of_while_both_sides_are_silent() {
        let now = origin();
        let mut facts = facts(now, ConversationPolicy::default());
        assert!(takes_its_time(&facts).is_some());
        agent_speaks(now, &mut facts);
        assert_eq!(takes_its_time(&facts), None);
    }
}
