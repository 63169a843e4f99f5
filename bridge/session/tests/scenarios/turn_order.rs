//! Turns: in the order of the conversation, once, in their final form.

use std::time::Duration;

use domain::Speaker;
use domain::business::{Eagerness, TurnDetection};
use domain::turn::{AnswerSteps, TurnState};
use session::Input;
use session::input::{ModelEvent, ResponseReason, ResponseStatus, Role};

use crate::fixtures::{ms, plan, secs};
use crate::sim::Sim;

fn items(sim: &Sim) -> Vec<&str> {
    sim.turns().into_iter().map(|turn| turn.item.as_str()).collect()
}

#[test]
fn a_transcript_that_arrives_after_the_answer_is_still_in_front_of_it() {
    let mut sim = Sim::greeted(plan());
    sim.caller_begins("caller_1");
    sim.caller_ends("caller_1");
    sim.added("caller_1", Some("item_greeting"), Role::Caller);
    sim.created("resp_1", None);
    sim.added("agent_1", Some("caller_1"), Role::Agent);
    sim.speech("resp_1", "agent_1", 400);
    sim.agent_text("resp_1", "agent_1", "Yes.");
    sim.done("resp_1", ResponseStatus::Completed);
    sim.advance(secs(1));
    assert_eq!(items(&sim), ["item_greeting"]);
    sim.model(ModelEvent::CallerTranscript { item: "caller_1", text: "Are you open?" });
    assert_eq!(items(&sim), ["item_greeting", "caller_1", "agent_1"]);
    let turns = sim.turns();
    assert_eq!((turns[1].speaker, turns[1].text.as_str()), (Speaker::Caller, "Are you open?"));
    assert_eq!(turns.iter().map(|turn| turn.position).collect::<Vec<_>>(), [0, 1, 2]);
}

/// Fault 61.
#[test]
fn items_that_arrive_before_their_predecessors_wait_for_them() {
    let mut sim = Sim::greeted(plan());
    sim.model(ModelEvent::CallerTranscript { item: "caller_2", text: "second" });
    sim.added("caller_2", Some("caller_1"), Role::Caller);
    assert_eq!(items(&sim), ["item_greeting"]);
    sim.added("caller_1", Some("item_greeting"), Role::Caller);
    sim.model(ModelEvent::CallerTranscript { item: "caller_1", text: "first" });
    assert_eq!(items(&sim), ["item_greeting", "caller_1", "caller_2"]);
    sim.model(ModelEvent::CallerTranscript { item: "caller_1", text: "first, again" });
    assert_eq!(sim.turns().len(), 3, "each item is one turn");
}

#[test]
fn a_transcription_that_failed_or_never_came_is_marked_and_blocks_nothing() {
    let mut sim = Sim::greeted(plan());
    sim.added("caller_1", Some("item_greeting"), Role::Caller);
    sim.model(ModelEvent::CallerTranscriptFailed { item: "caller_1" });
    sim.added("caller_2", Some("caller_1"), Role::Caller);
    sim.advance(ms(14_999));
    assert_eq!(items(&sim), ["item_greeting", "caller_1"]);
    sim.advance(ms(1));
    assert_eq!(items(&sim), ["item_greeting", "caller_1", "caller_2"]);
    assert!(sim.turns()[1..].iter().all(|turn| turn.state == TurnState::Failed && turn.text.is_empty()));
}

#[test]
fn without_a_transcription_model_the_caller_s_turns_wait_for_nothing() {
    let mut untranscribed = plan();
    untranscribed.voice.transcription_model = None;
    let mut sim = Sim::greeted(untranscribed);
    sim.added("caller_1", Some("item_greeting"), Role::Caller);
    assert_eq!(items(&sim), ["item_greeting", "caller_1"]);
    sim.input(Input::CallerStopped);
    assert!(sim.session.is_closed());
}

