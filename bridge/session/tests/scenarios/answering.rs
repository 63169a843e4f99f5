//! Outbound calls: a person, a machine or a screening service answers.

use domain::business::VoicemailPolicy;
use domain::plan::Introduction;
use domain::turn::EndReason;
use domain::{AnsweredBy, CallPlan, Direction, Epoch};
use session::input::{ModelEvent, ResponseReason, ResponseStatus, Role};
use session::output::ModelCommand;
use session::{Input, Output, Phase};

use crate::fixtures::{ms, plan, ready, secs, start};
use crate::sim::{Sim, cancels, requests};

const TEXT: &str = "This is Harbour Bicycle Workshop. Your bicycle is ready.";
const GREETING: &str = "You have reached Anna. Please leave a message after the tone.";

fn outbound() -> CallPlan {
    let introduction = Introduction {
        name: "Harbour Bicycle Workshop".into(),
        reason: Some("your bicycle is ready".into()),
    };
    CallPlan { direction: Direction::Outbound, introduction: Some(introduction), ..plan() }
}

fn leaves_message() -> CallPlan {
    let mut plan = outbound();
    plan.conversation.voicemail = VoicemailPolicy::LeaveMessage { text: TEXT.into() };
    plan
}

/// The party that answered says something for this long, and turn detection answers it as it does.
fn says(sim: &mut Sim, item: &str, lasts: std::time::Duration, text: &str) -> Vec<Output> {
    let mut outputs = sim.caller_begins(item);
    outputs.extend(sim.advance(lasts));
    outputs.extend(sim.caller_ends(item));
    outputs.extend(sim.added(item, None, Role::Caller));
    let response = format!("resp_{item}");
    outputs.extend(sim.created(&response, None));
    let words = sim.model(ModelEvent::CallerTranscript { item, text });
    if !cancels(&outputs).contains(&response.as_str()) && !cancels(&words).contains(&response.as_str()) {
        outputs.extend(sim.speech(&response, &format!("agent_{item}"), 1_000));
        outputs.extend(sim.done(&response, ResponseStatus::Completed));
    } else {
        outputs.extend(sim.done(&response, ResponseStatus::Cancelled));
    }
    outputs.extend(words);
    outputs
}

fn ended(sim: &mut Sim) -> EndReason {
    sim.input(Input::CallerStopped);
    sim.run_to_close().reason
}

fn last_instructions(sim: &Sim) -> String {
    let text = sim.log.iter().rev().find_map(|(_, output)| match output {
        Output::ToModel(ModelCommand::CreateResponse { instructions, .. }) => instructions.clone(),
        _ => None,
    });
    text.expect("something was asked for")
}

/// Historic failure 13.
#[test]
fn words_that_only_machines_say_end_the_call_at_once() {
    let mut sim = Sim::greeted(outbound());
    says(&mut sim, "c1", secs(4), GREETING);
    assert_eq!(sim.hang_ups(), 1);
    assert_eq!(sim.requests(), [ResponseReason::Greeting], "a machine gets no goodbye");
    assert_eq!(ended(&mut sim), EndReason::Voicemail);
}

/// Historic failure 13.
#[test]
fn a_monologue_without_a_breath_is_a_machines() {
    let mut sim = Sim::live(outbound());
    sim.created("greeting", Some(ResponseReason::Greeting));
    sim.caller_begins("c1");
    sim.frames_for(secs(11));
    assert_eq!(sim.hang_ups(), 0);
    sim.frames_for(secs(2));
    assert_eq!(sim.hang_ups(), 1);
    assert_eq!(ended(&mut sim), EndReason::Voicemail);
}

#[test]
fn a_person_who_tells_a_long_story_later_is_no_machine() {
    let mut sim = Sim::greeted(outbound());
    says(&mut sim, "c1", secs(1), "Yes, speaking.");
    sim.advance(secs(6));
    sim.caller_begins("c2");
    sim.frames_for(secs(30));
    assert_eq!(sim.hang_ups(), 0);
}

/// Historic failure 15.
#[test]
fn the_greeting_waits_for_no_verdict() {
    let mut sim = Sim::live(outbound());
    assert_eq!(sim.requests(), [ResponseReason::Greeting]);
    for verdict in [AnsweredBy::Unknown, AnsweredBy::Human, AnsweredBy::Unknown] {
        sim.input(Input::AnsweredBy(verdict));
    }
    sim.created("greeting", Some(ResponseReason::Greeting));
    let heard = sim.speech("greeting", "item_greeting", 400);
    assert!(heard.iter().any(|output| matches!(output, Output::AudioToCaller)));
}

