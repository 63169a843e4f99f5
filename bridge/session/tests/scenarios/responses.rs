//! Who asks the model to speak, and what happens when nothing comes of it.

use domain::turn::EndReason;
use session::input::{ErrorClass, ResponseReason, ResponseStatus, Role};
use session::output::ModelCommand;
use session::{Output, Phase};

use crate::fixtures::{ms, plan, secs};
use crate::sim::{Sim, actions, cancels, requests};

/// Historic failure 3.
#[test]
fn no_response_is_asked_for_while_one_is_under_way() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 400);
    sim.tool_call("resp_1", "call_1", "book");
    let outputs =
        sim.input(session::Input::ToolDone { call_id: "call_1", output: "{}".into(), transfer: None });
    assert_eq!(requests(&outputs), []);
    let outputs = sim.done("resp_1", ResponseStatus::Completed);
    assert_eq!(requests(&outputs), [ResponseReason::ToolOutput]);
}

#[test]
fn a_request_that_lost_the_race_is_made_again_when_the_other_response_is_done() {
    let mut sim = Sim::live(plan());
    let greeting = sim.last_event_id();
    sim.created("other", None);
    let outputs = sim.error(ErrorClass::ResponseActive, Some(&greeting));
    assert_eq!(requests(&outputs), []);
    let outputs = sim.done("other", ResponseStatus::Completed);
    assert_eq!(requests(&outputs), [ResponseReason::Greeting]);
    assert_ne!(sim.last_event_id(), greeting, "each request has its own id");
}

#[test]
fn a_response_that_we_know_nothing_of_cannot_block_us_for_ever() {
    let mut sim = Sim::live(plan());
    let greeting = sim.last_event_id();
    sim.error(ErrorClass::ResponseActive, Some(&greeting));
    assert_eq!(requests(&sim.advance(secs(9))), []);
    assert_eq!(requests(&sim.advance(secs(1))), [ResponseReason::Greeting]);
}

/// Fault 60.
#[test]
fn a_response_that_never_begins_is_given_up_and_tried_once_more() {
    let mut sim = Sim::live(plan());
    assert_eq!(requests(&sim.advance(ms(9_999))), []);
    assert_eq!(requests(&sim.advance(ms(1_001))), [ResponseReason::Recovery]);
    let close = sim.run_to_close();
    assert_eq!((close.reason, close.code), (EndReason::ModelLost, 1011));
    let asked = [ResponseReason::Greeting, ResponseReason::Recovery];
    assert_eq!(sim.requests(), asked);
    assert_eq!(sim.hang_ups(), 0, "Twilio asks what to do next, and another voice apologises");
}

/// Fault 60.
#[test]
fn a_response_that_stalls_is_cancelled_and_what_comes_late_is_not_played() {
    let mut sim = Sim::greeted(plan());
    sim.caller_begins("caller_1");
    sim.caller_ends("caller_1");
    sim.created("stuck", None);
    let outputs = sim.advance(secs(16));
    assert_eq!(cancels(&outputs), ["stuck"]);
    assert_eq!(requests(&outputs), [ResponseReason::Recovery]);
    assert!(actions(&sim.speech("stuck", "item_stuck", 400)).is_empty());
}

/// Historic failure 16.
#[test]
fn a_filtered_answer_is_tried_again_and_then_the_caller_is_offered_something_else() {
    let mut sim = Sim::greeted(plan());
    sim.caller_begins("caller_1");
    sim.caller_ends("caller_1");
    sim.created("filtered", None);
    sim.done("filtered", ResponseStatus::IncompleteContentFilter);
    assert_eq!(requests(&sim.advance(secs(1))), [ResponseReason::Recovery]);
    for (n, pause) in [(1, 2), (2, 3)] {
        let again = format!("again_{n}");
        sim.created(&again, Some(ResponseReason::Recovery));
        sim.done(&again, ResponseStatus::IncompleteContentFilter);
        assert_eq!(requests(&sim.advance(secs(pause))), [ResponseReason::Recovery]);
    }
    sim.created("again", Some(ResponseReason::Recovery));
    sim.done("again", ResponseStatus::IncompleteContentFilter);
    let close = sim.close().expect("closed");
    assert_eq!((close.reason, close.code), (EndReason::ModelLost, 1011));
    assert_eq!(sim.hang_ups(), 0, "Twilio asks what follows");
}

