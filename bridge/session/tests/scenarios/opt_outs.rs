//! People who are called and want no more calls.

use domain::plan::HistoryItem;
use domain::tools::RECORD_DO_NOT_CALL;
use domain::turn::EndReason;
use domain::{CallPlan, Direction, Epoch};
use session::input::{ResponseReason, ResponseStatus, Role};
use session::output::ModelCommand;
use session::{Input, Output, Phase};

use crate::fixtures::{ms, plan, secs};
use crate::sim::{Sim, requests};

const RECORDED: &str = r#"{"message":"it is recorded","ok":true}"#;
const NOT_RECORDED: &str = r#"{"error":"not_recorded"}"#;

fn placed() -> CallPlan {
    CallPlan { direction: Direction::Outbound, ..plan() }
}

/// The person says that they want no more calls, and the model calls the tool in silence.
fn asked(plan: CallPlan) -> Sim {
    let mut sim = Sim::greeted(plan);
    sim.exchange(1, "item_greeting", 0);
    let outputs = sim.tool_call("resp_1", "call_1", RECORD_DO_NOT_CALL);
    assert!(outputs.iter().any(|output| matches!(output, Output::RunTool { .. })), "{outputs:?}");
    sim
}

fn recorded(sim: &mut Sim, output: &str) -> Vec<Output> {
    sim.input(Input::ToolDone { call_id: "call_1", output: output.into(), transfer: None })
}

/// The model says its goodbye and calls nothing.
fn says_goodbye(sim: &mut Sim) {
    sim.created("bye", Some(ResponseReason::Goodbye));
    sim.added("item_bye", Some("agent_1"), Role::Agent);
    sim.speech("bye", "item_bye", 1_000);
    sim.agent_text("bye", "item_bye", "You will not be called again. Goodbye.");
    sim.done("bye", ResponseStatus::Completed);
}

fn instructions(outputs: &[Output]) -> String {
    let asked = outputs.iter().find_map(|output| match output {
        Output::ToModel(ModelCommand::CreateResponse { instructions, .. }) => instructions.clone(),
        _ => None,
    });
    asked.expect("a response was asked for")
}

/// The goodbye is asked for after the answer, whatever that is, and the call ends once it was heard, although the model calls no
/// `end_call`.
#[test]
fn the_call_ends_after_a_goodbye_that_knows_what_came_of_it() {
    for output in [RECORDED, NOT_RECORDED] {
        let mut sim = asked(placed());
        assert_eq!(requests(&sim.done("resp_1", ResponseStatus::Completed)), []);
        let outputs = recorded(&mut sim, output);
        assert_eq!(requests(&outputs), [ResponseReason::Goodbye], "and no other answer");
        assert!(instructions(&outputs).contains("promise nothing"), "{outputs:?}");
        says_goodbye(&mut sim);
        assert_eq!(sim.hang_ups(), 0, "it is heard out");
        sim.advance(ms(1_000));
        assert_eq!(sim.hang_ups(), 1);
        sim.input(Input::CallerStopped);
        assert_eq!(sim.run_to_close().reason, EndReason::OptedOut);
    }
}

#[test]
fn the_call_ends_although_the_list_does_not_answer() {
    let mut sim = asked(placed());
    sim.done("resp_1", ResponseStatus::Completed);
    sim.advance(secs(2));
    sim.created("filler", Some(ResponseReason::Filler));
    sim.speech("filler", "item_filler", 400);
    sim.done("filler", ResponseStatus::Completed);
    let outputs = sim.advance(secs(9));
    assert!(requests(&outputs).contains(&ResponseReason::Goodbye), "{outputs:?}");
    assert_eq!(sim.run_to_close().reason, EndReason::OptedOut);
}

