//! Speech over the agent's that is not, or not yet, an interruption.

use domain::CallPlan;
use domain::turn::EndReason;
use session::input::{ModelEvent, ResponseReason, ResponseStatus, Role};
use session::output::ModelCommand;
use session::{END_CALL, Input, Output};

use crate::fixtures::{ms, plan, secs};
use crate::sim::{Sim, actions, cancels, requests, truncates};

/// A business whose agent is stopped by 800 ms of speech, not by less.
fn patient() -> CallPlan {
    let mut plan = plan();
    plan.conversation.min_interruption = ms(800);
    plan
}

/// A call in which the agent has 5 s to say, all of it generated, and has said one.
fn speaking(plan: CallPlan) -> Sim {
    let mut sim = Sim::greeted(plan);
    sim.exchange(1, "item_greeting", 5_000);
    sim.done("resp_1", ResponseStatus::Completed);
    sim.advance(secs(1));
    sim
}

/// The caller makes a sound of 700 ms as turn detection counts, and turn detection answers it.
fn sound(sim: &mut Sim, item: &str) -> Vec<Output> {
    sim.caller_begins(item);
    let mut outputs = sim.advance(ms(700));
    outputs.extend(sim.caller_ends(item));
    sim.added(item, Some("agent_1"), Role::Caller);
    outputs
}

fn clears(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| matches!(output, Output::ClearCaller))
}

fn said(sim: &mut Sim, item: &str, text: &str) -> Vec<Output> {
    sim.model(ModelEvent::CallerTranscript { item, text })
}

/// Historic failure 6.
#[test]
fn a_sound_of_listening_changes_nothing_and_its_answer_is_not_heard() {
    let mut sim = speaking(patient());
    assert!(actions(&sound(&mut sim, "mhm")).is_empty());
    assert_eq!(cancels(&sim.created("resp_mhm", None)), ["resp_mhm"]);
    assert!(actions(&sim.speech("resp_mhm", "agent_mhm", 400)).is_empty());
    sim.done("resp_mhm", ResponseStatus::Cancelled);
    said(&mut sim, "mhm", "Mhm.");
    sim.advance(secs(4));
    let heard = sim.turns().iter().find(|turn| turn.item == "agent_1").map(|turn| turn.heard);
    assert_eq!(heard, Some(secs(5)), "the agent was heard to its end");
    assert_eq!(sim.requests(), [ResponseReason::Greeting]);
}

#[test]
fn a_short_word_that_matters_is_answered_when_the_agent_has_finished_generating() {
    let mut sim = speaking(patient());
    sound(&mut sim, "no");
    sim.created("resp_no", None);
    sim.done("resp_no", ResponseStatus::Cancelled);
    assert_eq!(requests(&said(&mut sim, "no", "No!")), [ResponseReason::Overheard]);
}

/// Fault 61.
#[test]
fn a_turn_that_the_model_dropped_because_it_was_speaking_is_not_lost() {
    let mut sim = Sim::greeted(patient());
    sim.exchange(1, "item_greeting", 5_000);
    sim.advance(secs(1));
    sound(&mut sim, "no");
    assert_eq!(requests(&said(&mut sim, "no", "On Friday!")), [], "a response is under way");
    assert_eq!(requests(&sim.done("resp_1", ResponseStatus::Completed)), [ResponseReason::Overheard]);
}

#[test]
fn speech_that_lasts_is_an_interruption_from_then_on() {
    let mut sim = speaking(patient());
    assert!(actions(&sim.caller_begins("wait")).is_empty());
    assert!(!clears(&sim.advance(ms(799))));
    let outputs = sim.advance(ms(1));
    assert!(clears(&outputs), "{outputs:?}");
    assert_eq!(truncates(&outputs), [("agent_1".to_owned(), 1_800)]);
    sim.caller_ends("wait");
    assert_eq!(cancels(&sim.created("resp_2", None)), [""; 0], "its answer is an answer");
}

#[test]
fn words_that_come_too_late_are_answered_to_be_safe() {
    let mut sim = speaking(patient());
    sound(&mut sim, "hello");
    assert_eq!(requests(&sim.advance(ms(1_999))), []);
    assert_eq!(requests(&sim.advance(ms(1))), [ResponseReason::Overheard]);
    assert_eq!(requests(&said(&mut sim, "hello", "Hello?")), [], "once is enough");
}

