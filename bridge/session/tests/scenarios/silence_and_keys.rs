//! Silence on both sides, and keys that the caller presses.

use domain::turn::EndReason;
use session::input::{ResponseReason, ResponseStatus, Role};
use session::output::{Event, ModelCommand};
use session::{Input, Output};

use crate::fixtures::{ms, plan, ready, secs, start};
use crate::sim::{Sim, requests};

fn answer_prompt(sim: &mut Sim, number: u32) {
    let (response, item) = (format!("prompt_{number}"), format!("item_prompt_{number}"));
    sim.created(&response, Some(ResponseReason::SilencePrompt));
    sim.speech(&response, &item, 1_000);
    sim.done(&response, ResponseStatus::Completed);
}

/// Historic failures 13 and 35.
#[test]
fn silence_is_prompted_twice_and_then_the_call_ends_with_a_goodbye() {
    let mut sim = Sim::greeted(plan());
    for number in 1..=2 {
        assert_eq!(requests(&sim.advance(secs(10))), [ResponseReason::SilencePrompt]);
        assert!(sim.has_event(&Event::SilencePrompt { number: number as u8 }));
        answer_prompt(&mut sim, number);
        sim.advance(secs(1));
    }
    assert_eq!(requests(&sim.advance(secs(10))), [ResponseReason::Goodbye]);
    sim.created("bye", Some(ResponseReason::Goodbye));
    sim.speech("bye", "item_bye", 1_000);
    sim.done("bye", ResponseStatus::Completed);
    sim.advance(secs(1));
    assert_eq!(sim.hang_ups(), 1);
    sim.input(Input::CallerStopped);
    let close = sim.run_to_close();
    assert_eq!((close.reason, close.code), (EndReason::Silence, 1000));
}

/// Historic failure 14.
#[test]
fn the_silence_begins_when_the_line_has_played_everything() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 20_000);
    sim.done("resp_1", ResponseStatus::Completed);
    assert_eq!(requests(&sim.advance(ms(29_999))), []);
    assert_eq!(requests(&sim.advance(ms(1))), [ResponseReason::SilencePrompt]);
}

#[test]
fn a_caller_who_speaks_starts_the_count_again() {
    let mut sim = Sim::greeted(plan());
    for number in 0..6 {
        assert_eq!(requests(&sim.advance(secs(10))), [ResponseReason::SilencePrompt]);
        answer_prompt(&mut sim, number);
        sim.advance(secs(1));
        let caller = format!("caller_{number}");
        sim.caller_begins(&caller);
        sim.caller_ends(&caller);
        let response = format!("resp_{number}");
        sim.created(&response, None);
        sim.speech(&response, &format!("agent_{number}"), 400);
        sim.done(&response, ResponseStatus::Completed);
        sim.advance(ms(400));
    }
    assert!(!sim.requests().contains(&ResponseReason::Goodbye));
}

#[test]
fn a_running_tool_is_not_silence() {
    let mut sim = Sim::greeted(plan());
    sim.advance(secs(5));
    sim.created("resp_1", None);
    sim.tool_call("resp_1", "call_1", "book");
    sim.done("resp_1", ResponseStatus::Completed);
    assert_eq!(requests(&sim.advance(ms(9_999))), [session::input::ResponseReason::Filler]);
}

#[test]
fn keys_become_one_note_to_the_model_and_one_request() {
    let mut sim = Sim::greeted(plan());
    for key in ['1', '2', '*', '4', '2'] {
        assert!(sim.input(Input::Dtmf(key)).is_empty());
    }
    let outputs = sim.input(Input::Dtmf('#'));
    assert!(matches!(
        &outputs[..],
        [
            Output::ToModel(ModelCommand::SystemText { text }),
            Output::ToModel(ModelCommand::CreateResponse { reason: ResponseReason::Dtmf, .. }),
        ] if text.ends_with(": 4 2")
    ));
    assert_eq!(requests(&sim.advance(secs(4))), []);
}

#[test]
fn a_pause_sends_the_keys_too() {
    let mut sim = Sim::greeted(plan());
    sim.advance(secs(9));
    sim.input(Input::Dtmf('7'));
    assert_eq!(requests(&sim.advance(ms(2_999))), []);
    assert_eq!(requests(&sim.advance(ms(1))), [ResponseReason::Dtmf]);
}

#[test]
fn keys_pressed_while_the_agent_speaks_wait_for_the_response() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 400);
    sim.input(Input::Dtmf('7'));
    assert_eq!(requests(&sim.input(Input::Dtmf('#'))), []);
    assert_eq!(requests(&sim.done("resp_1", ResponseStatus::Completed)), [ResponseReason::Dtmf]);
    sim.added("agent_dtmf", Some("agent_1"), Role::Agent);
}

#[test]
fn keys_pressed_before_the_model_is_there_are_kept_for_it() {
    let mut sim = Sim::new();
    sim.input(start());
    for key in ['4', '2', '#', '7'] {
        sim.input(Input::Dtmf(key));
    }
    sim.input(Input::Claimed(Box::new(plan())));
    let outputs = sim.input(ready());
    let note = |outputs: &[Output], end: &str| {
        outputs.iter().any(|output| {
            matches!(output, Output::ToModel(ModelCommand::SystemText { text }) if text.ends_with(end))
        })
    };
    assert!(note(&outputs, ": 4 2"), "{outputs:?}");
    assert!(note(&sim.advance(secs(3)), ": 7"), "a pause ends the entry that was begun");
}