/// The wish stands, and the call ends for it later: also if the agent says goodbye without its tool, in a business that would leave
/// that to the tool.
#[test]
fn a_person_who_goes_on_is_listened_to_and_then_let_go() {
    let mut plan = placed();
    plan.conversation.end_on_goodbye = false;
    let mut sim = asked(plan);
    sim.done("resp_1", ResponseStatus::Completed);
    recorded(&mut sim, RECORDED);
    says_goodbye(&mut sim);
    sim.advance(ms(200));
    sim.exchange(2, "item_bye", 1_000);
    assert_eq!((sim.hang_ups(), sim.session.phase()), (0, Phase::Live), "they go on");
    sim.done("resp_2", ResponseStatus::Completed);
    sim.advance(secs(2));
    // What they said over the goodbye is answered as well.
    sim.created("resp_3", Some(ResponseReason::Overheard));
    sim.added("agent_3", Some("agent_2"), Role::Agent);
    sim.speech("resp_3", "agent_3", 1_000);
    sim.agent_text("resp_3", "agent_3", "Of course. Goodbye.");
    sim.done("resp_3", ResponseStatus::Completed);
    sim.advance(secs(6));
    assert_eq!(sim.hang_ups(), 1);
    sim.input(Input::CallerStopped);
    assert_eq!(sim.run_to_close().reason, EndReason::OptedOut);
}

#[test]
fn an_agent_that_hangs_up_in_the_same_breath_hangs_up_for_that() {
    for first in [RECORD_DO_NOT_CALL, "end_call"] {
        let mut sim = Sim::greeted(placed());
        sim.exchange(1, "item_greeting", 1_000);
        let second = if first == "end_call" { RECORD_DO_NOT_CALL } else { "end_call" };
        let (mut ran, calls) = (0, [("call_1", first), ("call_2", second)]);
        for (id, name) in calls {
            let outputs = sim.tool_call("resp_1", id, name);
            ran += outputs.iter().filter(|output| matches!(output, Output::RunTool { .. })).count();
        }
        assert_eq!(ran, 1);
        sim.done("resp_1", ResponseStatus::Completed);
        let id = calls.iter().find(|(_, name)| *name == RECORD_DO_NOT_CALL).unwrap().0;
        sim.input(Input::ToolDone { call_id: id, output: RECORDED.into(), transfer: None });
        sim.advance(secs(2));
        assert_eq!(sim.hang_ups(), 1, "{first}");
        sim.input(Input::CallerStopped);
        assert_eq!(sim.run_to_close().reason, EndReason::OptedOut, "{first}");
    }
}

/// A person who is angry talks over the agent: what they asked for is done all the same.
#[test]
fn a_wish_is_heard_although_the_response_to_it_was_interrupted() {
    let mut sim = Sim::greeted(placed());
    sim.exchange(1, "item_greeting", 1_000);
    sim.caller_begins("caller_2");
    let outputs = sim.tool_call("resp_1", "call_1", RECORD_DO_NOT_CALL);
    assert!(outputs.iter().any(|output| matches!(output, Output::RunTool { .. })), "{outputs:?}");
}

/// A business may have a tool of that name for calls that come in.
#[test]
fn in_a_call_that_comes_in_it_is_a_tool_like_any_other() {
    let mut sim = asked(plan());
    sim.done("resp_1", ResponseStatus::Completed);
    assert_eq!(requests(&recorded(&mut sim, RECORDED)), [ResponseReason::ToolOutput]);
}

#[test]
fn a_session_that_goes_on_with_such_a_call_says_the_goodbye_that_was_lost() {
    let told = HistoryItem::Tool {
        call_id: "call_1".into(),
        name: RECORD_DO_NOT_CALL.into(),
        arguments: "{}".into(),
        output: RECORDED.into(),
    };
    let mut sim = Sim::live(CallPlan { epoch: Epoch(2), greeting: None, history: vec![told], ..placed() });
    assert_eq!(sim.requests(), [ResponseReason::Goodbye]);
    sim.created("bye", Some(ResponseReason::Goodbye));
    sim.speech("bye", "item_bye", 1_000);
    sim.done("bye", ResponseStatus::Completed);
    sim.advance(secs(1));
    assert_eq!(sim.hang_ups(), 1);
}