#[test]
fn a_sound_that_could_not_be_transcribed_is_let_go() {
    let mut sim = speaking(patient());
    sound(&mut sim, "cough");
    sim.model(ModelEvent::CallerTranscriptFailed { item: "cough" });
    assert_eq!(requests(&sim.advance(secs(4))), []);
}

#[test]
fn speech_that_outlasts_the_agent_is_a_turn_like_any_other() {
    let mut sim = speaking(patient());
    sim.advance(ms(3_800));
    sim.caller_begins("yes");
    sim.advance(ms(400));
    sim.caller_ends("yes");
    assert_eq!(cancels(&sim.created("resp_yes", None)), [""; 0]);
    assert!(!actions(&sim.speech("resp_yes", "agent_yes", 400)).is_empty());
}

#[test]
fn without_transcripts_the_first_sound_interrupts() {
    let mut plan = patient();
    plan.voice.transcription_model = None;
    let mut sim = speaking(plan);
    assert!(matches!(actions(&sim.caller_begins("wait"))[0], Output::ClearCaller));
}

/// Turn detection reports a sound, nothing is transcribed, and no answer comes.
#[test]
fn an_agent_who_stopped_for_a_noise_goes_on_where_it_stopped() {
    for words in [Some(""), Some("Mhm."), None] {
        let mut sim = speaking(plan());
        assert!(matches!(actions(&sim.caller_begins("noise"))[0], Output::ClearCaller));
        sim.advance(ms(600));
        sim.caller_ends("noise");
        let event = match words {
            Some(text) => ModelEvent::CallerTranscript { item: "noise", text },
            None => ModelEvent::CallerTranscriptFailed { item: "noise" },
        };
        let outputs = sim.model(event);
        let resumed = outputs.iter().any(|output| {
            matches!(output, Output::ToModel(ModelCommand::CreateResponse {
                reason: ResponseReason::Recovery, instructions: Some(text), ..
            }) if text.contains("You were cut off"))
        });
        assert!(resumed, "{words:?}: {outputs:?}");
        assert_eq!(requests(&sim.advance(secs(3))), [], "once");
    }
}

#[test]
fn a_noise_that_turn_detection_answered_is_not_answered_twice() {
    let mut sim = speaking(plan());
    sim.caller_begins("noise");
    sim.caller_ends("noise");
    sim.created("resp_2", None);
    assert_eq!(requests(&said(&mut sim, "noise", "")), []);
    sim.done("resp_2", ResponseStatus::Completed);
    assert_eq!(requests(&sim.advance(secs(1))), [ResponseReason::Recovery], "it said nothing");
}

/// A call whose agent is saying goodbye for two seconds, half of it heard.
fn leaving() -> Sim {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 2_000);
    sim.tool_call("resp_1", "call_1", END_CALL);
    sim.done("resp_1", ResponseStatus::Completed);
    sim.advance(ms(1_000));
    sim
}

#[test]
fn a_caller_who_says_bye_over_the_goodbye_is_not_talked_back_into_the_call() {
    let mut sim = leaving();
    sound(&mut sim, "bye");
    assert_eq!(cancels(&sim.created("resp_bye", None)), ["resp_bye"]);
    sim.done("resp_bye", ResponseStatus::Cancelled);
    sim.advance(ms(300));
    assert_eq!(sim.hang_ups(), 0, "what the caller said is not known yet");
    said(&mut sim, "bye", "Bye bye!");
    assert_eq!(sim.hang_ups(), 1);
    sim.input(Input::CallerStopped);
    assert_eq!(sim.run_to_close().reason, EndReason::AgentHangUp);
}

#[test]
fn a_short_objection_to_the_goodbye_keeps_the_call() {
    let mut sim = leaving();
    sound(&mut sim, "wait");
    sim.advance(ms(400));
    let outputs = said(&mut sim, "wait", "Wait!");
    assert!(outputs.iter().any(|output| matches!(output, Output::ToModel(ModelCommand::SystemText { .. }))));
    assert_eq!(requests(&outputs), [ResponseReason::Overheard]);
    sim.advance(secs(5));
    assert_eq!(sim.hang_ups(), 0);
}
