//! The caller interrupts.

use domain::turn::TurnState;
use session::input::{ErrorClass, MarkId, ResponseReason, ResponseStatus, Role};
use session::output::{Event, ModelCommand};
use session::{Input, Output};

use crate::fixtures::{ms, plan, secs};
use crate::sim::{Sim, actions, cancels, requests, truncates};

/// Historic failure 7.
#[test]
fn an_answer_that_is_still_playing_is_cut_where_the_caller_heard_it_end() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 5_000);
    sim.done("resp_1", ResponseStatus::Completed);
    sim.advance(ms(1_530));
    let outputs = sim.caller_begins("caller_2");
    let acted = actions(&outputs);
    assert!(matches!(acted[0], Output::ClearCaller), "first of all: {acted:?}");
    assert!(cancels(&outputs).is_empty(), "the model was done long ago");
    assert_eq!(truncates(&outputs), [("agent_1".to_owned(), 1_530)]);
    assert!(sim.has_event(&Event::BargeIn { heard: ms(1_530), dropped: ms(3_470) }));
}

#[test]
fn an_answer_that_is_still_being_generated_is_cancelled_too() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 1_000);
    sim.advance(ms(400));
    let outputs = sim.caller_begins("caller_2");
    assert!(matches!(
        actions(&outputs)[..],
        [
            Output::ClearCaller,
            Output::ToModel(ModelCommand::CancelResponse { .. }),
            Output::ToModel(ModelCommand::Truncate { audio_end_ms: 400, .. }),
        ]
    ));
    sim.done("resp_1", ResponseStatus::Cancelled);
    sim.caller_ends("caller_2");
    sim.advance(secs(2));
    assert!(!sim.requests().contains(&ResponseReason::Recovery), "cancelling is no failure");
}

#[test]
fn an_interruption_is_counted_where_it_cut_something_short_and_only_there() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 1_000);
    sim.advance(ms(400));
    sim.caller_begins("caller_2");
    sim.done("resp_1", ResponseStatus::Cancelled);
    sim.caller_ends("caller_2");
    sim.created("resp_2", None);
    let outputs = sim.caller_begins("caller_3");
    assert_eq!(cancels(&outputs), ["resp_2"], "the caller had heard nothing of this one");
    let cut_short = sim.outputs().filter(|output| matches!(output, Output::Event(Event::BargeIn { .. })));
    assert_eq!(cut_short.count(), 1);
    sim.input(Input::CallerStopped);
    assert_eq!(sim.run_to_close().figures.barge_ins, 1);
}

/// Fault 61.
#[test]
fn late_audio_of_an_interrupted_answer_is_never_played() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 1_000);
    sim.advance(ms(400));
    let outputs = sim.caller_begins("caller_2");
    assert_eq!(cancels(&outputs), ["resp_1"]);
    assert!(actions(&sim.speech("resp_1", "agent_1", 600)).is_empty());
    assert!(actions(&sim.speech("resp_1", "another item of it", 600)).is_empty());
    sim.done("resp_1", ResponseStatus::Cancelled);
    sim.done("resp_1", ResponseStatus::Cancelled);
    sim.created("resp_1", None);
    assert!(actions(&sim.speech("resp_1", "agent_1", 600)).is_empty(), "not after its end either");
    sim.caller_ends("caller_2");
    sim.created("resp_2", None);
    assert!(!actions(&sim.speech("resp_2", "agent_2", 200)).is_empty());
}

/// Fault 61.
#[test]
fn late_audio_of_an_answer_that_the_model_had_finished_is_not_played_either() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 1_000);
    sim.done("resp_1", ResponseStatus::Completed);
    sim.advance(ms(400));
    sim.caller_begins("caller_2");
    assert!(actions(&sim.speech("resp_1", "agent_1", 600)).is_empty());
}