/// Historic failure 15.
#[test]
fn an_unknown_verdict_ends_no_call() {
    let mut sim = Sim::greeted(outbound());
    sim.input(Input::AnsweredBy(AnsweredBy::Unknown));
    sim.advance(secs(9));
    assert_eq!(sim.hang_ups(), 0, "the usual silence has begun, and nothing else");
    assert_eq!(sim.session.phase(), Phase::Live);
}

#[test]
fn a_verdict_is_confirmed_by_a_silent_line() {
    let mut sim = Sim::greeted(outbound());
    sim.input(Input::AnsweredBy(AnsweredBy::MachineStart));
    assert_eq!(sim.hang_ups(), 0);
    sim.advance(ms(3_999));
    assert_eq!(sim.hang_ups(), 0);
    sim.advance(ms(1));
    assert_eq!((sim.hang_ups(), ended(&mut sim)), (1, EndReason::Voicemail));
}

/// Historic failure 15. The verdict was wrong.
#[test]
fn a_person_who_answers_clears_the_verdict() {
    for words in ["Hello?", "Yes, that is me.", "I would like to know more about that."] {
        let mut sim = Sim::greeted(outbound());
        sim.input(Input::AnsweredBy(AnsweredBy::MachineStart));
        sim.advance(secs(1));
        says(&mut sim, "c1", secs(2), words);
        sim.advance(secs(9));
        assert_eq!(sim.hang_ups(), 0, "{words}");
        sim.input(Input::AnsweredBy(AnsweredBy::MachineStart));
        sim.advance(secs(9));
        assert_eq!(sim.hang_ups(), 0, "nor does another verdict matter");
    }
}

#[test]
fn a_verdict_that_comes_before_the_model_is_kept_for_the_conversation() {
    let mut sim = Sim::new();
    sim.input(start());
    sim.input(Input::Claimed(Box::new(outbound())));
    sim.input(Input::AnsweredBy(AnsweredBy::Fax));
    sim.input(ready());
    assert_eq!((sim.hang_ups(), ended(&mut sim)), (1, EndReason::Voicemail));
}

#[test]
fn a_caller_is_never_taken_for_a_machine() {
    let mut sim = Sim::greeted(plan());
    sim.input(Input::AnsweredBy(AnsweredBy::MachineEnd));
    says(&mut sim, "c1", secs(14), GREETING);
    sim.advance(secs(5));
    assert_eq!(sim.hang_ups(), 0);
    // A later epoch goes on with the party that was spoken to.
    let mut sim = Sim::greeted(CallPlan { epoch: Epoch(2), ..outbound() });
    says(&mut sim, "c1", secs(14), GREETING);
    assert_eq!(sim.hang_ups(), 0);
}

fn message_is_left(sim: &mut Sim) {
    assert_eq!(sim.requests().last(), Some(&ResponseReason::Goodbye));
    assert!(last_instructions(sim).contains(TEXT), "word for word");
    sim.created("message", Some(ResponseReason::Goodbye));
    sim.speech("message", "item_message", 4_000);
    sim.done("message", ResponseStatus::Completed);
    sim.advance(ms(3_900));
    assert_eq!(sim.hang_ups(), 0, "to its end");
    sim.advance(ms(100));
    assert_eq!(sim.hang_ups(), 1);
    let messages = sim.requests().iter().filter(|reason| **reason == ResponseReason::Goodbye).count();
    assert_eq!(messages, 1);
}

#[test]
fn a_message_is_left_once_the_greeting_has_ended_in_silence() {
    let mut sim = Sim::greeted(leaves_message());
    let outputs = says(&mut sim, "c1", secs(4), GREETING);
    assert_eq!(cancels(&outputs), ["resp_c1"], "a machine is not answered");
    sim.advance(ms(1_900));
    // The greeting goes on after a breath, and the machine has not been told so.
    let outputs = says(&mut sim, "c2", secs(3), "Or send an email to anna.");
    assert_eq!(cancels(&outputs), ["resp_c2"]);
    assert_eq!(sim.requests(), [ResponseReason::Greeting]);
    sim.advance(secs(2));
    message_is_left(&mut sim);
    assert_eq!(ended(&mut sim), EndReason::Voicemail);
}

#[test]
fn a_message_is_left_at_the_tone_that_twilio_heard() {
    let mut sim = Sim::greeted(leaves_message());
    says(&mut sim, "c1", secs(4), GREETING);
    sim.input(Input::AnsweredBy(AnsweredBy::MachineEnd));
    message_is_left(&mut sim);
    let mut sim = Sim::greeted(leaves_message());
    sim.input(Input::AnsweredBy(AnsweredBy::MachineEnd));
    message_is_left(&mut sim);
}

