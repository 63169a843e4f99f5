//! Tools: each call answered once, one response for all.

use session::input::{ModelEvent, ResponseReason, ResponseStatus, Role};
use session::output::ModelCommand;
use session::{Input, Output};

use crate::fixtures::{plan, secs};
use crate::sim::{Sim, requests};

fn outputs_to_model(outputs: &[Output]) -> Vec<(&str, &str)> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::ToModel(ModelCommand::ToolOutput { call_id, output }) => {
                Some((call_id.as_str(), output.as_str()))
            }
            _ => None,
        })
        .collect()
}

fn tool_done(sim: &mut Sim, call_id: &str) -> Vec<Output> {
    sim.input(Input::ToolDone { call_id, output: r#"{"free":true}"#.into() })
}

#[test]
fn parallel_calls_get_one_response_after_the_last_output() {
    let mut sim = Sim::greeted(plan());
    sim.created("resp_1", None);
    for call in ["call_1", "call_2"] {
        let outputs = sim.tool_call("resp_1", call, "free_slots");
        assert!(
            outputs.iter().any(|o| matches!(o, Output::RunTool { call_id, .. } if call_id == call)),
            "{outputs:?}"
        );
    }
    assert_eq!(requests(&sim.done("resp_1", ResponseStatus::Completed)), []);
    let outputs = tool_done(&mut sim, "call_2");
    assert_eq!(outputs_to_model(&outputs), [("call_2", r#"{"free":true}"#)]);
    assert_eq!(requests(&outputs), []);
    assert_eq!(requests(&tool_done(&mut sim, "call_1")), [ResponseReason::ToolOutput]);
}

/// Fault 62.
#[test]
fn a_call_announced_twice_runs_once_and_is_answered_once() {
    let mut sim = Sim::greeted(plan());
    sim.created("resp_1", None);
    sim.tool_call("resp_1", "call_1", "book");
    assert!(sim.tool_call("resp_1", "call_1", "book").is_empty());
    tool_done(&mut sim, "call_1");
    assert!(tool_done(&mut sim, "call_1").is_empty());
    assert!(sim.tool_call("resp_1", "call_1", "book").is_empty());
    assert!(tool_done(&mut sim, "never asked").is_empty());
}

/// Fault 62.
#[test]
fn a_tool_that_hangs_is_answered_for_after_ten_seconds() {
    let mut sim = Sim::greeted(plan());
    sim.created("resp_1", None);
    sim.tool_call("resp_1", "call_1", "book");
    sim.done("resp_1", ResponseStatus::Completed);
    assert!(outputs_to_model(&sim.advance(secs(9))).is_empty());
    let outputs = sim.advance(secs(1));
    assert!(matches!(outputs_to_model(&outputs)[..], [("call_1", text)] if text.contains("error")));
    assert_eq!(requests(&outputs), [ResponseReason::ToolOutput]);
    assert!(tool_done(&mut sim, "call_1").is_empty(), "too late");
}

#[test]
fn a_call_of_an_interrupted_response_is_answered_and_not_run() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 1_000);
    sim.caller_begins("caller_2");
    let outputs = sim.tool_call("resp_1", "call_1", "book");
    assert!(!outputs.iter().any(|output| matches!(output, Output::RunTool { .. })));
    assert_eq!(outputs_to_model(&outputs).len(), 1);
}

#[test]
fn an_output_that_arrives_while_the_caller_speaks_is_part_of_the_answer_to_the_caller() {
    let mut sim = Sim::greeted(plan());
    sim.created("resp_1", None);
    sim.tool_call("resp_1", "call_1", "book");
    sim.done("resp_1", ResponseStatus::Completed);
    sim.caller_begins("caller_1");
    let outputs = tool_done(&mut sim, "call_1");
    assert_eq!((outputs_to_model(&outputs).len(), requests(&outputs).len()), (1, 0));
    sim.caller_ends("caller_1");
    sim.created("resp_2", None);
    sim.speech("resp_2", "agent_2", 400);
    assert_eq!(requests(&sim.done("resp_2", ResponseStatus::Completed)), []);
}

#[test]
fn more_calls_than_anybody_needs_are_refused_one_by_one() {
    let mut sim = Sim::greeted(plan());
    sim.created("resp_1", None);
    let mut refused = 0;
    for n in 0..40 {
        refused += outputs_to_model(&sim.tool_call("resp_1", &format!("call_{n}"), "book")).len();
    }
    assert_eq!(refused, 40 - 16);
}

#[test]
fn calls_and_their_outputs_are_kept_with_the_turn_that_spoke_of_them() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 400);
    sim.tool_call("resp_1", "call_1", "book");
    sim.added("item_call_1", Some("agent_1"), Role::Other);
    sim.done("resp_1", ResponseStatus::Completed);
    sim.advance(secs(1));
    assert!(!sim.turns().iter().any(|turn| turn.item == "agent_1"), "its call is not answered yet");
    tool_done(&mut sim, "call_1");
    let turn = sim.turns().into_iter().find(|turn| turn.item == "agent_1").unwrap().clone();
    assert_eq!(turn.tool_calls.len(), 1);
    assert_eq!(turn.tool_calls[0].output.as_deref(), Some(r#"{"free":true}"#));
}

#[test]
fn a_call_without_a_word_goes_with_the_next_turn_or_stands_alone_at_the_end() {
    let mut sim = Sim::greeted(plan());
    sim.created("resp_1", None);
    sim.tool_call("resp_1", "call_1", "book");
    sim.added("item_call_1", Some("item_greeting"), Role::Other);
    sim.done("resp_1", ResponseStatus::Completed);
    tool_done(&mut sim, "call_1");
    sim.created("resp_2", Some(ResponseReason::ToolOutput));
    sim.added("agent_2", Some("item_call_1"), Role::Agent);
    sim.speech("resp_2", "agent_2", 400);
    sim.model(ModelEvent::AgentTranscript { response: "resp_2", item: "agent_2", text: "Booked." });
    sim.done("resp_2", ResponseStatus::Completed);
    sim.advance(secs(1));
    sim.created("resp_3", None);
    sim.tool_call("resp_3", "call_3", "book");
    sim.input(Input::CallerStopped);
    let calls: Vec<_> = sim.turns().iter().map(|turn| (turn.item.clone(), turn.tool_calls.len())).collect();
    let expected = [("item_greeting", 0), ("agent_2", 1), ("item_call_3", 1)];
    assert_eq!(calls, expected.map(|(item, count)| (item.to_owned(), count)));
}