#[test]
fn each_turn_of_the_caller_has_its_own_chance_to_recover() {
    let mut sim = Sim::greeted(plan());
    for turn in 0..3 {
        let (caller, response) = (format!("caller_{turn}"), format!("failed_{turn}"));
        sim.caller_begins(&caller);
        sim.caller_ends(&caller);
        sim.created(&response, None);
        sim.done(&response, ResponseStatus::Failed);
        assert_eq!(requests(&sim.advance(secs(1))), [ResponseReason::Recovery]);
        let again = format!("again_{turn}");
        sim.created(&again, Some(ResponseReason::Recovery));
        sim.speech(&again, &format!("item_{turn}"), 400);
        sim.done(&again, ResponseStatus::Completed);
        sim.advance(secs(1));
    }
    assert_eq!(sim.session.phase(), Phase::Live);
}

#[test]
fn words_that_were_spoken_close_a_failure() {
    let mut sim = Sim::greeted(plan());
    for n in 0..2 {
        assert_eq!(requests(&sim.advance(secs(10))), [ResponseReason::SilencePrompt]);
        let (failed, again) = (format!("failed_{n}"), format!("again_{n}"));
        sim.created(&failed, Some(ResponseReason::SilencePrompt));
        sim.done(&failed, ResponseStatus::Failed);
        assert_eq!(requests(&sim.advance(secs(1))), [ResponseReason::Recovery]);
        sim.created(&again, Some(ResponseReason::Recovery));
        sim.speech(&again, &format!("item_{n}"), 400);
        sim.done(&again, ResponseStatus::Completed);
        sim.advance(ms(400));
    }
}

#[test]
fn a_prompt_that_lost_the_race_against_an_answer_is_not_needed_any_more() {
    let mut sim = Sim::greeted(plan());
    sim.advance(secs(10));
    let prompt = sim.last_event_id();
    sim.created("answer", None);
    sim.error(ErrorClass::ResponseActive, Some(&prompt));
    sim.speech("answer", "item_answer", 400);
    assert_eq!(requests(&sim.done("answer", ResponseStatus::Completed)), []);
}

#[test]
fn turn_detection_that_answers_has_heard_the_caller_stop() {
    let mut sim = Sim::greeted(plan());
    sim.caller_begins("caller_1");
    sim.created("answer", None);
    sim.speech("answer", "item_answer", 400);
    sim.done("answer", ResponseStatus::Completed);
    sim.advance(ms(400));
    assert_eq!(requests(&sim.advance(secs(10))), [ResponseReason::SilencePrompt]);
}

#[test]
fn a_greeting_that_failed_is_not_replaced_by_small_talk() {
    let mut sim = Sim::live(plan());
    sim.created("greeting", Some(ResponseReason::Greeting));
    sim.done("greeting", ResponseStatus::Failed);
    let outputs = sim.advance(secs(1));
    let Some(Output::ToModel(ModelCommand::CreateResponse { reason, instructions, .. })) =
        actions(&outputs).first().copied()
    else {
        panic!("something is said: {outputs:?}")
    };
    assert_eq!(*reason, ResponseReason::Recovery);
    assert!(instructions.as_deref().is_some_and(|text| text.contains("good morning")));
}

#[test]
fn an_error_about_something_else_changes_nothing() {
    let mut sim = Sim::live(plan());
    for class in [ErrorClass::Benign, ErrorClass::Rejected] {
        assert!(sim.error(class, None).is_empty());
        assert!(sim.error(class, Some("append-7")).is_empty());
    }
    sim.created("greeting", Some(ResponseReason::Greeting));
    assert!(!actions(&sim.speech("greeting", "item_greeting", 200)).is_empty(), "the call is not mute");
}