/// Fault 61.
#[test]
fn one_response_is_cancelled_once() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 1_000);
    sim.caller_begins("caller_2");
    sim.caller_begins("caller_2");
    sim.caller_ends("caller_2");
    sim.caller_begins("caller_3");
    sim.error(ErrorClass::Benign, Some("another request's"));
    sim.input(Input::CallerStopped);
    let cancelled = sim
        .outputs()
        .filter(|output| matches!(output, Output::ToModel(ModelCommand::CancelResponse { .. })))
        .count();
    assert_eq!(cancelled, 1);
}

#[test]
fn marks_that_a_clear_flushed_are_not_progress() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 3_000);
    sim.advance(ms(1_000));
    sim.caller_begins("caller_2");
    sim.done("resp_1", ResponseStatus::Cancelled);
    // The line returns the marks of the discarded two seconds now.
    sim.advance(ms(1));
    let turn = sim.turns().into_iter().find(|turn| turn.item == "agent_1").unwrap();
    assert_eq!((turn.state, turn.spoken, turn.heard), (TurnState::Interrupted, ms(3_000), ms(1_000)));
    assert_eq!(turn.text, "An answer.", "what was generated is kept whole");
}

#[test]
fn items_queued_behind_the_audible_one_are_taken_back() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 600);
    sim.added("agent_1b", Some("agent_1"), Role::Agent);
    sim.speech("resp_1", "agent_1b", 1_000);
    sim.done("resp_1", ResponseStatus::Completed);
    sim.advance(ms(200));
    let outputs = sim.caller_begins("caller_2");
    assert_eq!(truncates(&outputs), [("agent_1".to_owned(), 200), ("agent_1b".to_owned(), 1)]);
}

#[test]
fn what_was_heard_in_full_is_not_truncated() {
    let mut sim = Sim::greeted(plan());
    sim.marks_return = false;
    sim.exchange(1, "item_greeting", 600);
    sim.done("resp_1", ResponseStatus::Completed);
    sim.advance(ms(700));
    let outputs = sim.caller_begins("caller_2");
    assert!(truncates(&outputs).is_empty());
}

/// Historic failure 6.
#[test]
fn speech_while_nothing_is_audible_interrupts_nothing() {
    let mut sim = Sim::greeted(plan());
    let outputs = sim.caller_begins("caller_1");
    assert!(actions(&outputs).is_empty(), "{outputs:?}");
    assert_eq!(requests(&outputs), []);
}

#[test]
fn a_caller_who_goes_on_before_the_answer_is_audible_withdraws_the_question() {
    let mut sim = Sim::greeted(plan());
    sim.caller_begins("caller_1");
    sim.caller_ends("caller_1");
    sim.created("resp_1", None);
    let outputs = sim.caller_begins("caller_2");
    assert!(matches!(actions(&outputs)[..], [Output::ToModel(ModelCommand::CancelResponse { .. })]));
}

#[test]
fn heard_never_exceeds_the_time_that_passed_whatever_the_marks_say() {
    let mut sim = Sim::greeted(plan());
    sim.marks_return = false;
    sim.exchange(1, "item_greeting", 4_000);
    sim.advance(ms(300));
    let marks: Vec<MarkId> = sim
        .outputs()
        .filter_map(|output| match output {
            Output::MarkToCaller(mark) => Some(*mark),
            _ => None,
        })
        .collect();
    // All but the last, far too early.
    for mark in &marks[..marks.len() - 1] {
        sim.input(Input::Mark(*mark));
    }
    let outputs = sim.caller_begins("caller_2");
    assert_eq!(truncates(&outputs), [("agent_1".to_owned(), 300)]);
}

#[test]
fn a_line_that_plays_late_is_followed_by_its_marks() {
    let mut sim = Sim::greeted(plan());
    sim.marks_return = false;
    sim.exchange(1, "item_greeting", 2_000);
    let first = sim.outputs().filter_map(|o| if let Output::MarkToCaller(m) = o { Some(*m) } else { None });
    let first = first.last().unwrap().sequence - 9;
    // The first 200 ms were played by 900 ms: the line began 700 ms late.
    sim.advance(ms(900));
    sim.input(Input::Mark(MarkId { generation: 0, sequence: first }));
    sim.advance(ms(250));
    let outputs = sim.caller_begins("caller_2");
    assert_eq!(truncates(&outputs), [("agent_1".to_owned(), 450)]);
}