#[test]
fn words_that_are_still_being_transcribed_are_waited_for_after_the_call() {
    let mut sim = Sim::greeted(plan());
    sim.added("caller_1", Some("item_greeting"), Role::Caller);
    sim.input(Input::CallerStopped);
    assert!(!sim.session.is_closed());
    sim.advance(ms(500));
    sim.model(ModelEvent::CallerTranscript { item: "caller_1", text: "Goodbye." });
    assert!(sim.session.is_closed(), "and no longer than needed");
    assert_eq!(sim.turns()[1].text, "Goodbye.");
    assert_eq!(sim.close().unwrap().figures.turns, 2);
}

#[test]
fn words_that_do_not_come_hold_the_end_up_for_two_seconds() {
    let mut sim = Sim::greeted(plan());
    sim.added("caller_1", Some("item_greeting"), Role::Caller);
    sim.input(Input::CallerGone);
    let left = sim.now;
    let close = sim.run_to_close();
    assert_eq!((sim.now - left, close.code), (secs(2), 1001));
    assert_eq!(sim.turns()[1].state, TurnState::Failed);
}

#[test]
fn an_agent_s_turn_waits_until_it_was_heard() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 3_000);
    sim.done("resp_1", ResponseStatus::Completed);
    sim.advance(ms(2_999));
    assert_eq!(items(&sim), ["item_greeting", "caller_1"]);
    sim.advance(ms(1));
    let turns = sim.turns();
    let turn = turns.last().unwrap();
    assert_eq!((turn.item.as_str(), turn.spoken, turn.heard), ("agent_1", secs(3), secs(3)));
    assert_eq!(turn.latency, Some(ms(0)));
}

#[test]
fn an_answer_tells_its_steps_from_the_end_of_the_caller_s_speech() {
    let mut sim = Sim::greeted(plan());
    sim.caller_begins("caller_1");
    sim.advance(secs(1));
    sim.caller_ends("caller_1");
    sim.added("caller_1", Some("item_greeting"), Role::Caller);
    sim.advance(ms(120));
    sim.created("resp_1", None);
    sim.added("agent_1", Some("caller_1"), Role::Agent);
    sim.advance(ms(230));
    sim.speech("resp_1", "agent_1", 400);
    sim.advance(ms(50));
    // The rest of the sentence is no other beginning.
    sim.speech("resp_1", "agent_1", 600);
    sim.model(ModelEvent::CallerTranscript { item: "caller_1", text: "Hello." });
    sim.done("resp_1", ResponseStatus::Completed);
    sim.advance(secs(2));
    let turns = sim.turns();
    let [.., caller, agent] = &turns[..] else { panic!("{turns:?}") };
    assert_eq!(agent.latency, Some(ms(350)));
    let steps = AnswerSteps { words: Some(ms(400)), begun: Some(ms(120)), heard: Some(ms(350)) };
    assert_eq!(agent.steps, steps);
    assert_eq!(caller.steps, AnswerSteps::default());
    assert_eq!(turns[0].steps, AnswerSteps::default(), "a greeting answers no words");
}

#[test]
fn a_caller_who_hangs_up_in_mid_sentence_heard_only_part_of_it() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 3_000);
    sim.advance(ms(1_250));
    sim.input(Input::CallerStopped);
    let turns = sim.turns();
    let turn = turns.last().unwrap();
    assert_eq!((turn.state, turn.heard), (TurnState::Interrupted, ms(1_250)));
    let figures = &sim.close().unwrap().figures;
    assert_eq!((figures.agent_audio_sent, figures.agent_audio_heard), (secs(5), ms(3_250)));
}

#[test]
fn an_answer_cut_off_before_its_first_sound_is_no_turn() {
    let mut sim = Sim::greeted(plan());
    sim.created("resp_1", None);
    sim.added("agent_1", Some("item_greeting"), Role::Agent);
    sim.caller_begins("caller_1");
    sim.done("resp_1", ResponseStatus::Cancelled);
    sim.input(Input::CallerStopped);
    assert_eq!(items(&sim), ["item_greeting"]);
}

