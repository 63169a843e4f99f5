//! Tools: each call answered once, one response for all.

use domain::plan::Resumption;
use domain::turn::EndReason;
use domain::{CallPlan, Epoch};
use session::input::{ModelEvent, ResponseReason, ResponseStatus, Role};
use session::output::{ModelCommand, Past};
use session::{Input, Output};

use crate::fixtures::{ms, plan, secs};
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
    sim.input(Input::ToolDone { call_id, output: r#"{"free":true}"#.into(), transfer: None })
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
    assert!(outputs_to_model(&sim.advance(secs(2))).is_empty());
    sim.created("resp_2", Some(ResponseReason::Filler));
    sim.speech("resp_2", "agent_2", 400);
    sim.done("resp_2", ResponseStatus::Completed);
    assert!(outputs_to_model(&sim.advance(secs(7))).is_empty());
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
fn more_calls_than_a_conversation_needs_are_refused_one_by_one() {
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

#[test]
fn arguments_beyond_every_use_are_refused_and_not_kept() {
    let mut sim = Sim::greeted(plan());
    sim.created("resp_1", None);
    let arguments = "ä".repeat(500_000);
    let call = ModelEvent::ToolCall {
        response: "resp_1",
        item: "item_call_1",
        call_id: "call_1",
        name: "book",
        arguments: &arguments,
    };
    let outputs = sim.model(call);
    assert!(!outputs.iter().any(|output| matches!(output, Output::RunTool { .. })));
    assert!(outputs_to_model(&outputs)[0].1.contains("too long"));
    sim.input(Input::CallerStopped);
    let kept = sim.turns().iter().flat_map(|turn| &turn.tool_calls).map(|call| call.arguments.len()).max();
    assert!(kept.is_some_and(|bytes| bytes <= 16 * 1024), "{kept:?}");
}

/// A tool that takes its time is not a line that went dead.
#[test]
fn a_caller_who_waits_for_a_tool_is_told_so_once() {
    let mut sim = Sim::greeted(plan());
    sim.created("resp_1", None);
    sim.tool_call("resp_1", "call_1", "book");
    sim.done("resp_1", ResponseStatus::Completed);
    assert_eq!(requests(&sim.advance(ms(1_400))), []);
    assert_eq!(requests(&sim.advance(ms(200))), [ResponseReason::Filler]);
    sim.created("resp_2", Some(ResponseReason::Filler));
    sim.speech("resp_2", "agent_2", 800);
    sim.done("resp_2", ResponseStatus::Completed);
    assert_eq!(requests(&sim.advance(secs(4))), [], "once is enough");
    assert_eq!(requests(&tool_done(&mut sim, "call_1")), [ResponseReason::ToolOutput]);
}

#[test]
fn nothing_is_said_of_waiting_while_the_agent_speaks_or_when_the_tool_was_quick() {
    let mut sim = Sim::greeted(plan());
    sim.created("resp_1", None);
    sim.speech("resp_1", "agent_1", 3_000);
    sim.tool_call("resp_1", "call_1", "book");
    sim.done("resp_1", ResponseStatus::Completed);
    assert_eq!(requests(&sim.advance(secs(5))), [], "the agent was still heard");

    let mut quick = Sim::greeted(plan());
    quick.created("resp_1", None);
    quick.tool_call("resp_1", "call_1", "book");
    quick.done("resp_1", ResponseStatus::Completed);
    quick.advance(secs(1));
    assert_eq!(requests(&tool_done(&mut quick, "call_1")), [ResponseReason::ToolOutput]);
    assert_eq!(requests(&quick.advance(secs(1))), []);
}

/// A response that calls a tool, and its answer if it was run.
fn round(sim: &mut Sim, n: u32, reason: Option<ResponseReason>) -> (bool, Vec<Output>) {
    let (response, call) = (format!("resp_{n}"), format!("call_{n}"));
    sim.created(&response, reason);
    let run =
        sim.tool_call(&response, &call, "book").iter().any(|output| matches!(output, Output::RunTool { .. }));
    let mut outputs = sim.done(&response, ResponseStatus::Completed);
    if run {
        outputs.extend(tool_done(sim, &call));
    }
    (run, outputs)
}

/// Eight rounds without a word of the caller's: the agent says what it found, and asks how to go on.
#[test]
fn a_loop_of_tool_calls_ends_in_words() {
    let mut sim = Sim::greeted(plan());
    for n in 0..7 {
        let (run, outputs) = round(&mut sim, n, (n > 0).then_some(ResponseReason::ToolOutput));
        assert!(run && requests(&outputs) == [ResponseReason::ToolOutput], "round {n}");
    }
    let (run, outputs) = round(&mut sim, 7, Some(ResponseReason::ToolOutput));
    assert!(run);
    let words = outputs.iter().find_map(|output| match output {
        Output::ToModel(ModelCommand::CreateResponse { tools, instructions, .. }) => {
            Some((*tools, instructions.clone().unwrap_or_default()))
        }
        _ => None,
    });
    let (tools, text) = words.expect("words are asked for");
    assert!(!tools && text.contains("ask how"), "{text}");
    sim.created("words", Some(ResponseReason::ToolOutput));
    sim.speech("words", "agent_1", 400);
    sim.done("words", ResponseStatus::Completed);
    sim.advance(secs(1));

    sim.caller_begins("caller_1");
    sim.caller_ends("caller_1");
    let (run, outputs) = round(&mut sim, 20, None);
    assert!(
        run && requests(&outputs) == [ResponseReason::ToolOutput],
        "a new turn of the caller's is a new chance"
    );
}

/// A model calls tools where it was asked for words: no tool is run, and the asking ends.
#[test]
fn a_model_that_only_calls_tools_is_given_up_after_a_bounded_number_of_them() {
    let mut sim = Sim::greeted(plan());
    let (mut ran, mut n) = (0, 0);
    while !sim.session.is_closed() {
        let reason = sim.requests().last().copied().filter(|_| n > 0);
        let (run, outputs) = round(&mut sim, n, reason);
        (ran, n) = (ran + u32::from(run), n + 1);
        if requests(&outputs).is_empty() && !sim.session.is_closed() {
            sim.advance(secs(4));
        }
        assert!(n < 50, "no end");
    }
    assert_eq!(ran, 8);
    assert_eq!(
        sim.close().map(|close| close.reason),
        Some(EndReason::ModelLost),
        "something else is offered"
    );
}

/// However many calls a response makes at a time, their number has an end before the caller speaks again.
#[test]
fn calls_by_the_dozen_are_counted_one_by_one() {
    let mut sim = Sim::greeted(plan());
    let mut ran = 0;
    for n in 0..8 {
        let response = format!("resp_{n}");
        sim.created(&response, (n > 0).then_some(ResponseReason::ToolOutput));
        for call in 0..12 {
            let call = format!("call_{n}_{call}");
            let outputs = sim.tool_call(&response, &call, "book");
            if outputs.iter().any(|output| matches!(output, Output::RunTool { .. })) {
                ran += 1;
                tool_done(&mut sim, &call);
            }
        }
        sim.done(&response, ResponseStatus::Completed);
    }
    assert_eq!(ran, 32);
}

#[test]
fn a_model_that_has_called_enough_may_still_end_the_call() {
    let mut sim = Sim::greeted(plan());
    for n in 0..8 {
        round(&mut sim, n, (n > 0).then_some(ResponseReason::ToolOutput));
    }
    sim.created("end", Some(ResponseReason::ToolOutput));
    sim.speech("end", "agent_1", 400);
    sim.tool_call("end", "call_end", session::END_CALL);
    sim.done("end", ResponseStatus::Completed);
    sim.advance(secs(1));
    assert_eq!(sim.hang_ups(), 1);
}

fn transfer(sim: &mut Sim) -> Vec<Output> {
    let (output, transfer) = (r#"{"ok":true}"#.into(), Some("workshop".into()));
    sim.input(Input::ToolDone { call_id: "call_1", output, transfer })
}

#[test]
fn a_transfer_closes_the_stream_once_the_words_before_it_were_heard() {
    let mut sim = Sim::greeted(plan());
    sim.created("resp_1", None);
    sim.tool_call("resp_1", "call_1", "transfer_call");
    sim.done("resp_1", ResponseStatus::Completed);
    assert_eq!(requests(&transfer(&mut sim)), [ResponseReason::Goodbye]);
    sim.created("resp_2", Some(ResponseReason::Goodbye));
    sim.speech("resp_2", "agent_2", 1_200);
    sim.done("resp_2", ResponseStatus::Completed);
    sim.advance(ms(1_100));
    assert!(!sim.session.is_closed(), "the caller still hears it");
    sim.advance(ms(200));
    let close = sim.close().expect("closed").clone();
    assert_eq!((close.reason, close.code), (EndReason::Transfer, 1000));
    assert_eq!(close.figures.transfer_to.as_deref(), Some("workshop"));
    assert_eq!(sim.hang_ups(), 0, "the call itself goes on");
}

#[test]
fn a_transfer_that_was_announced_in_the_same_breath_needs_no_more_words() {
    let mut sim = Sim::greeted(plan());
    sim.created("resp_1", None);
    sim.speech("resp_1", "agent_1", 1_000);
    sim.tool_call("resp_1", "call_1", "transfer_call");
    assert_eq!(requests(&transfer(&mut sim)), []);
    sim.done("resp_1", ResponseStatus::Completed);
    sim.advance(ms(1_100));
    assert_eq!(sim.close().map(|close| close.reason), Some(EndReason::Transfer));
}

#[test]
fn a_caller_who_objects_is_not_transferred() {
    let mut sim = Sim::greeted(plan());
    sim.created("resp_1", None);
    sim.tool_call("resp_1", "call_1", "transfer_call");
    sim.done("resp_1", ResponseStatus::Completed);
    transfer(&mut sim);
    sim.created("resp_2", Some(ResponseReason::Goodbye));
    sim.speech("resp_2", "agent_2", 2_000);
    sim.advance(ms(500));
    sim.caller_begins("caller_1");
    sim.advance(secs(1));
    sim.caller_ends("caller_1");
    sim.model(ModelEvent::CallerTranscript { item: "caller_1", text: "No, wait, not the workshop." });
    sim.advance(secs(2));
    assert!(!sim.session.is_closed());
    sim.input(Input::CallerStopped);
    let close = sim.run_to_close();
    assert_eq!((close.reason, close.figures.transfer_to), (EndReason::CallerHangUp, None));
}

#[test]
fn a_session_after_a_transfer_that_was_not_taken_says_so_and_does_not_greet() {
    let resumption = Resumption::TransferFailed { label: "the workshop".into() };
    let sim = Sim::live(CallPlan { epoch: Epoch(2), greeting: None, resumption, ..plan() });
    assert_eq!(sim.requests(), [ResponseReason::Recovery]);
    let told: Vec<&str> = sim
        .outputs()
        .filter_map(|output| match output {
            Output::ToModel(ModelCommand::Replay { piece: Past::Note { text }, .. }) => Some(text.as_str()),
            Output::ToModel(ModelCommand::CreateResponse { instructions: Some(text), .. }) => Some(text),
            _ => None,
        })
        .collect();
    assert_eq!(told.iter().filter(|text| text.contains("nobody answered")).count(), 2, "{told:?}");
}