#[test]
fn a_caller_who_is_not_answered_by_turn_detection_is_answered_by_us() {
    let mut sim = Sim::greeted(plan());
    sim.caller_begins("caller_1");
    sim.advance(secs(1));
    sim.caller_ends("caller_1");
    assert_eq!(requests(&sim.advance(secs(2))), []);
    assert_eq!(requests(&sim.advance(secs(2))), [ResponseReason::Recovery]);
}

/// Historic failure 33.
#[test]
fn speech_that_never_ends_does_not_close_the_gate_for_ever() {
    let mut sim = Sim::greeted(plan());
    sim.caller_begins("music");
    sim.frames_for(secs(59));
    assert_eq!(sim.requests(), [ResponseReason::Greeting]);
    sim.frames_for(secs(12));
    assert_eq!(sim.requests(), [ResponseReason::Greeting, ResponseReason::SilencePrompt]);
}

/// Fault 61.
#[test]
fn audio_of_a_response_that_was_never_announced_is_played() {
    let mut sim = Sim::greeted(plan());
    assert!(!actions(&sim.speech("unannounced", "item_1", 200)).is_empty());
    sim.created("unannounced", None);
    sim.done("unannounced", ResponseStatus::Completed);
    // Nor was its item: its place in the conversation is waited for.
    sim.advance(secs(2));
    assert!(sim.turns().iter().any(|turn| turn.item == "item_1" && turn.heard == ms(200)));
}

#[test]
fn usage_is_counted_once_per_response() {
    let mut sim = Sim::greeted(plan());
    let usage = domain::turn::Usage { input_audio: 100, output_audio: 50, ..Default::default() };
    sim.created("resp_1", None);
    sim.added("item_1", Some("item_greeting"), Role::Agent);
    sim.speech("resp_1", "item_1", 200);
    for _ in 0..2 {
        sim.model(session::input::ModelEvent::ResponseDone {
            response: "resp_1",
            status: ResponseStatus::Completed,
            usage: Some(usage),
        });
    }
    sim.input(session::Input::CallerStopped);
    let counted = sim.close().unwrap().figures.usage;
    assert_eq!((counted.responses, counted.input_audio, counted.output_audio), (2, 100, 50));
}

/// Historic failure 16.
#[test]
fn words_that_broke_off_are_gone_on_with_once() {
    for status in
        [ResponseStatus::IncompleteMaxTokens, ResponseStatus::IncompleteContentFilter, ResponseStatus::Failed]
    {
        let mut sim = Sim::greeted(plan());
        sim.exchange(1, "item_greeting", 2_000);
        assert_eq!(requests(&sim.done("resp_1", status)), [], "not at once: the model may be out of breath");
        assert_eq!(requests(&sim.advance(secs(1))), [ResponseReason::Recovery], "{status:?}");
        sim.created("rest", Some(ResponseReason::Recovery));
        sim.speech("rest", "item_rest", 1_000);
        sim.done("rest", status);
        assert_eq!(requests(&sim.advance(secs(5))), [], "{status:?}: half a sentence is better than a loop");
    }
}

#[test]
fn words_that_the_caller_interrupted_did_not_break_off() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 2_000);
    sim.caller_begins("caller_2");
    sim.done("resp_1", ResponseStatus::IncompleteMaxTokens);
    assert_eq!(requests(&sim.advance(secs(2))), []);
}

/// Some of a response's audio may be there before word that it began, and with it word that it is out of turn.
#[test]
fn nothing_is_added_to_a_response_that_is_cancelled_as_it_begins() {
    let mut sim = Sim::greeted(plan());
    sim.created("resp_1", None);
    sim.tool_call("resp_1", "call_1", "book");
    sim.done("resp_1", ResponseStatus::Completed);
    sim.input(session::Input::ToolDone { call_id: "call_1", output: "{}".into(), transfer: None });
    sim.caller_begins("caller_1");
    sim.delta("resp_2", "agent_2", 200);
    let outputs = sim.created("resp_2", Some(ResponseReason::ToolOutput));
    assert_eq!(cancels(&outputs), ["resp_2"]);
    let outputs = sim.delta("resp_2", "agent_2", 200);
    assert!(!outputs.iter().any(|output| matches!(output, Output::AudioToCaller)), "{outputs:?}");
}
