//! Goodbyes that were said without `end_call`.

use domain::turn::EndReason;
use session::input::{ErrorClass, ModelEvent, ResponseReason, ResponseStatus, Role};
use session::{Input, Output, Phase};

use crate::fixtures::{ms, plan, secs};
use crate::sim::{Sim, requests};

/// The caller says something and the agent answers it with a second of speech, which is heard.
fn exchanged(caller: &str, agent: &str) -> Sim {
    let mut sim = Sim::greeted(plan());
    answered(&mut sim, 1, caller, agent);
    sim
}

fn answered(sim: &mut Sim, number: u32, caller: &str, agent: &str) {
    let (asked, answer, response) = (format!("c{number}"), format!("a{number}"), format!("r{number}"));
    sim.caller_begins(&asked);
    sim.advance(secs(1));
    sim.caller_ends(&asked);
    sim.added(&asked, None, Role::Caller);
    sim.created(&response, None);
    sim.added(&answer, Some(&asked), Role::Agent);
    sim.speech(&response, &answer, 1_000);
    sim.agent_text(&response, &answer, agent);
    sim.done(&response, ResponseStatus::Completed);
    // The caller's words come after the answer to them, as they usually do.
    sim.model(ModelEvent::CallerTranscript { item: &asked, text: caller });
    sim.advance(secs(1));
}

fn ends(mut sim: Sim) -> bool {
    sim.advance(ms(3_999));
    assert_eq!(sim.hang_ups(), 0, "the caller may still go on");
    sim.advance(ms(1));
    sim.hang_ups() == 1
}

/// Historic failure 12.
#[test]
fn an_agent_who_said_goodbye_and_forgot_the_tool_hangs_up() {
    let mut sim = exchanged("No, that is all.", "Thank you for calling. Goodbye!");
    sim.advance(secs(4));
    assert_eq!(sim.hang_ups(), 1);
    sim.input(Input::CallerStopped);
    assert_eq!(sim.run_to_close().reason, EndReason::AgentHangUp);
}

#[test]
fn a_caller_who_said_goodbye_and_was_answered_need_not_hang_up() {
    assert!(ends(exchanged("Okay, thanks, bye.", "It was a pleasure.")));
}

#[test]
fn a_question_is_no_goodbye() {
    assert!(!ends(exchanged("Okay, thanks, bye.", "Before you go: may we call you back?")));
}

/// Historic failure 11.
#[test]
fn a_quoted_bye_ends_nothing() {
    assert!(!ends(exchanged("Bye, but one more thing.", "Of course, I am listening.")));
    assert!(!ends(exchanged("What do I say?", "Just say \"goodbye\" to the assistant.")));
}

#[test]
fn a_caller_who_goes_on_in_the_pause_keeps_the_call() {
    let mut sim = exchanged("Bye.", "Goodbye!");
    sim.advance(secs(3));
    answered(&mut sim, 2, "One more thing.", "Yes, please.");
    sim.advance(secs(5));
    assert_eq!((sim.hang_ups(), sim.session.phase()), (0, Phase::Live));
}

#[test]
fn a_business_can_leave_it_to_the_tool() {
    let mut plan = plan();
    plan.conversation.end_on_goodbye = false;
    let mut sim = Sim::greeted(plan);
    answered(&mut sim, 1, "Bye.", "Goodbye!");
    sim.advance(secs(9));
    assert_eq!(sim.hang_ups(), 0);
}

/// The model failed twice and a goodbye is about to be asked for; what is still heard is an answer, and yields.
#[test]
fn a_goodbye_that_was_not_asked_for_yet_does_not_let_the_agent_speak_over_the_caller() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 6_000);
    sim.done("resp_1", ResponseStatus::IncompleteMaxTokens);
    assert_eq!(requests(&sim.advance(ms(1_100))), [ResponseReason::Recovery]);
    let event_id = sim.last_event_id();
    sim.error(ErrorClass::Rejected, Some(&event_id));
    let outputs = sim.caller_begins("caller_2");
    assert!(outputs.iter().any(|output| matches!(output, Output::ClearCaller)), "{outputs:?}");
    assert_eq!(sim.hang_ups(), 0);
}