#[test]
fn a_tone_over_the_message_does_not_stop_it() {
    let mut sim = Sim::greeted(leaves_message());
    sim.input(Input::AnsweredBy(AnsweredBy::MachineEnd));
    sim.created("message", Some(ResponseReason::Goodbye));
    sim.speech("message", "item_message", 4_000);
    let outputs = sim.caller_begins("tone");
    assert!(!outputs.iter().any(|output| matches!(output, Output::ClearCaller)));
    sim.done("message", ResponseStatus::Completed);
    sim.advance(secs(2));
    sim.caller_ends("tone");
    sim.model(ModelEvent::CallerTranscript { item: "tone", text: "" });
    sim.advance(secs(4));
    assert_eq!((sim.hang_ups(), ended(&mut sim)), (1, EndReason::Voicemail));
}

#[test]
fn a_machine_that_never_stops_speaking_gets_its_message_after_45_seconds() {
    let mut sim = Sim::greeted(leaves_message());
    says(&mut sim, "c1", secs(4), GREETING);
    for number in 2..8 {
        says(&mut sim, &format!("c{number}"), secs(7), "And then there is this to be said.");
        sim.advance(secs(1));
    }
    assert!(sim.requests().contains(&ResponseReason::Goodbye), "after 45 s");
}

#[test]
fn a_person_who_picks_up_after_all_stops_the_message() {
    let mut sim = Sim::greeted(leaves_message());
    sim.input(Input::AnsweredBy(AnsweredBy::MachineEnd));
    sim.created("message", Some(ResponseReason::Goodbye));
    sim.speech("message", "item_message", 6_000);
    sim.done("message", ResponseStatus::Completed);
    let outputs = says(&mut sim, "c1", secs(1), "Hello? I'm here.");
    assert_eq!(sim.requests().last(), Some(&ResponseReason::Overheard), "they are answered: {outputs:?}");
    assert!(outputs.iter().any(|output| matches!(output, Output::ClearCaller)));
    sim.created("answer", Some(ResponseReason::Overheard));
    sim.speech("answer", "item_answer", 1_000);
    sim.done("answer", ResponseStatus::Completed);
    sim.advance(secs(5));
    assert_eq!((sim.hang_ups(), sim.session.phase()), (0, Phase::Live));
}

/// Historic failure 13.
#[test]
fn a_screening_service_is_answered_once_and_then_waited_for() {
    let mut sim = Sim::greeted(outbound());
    let asks = "If you record your name and reason for calling, I'll see if this person is available.";
    let outputs = says(&mut sim, "c1", secs(5), asks);
    assert_eq!(cancels(&outputs), ["resp_c1"], "it is no person");
    assert_eq!(sim.requests().last(), Some(&ResponseReason::Screening));
    let text = last_instructions(&sim);
    assert!(text.contains("Harbour Bicycle Workshop") && text.contains("your bicycle is ready"));
    sim.created("introduction", Some(ResponseReason::Screening));
    sim.speech("introduction", "item_introduction", 3_000);
    sim.done("introduction", ResponseStatus::Completed);
    sim.advance(secs(3));
    let held = says(&mut sim, "c2", secs(2), "Thanks, please stay on the line.");
    assert_eq!(cancels(&held), ["resp_c2"]);
    let waited = sim.advance(secs(30));
    assert_eq!(requests(&waited), [], "the caller is not asked whether they are still there");
    let picked_up = says(&mut sim, "c3", secs(1), "Hello?");
    assert_eq!(cancels(&picked_up), Vec::<&str>::new(), "a person is answered");
    let again = sim.requests().iter().filter(|reason| **reason == ResponseReason::Screening).count();
    assert_eq!(again, 1);
    // From here on it is a call like any other.
    let silence = sim.advance(secs(12));
    assert_eq!(requests(&silence), [ResponseReason::SilencePrompt]);
    assert_eq!(sim.hang_ups(), 0);
}

#[test]
fn a_screened_call_that_is_not_taken_ends_like_any_silence_or_with_the_machine() {
    let asks = "Please say your name and the reason for your call.";
    let mut sim = Sim::greeted(outbound());
    says(&mut sim, "c1", secs(3), "Record your name and reason for calling.");
    sim.created("introduction", Some(ResponseReason::Screening));
    sim.speech("introduction", "item_introduction", 1_000);
    sim.done("introduction", ResponseStatus::Completed);
    assert_eq!(requests(&sim.advance(secs(60))), [ResponseReason::SilencePrompt]);

    let mut sim = Sim::greeted(outbound());
    says(&mut sim, "c1", secs(3), asks);
    sim.created("introduction", Some(ResponseReason::Screening));
    sim.speech("introduction", "item_introduction", 1_000);
    sim.done("introduction", ResponseStatus::Completed);
    sim.advance(secs(2));
    says(&mut sim, "c2", secs(3), GREETING);
    assert_eq!((sim.hang_ups(), ended(&mut sim)), (1, EndReason::Voicemail));
}