#[test]
fn a_turn_s_time_is_when_it_began() {
    let mut sim = Sim::greeted(plan());
    sim.advance(secs(1));
    sim.caller_begins("caller_1");
    sim.advance(secs(3));
    sim.caller_ends("caller_1");
    sim.added("caller_1", Some("item_greeting"), Role::Caller);
    sim.model(ModelEvent::CallerTranscript { item: "caller_1", text: "Hello." });
    let (greeting, caller) = (sim.turns()[0].at, sim.turns()[1].at);
    assert_eq!(caller.since(greeting), secs(3));
}

#[test]
fn latencies_are_measured_from_the_end_of_the_caller_s_speech_to_the_first_audio() {
    let mut sim = Sim::greeted(plan());
    sim.caller_begins("caller_1");
    sim.advance(secs(2));
    sim.caller_ends("caller_1");
    sim.advance(ms(350));
    sim.created("resp_1", None);
    sim.speech("resp_1", "agent_1", 400);
    sim.created("unasked", Some(ResponseReason::SilencePrompt));
    sim.speech("unasked", "agent_2", 400);
    sim.input(Input::CallerStopped);
    assert_eq!(sim.close().unwrap().figures.turn_latencies, [ms(350)]);
}

fn spoken(sim: &mut Sim, item: &str) -> Duration {
    sim.model(ModelEvent::CallerTranscript { item, text: "Yes." });
    sim.turns().into_iter().find(|turn| turn.item == item).expect("the turn is final").spoken
}

#[test]
fn a_callers_turn_is_as_long_as_its_speech_without_the_silence_around_it() {
    let mut sim = Sim::greeted(plan());
    sim.model(ModelEvent::SpeechStarted { item: "caller_1", audio_start: Some(ms(10_000)) });
    sim.model(ModelEvent::SpeechStopped { item: "caller_1", audio_end: Some(ms(14_300)) });
    sim.added("caller_1", Some("item_greeting"), Role::Caller);
    assert_eq!(spoken(&mut sim, "caller_1"), ms(3_500), "300 ms of padding and 500 ms of silence");
    sim.model(ModelEvent::SpeechStarted { item: "caller_2", audio_start: Some(ms(14_300)) });
    sim.model(ModelEvent::SpeechStopped { item: "caller_2", audio_end: Some(ms(14_400)) });
    sim.added("caller_2", Some("caller_1"), Role::Caller);
    assert_eq!(spoken(&mut sim, "caller_2"), ms(1), "short, but not unknown");

    let mut plan = plan();
    plan.voice.turn_detection = TurnDetection::Semantic { eagerness: Eagerness::Auto };
    let mut sim = Sim::greeted(plan);
    sim.model(ModelEvent::SpeechStarted { item: "caller_1", audio_start: Some(ms(10_000)) });
    sim.model(ModelEvent::SpeechStopped { item: "caller_1", audio_end: Some(ms(14_300)) });
    sim.added("caller_1", Some("item_greeting"), Role::Caller);
    assert_eq!(spoken(&mut sim, "caller_1"), ms(4_300), "how long it waited is not known");
}

#[test]
fn a_turn_without_an_end_has_the_length_that_the_clock_saw() {
    let mut sim = Sim::greeted(plan());
    sim.caller_begins("caller_1");
    sim.advance(secs(2));
    sim.added("caller_1", Some("item_greeting"), Role::Caller);
    assert_eq!(spoken(&mut sim, "caller_1"), secs(2));

    // The end is told after the item: it knows better.
    sim.model(ModelEvent::SpeechStarted { item: "caller_2", audio_start: Some(ms(20_000)) });
    sim.advance(secs(2));
    sim.added("caller_2", Some("caller_1"), Role::Caller);
    sim.model(ModelEvent::SpeechStopped { item: "caller_2", audio_end: Some(ms(21_800)) });
    assert_eq!(spoken(&mut sim, "caller_2"), secs(1));

    // No speech: committed by a timeout.
    sim.added("caller_3", Some("caller_2"), Role::Caller);
    assert_eq!(spoken(&mut sim, "caller_3"), Duration::ZERO);
}