/// Historic failure 5.
#[test]
fn a_mark_that_never_returns_does_not_keep_the_agent_audible() {
    let mut sim = Sim::greeted(plan());
    sim.marks_return = false;
    sim.exchange(1, "item_greeting", 1_000);
    sim.done("resp_1", ResponseStatus::Completed);
    sim.advance(secs(6));
    assert!(matches!(sim.log.last(), Some((_, Output::Turn(turn))) if turn.heard == secs(1)));
    assert!(actions(&sim.caller_begins("caller_2")).is_empty());
}

#[test]
fn a_protected_greeting_is_heard_to_its_end_and_nothing_after_it() {
    let mut protected = plan();
    protected.conversation.protect_greeting = true;
    let mut sim = Sim::live(protected);
    sim.created("greeting", Some(ResponseReason::Greeting));
    sim.added("item_greeting", None, Role::Agent);
    sim.speech("greeting", "item_greeting", 2_000);
    sim.advance(ms(500));
    assert!(actions(&sim.caller_begins("cough")).is_empty());
    sim.caller_ends("cough");
    sim.done("greeting", ResponseStatus::Completed);
    sim.advance(secs(2));
    sim.exchange(1, "item_greeting", 2_000);
    assert!(matches!(actions(&sim.caller_begins("caller_2"))[0], Output::ClearCaller));
}

#[test]
fn an_unprotected_greeting_yields_like_anything_else() {
    let mut sim = Sim::live(plan());
    sim.created("greeting", Some(ResponseReason::Greeting));
    sim.added("item_greeting", None, Role::Agent);
    sim.speech("greeting", "item_greeting", 2_000);
    sim.advance(ms(500));
    let outputs = sim.caller_begins("caller_1");
    assert_eq!(truncates(&outputs), [("item_greeting".to_owned(), 500)]);
}

#[test]
fn a_response_that_would_speak_over_the_caller_is_cancelled_as_it_begins() {
    let mut sim = Sim::greeted(plan());
    sim.advance(secs(10));
    assert_eq!(sim.requests().last(), Some(&ResponseReason::SilencePrompt));
    sim.caller_begins("caller_1");
    let outputs = sim.created("prompt", Some(ResponseReason::SilencePrompt));
    assert_eq!(cancels(&outputs), ["prompt"]);
    assert!(actions(&sim.speech("prompt", "item_prompt", 200)).is_empty());
}

/// A caller who goes on before the answer came is not waited for as one who stopped: what was armed for the first
/// stop would count the model's silence while the caller speaks as an answer that failed.
#[test]
fn a_caller_who_goes_on_is_not_owed_an_answer_to_the_pause() {
    let mut sim = Sim::greeted(plan());
    sim.caller_begins("caller_1");
    sim.advance(secs(1));
    sim.caller_ends("caller_1");
    sim.advance(secs(2));
    sim.caller_begins("caller_2");
    for _ in 0..40 {
        sim.frames_for(ms(100));
        assert_ne!(sim.session.poll_timeout().map(|(_, name)| name), Some("answer"));
    }
    assert_eq!(sim.requests(), [ResponseReason::Greeting]);
    // One answer that does not come is asked for; had the pause counted, this were the second.
    sim.caller_ends("caller_2");
    assert_eq!(requests(&sim.advance(secs(4))), [ResponseReason::Recovery]);
    sim.created("failed", Some(ResponseReason::Recovery));
    sim.done("failed", ResponseStatus::Failed);
    assert_eq!(requests(&sim.advance(secs(2))), [ResponseReason::Recovery], "and asked for again");
}
