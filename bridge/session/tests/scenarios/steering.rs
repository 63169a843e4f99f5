//! What the business asks of a call from outside.

use domain::action::{NotDone, Words};
use domain::testing::phone;
use domain::tools::Destination;
use domain::turn::EndReason;
use domain::{CallAction, CallPlan, Epoch};
use session::input::{ErrorClass, ModelEvent, ModelLoss, ResponseReason, ResponseStatus, Role};
use session::output::{ModelCommand, Past, Settled};
use session::{Input, Output, Phase};

use crate::fixtures::{drain, ms, plan, ready, secs, start};
use crate::sim::{Sim, cancels, requests};

const DONE: Settled = Settled::Done;

fn not_done(why: NotDone) -> Settled {
    Settled::NotDone(why)
}

fn words(text: &str) -> Words {
    Words::parse(text).unwrap()
}

fn say() -> CallAction {
    CallAction::Say { text: words("We close in ten minutes.") }
}

fn transfer(to: &str) -> CallAction {
    CallAction::Transfer { to: to.to_owned() }
}

fn with_directory() -> CallPlan {
    let mut plan = plan();
    plan.tools.directory =
        vec![Destination { id: "workshop".into(), label: "the workshop".into(), number: phone(7) }];
    plan
}

impl Sim {
    fn asked(&mut self, number: u32, action: CallAction) -> Vec<Output> {
        self.input(Input::Action { number, action })
    }

    /// The model says what it was asked for, in `millis` of audio, and all of it is generated at once.
    fn says(&mut self, response: &str, reason: ResponseReason, millis: u64) -> Vec<Output> {
        let item = format!("item_{response}");
        let mut outputs = self.created(response, Some(reason));
        self.added(&item, None, Role::Agent);
        outputs.extend(self.speech(response, &item, millis));
        outputs.extend(self.done(response, ResponseStatus::Completed));
        outputs
    }
}

fn instructions(outputs: &[Output]) -> Vec<&str> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::ToModel(ModelCommand::CreateResponse { instructions: Some(text), .. }) => {
                Some(text.as_str())
            }
            _ => None,
        })
        .collect()
}

#[test]
fn the_agent_says_exactly_the_words_after_what_plays_and_the_action_is_done_when_they_were_heard() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 3_000);
    assert_eq!(requests(&sim.asked(1, say())), [], "the agent is answering");
    let outputs = sim.done("resp_1", ResponseStatus::Completed);
    assert_eq!(requests(&outputs), [ResponseReason::Words]);
    assert!(instructions(&outputs)[0].contains("\"We close in ten minutes.\""));
    sim.says("resp_2", ResponseReason::Words, 2_000);
    sim.advance(ms(4_900));
    assert_eq!(sim.settled(), []);
    sim.advance(ms(200));
    assert_eq!(sim.settled(), [(1, DONE)]);
}

#[test]
fn words_wait_until_the_caller_has_spoken_and_are_given_up_after_half_a_minute() {
    let mut sim = Sim::greeted(plan());
    sim.caller_begins("caller_1");
    assert_eq!(requests(&sim.asked(1, say())), []);
    sim.frames_for(secs(29));
    assert_eq!(sim.settled(), []);
    sim.frames_for(ms(1_100));
    assert_eq!(sim.settled(), [(1, not_done(NotDone::NotSaid))]);
    sim.caller_ends("caller_1");
    sim.advance(secs(2));
    assert!(!sim.requests().contains(&ResponseReason::Words));
}

#[test]
fn words_that_the_caller_interrupts_are_cut_short() {
    let mut sim = Sim::greeted(plan());
    sim.asked(1, say());
    sim.says("resp_1", ResponseReason::Words, 3_000);
    sim.advance(secs(1));
    sim.caller_begins("caller_1");
    assert_eq!(sim.settled(), [(1, not_done(NotDone::CutShort))]);
}

#[test]
fn words_that_were_not_heard_when_the_model_was_lost_are_asked_of_the_next_one() {
    let mut sim = Sim::greeted(plan());
    sim.asked(1, say());
    sim.created("resp_1", Some(ResponseReason::Words));
    sim.input(Input::ModelGone(ModelLoss::Transient));
    let outputs = sim.input(ready());
    assert_eq!(requests(&outputs), [ResponseReason::Words]);
    sim.says("resp_2", ResponseReason::Words, 1_000);
    sim.input(Input::ModelGone(ModelLoss::Transient));
    sim.advance(secs(2));
    assert_eq!(sim.settled(), [(1, DONE)], "the line had all of them");
}

#[test]
fn words_that_the_model_refuses_are_not_said_and_a_request_on_its_way_is_cancelled() {
    let mut sim = Sim::greeted(plan());
    sim.asked(1, say());
    let event_id = sim.last_event_id();
    sim.error(ErrorClass::Rejected, Some(&event_id));
    assert_eq!(sim.settled(), [(1, not_done(NotDone::NotSaid))]);
    sim.asked(2, say());
    sim.asked(3, CallAction::MuteAgent);
    assert_eq!(sim.settled()[1..], [(2, not_done(NotDone::AgentMuted)), (3, DONE)]);
    let outputs = sim.created("resp_1", Some(ResponseReason::Words));
    assert_eq!(cancels(&outputs), ["resp_1"]);
}

#[test]
fn an_end_comes_after_the_words_before_it_with_a_goodbye_that_the_caller_does_not_interrupt() {
    let mut sim = Sim::greeted(plan());
    sim.asked(1, say());
    sim.asked(2, CallAction::End);
    sim.says("resp_1", ResponseReason::Words, 1_000);
    let outputs = sim.advance(ms(1_100));
    assert_eq!(requests(&outputs), [ResponseReason::Goodbye]);
    assert!(instructions(&outputs)[0].contains("goodbye"));
    sim.says("resp_2", ResponseReason::Goodbye, 3_000);
    sim.advance(ms(500));
    let outputs = sim.caller_begins("caller_1");
    assert!(!outputs.iter().any(|output| matches!(output, Output::ClearCaller)), "{outputs:?}");
    sim.advance(secs(2));
    sim.caller_ends("caller_1");
    assert_eq!((sim.settled(), sim.hang_ups()), (vec![(1, DONE)], 0), "the goodbye is still played");
    sim.advance(secs(3));
    assert_eq!((sim.settled()[1], sim.hang_ups()), ((2, DONE), 1));
    sim.input(Input::CallerStopped);
    let close = sim.run_to_close();
    assert_eq!((close.reason, close.code), (EndReason::Requested, 1000));
}

#[test]
fn an_end_needs_no_model() {
    let mut sim = Sim::greeted(plan());
    sim.asked(1, CallAction::End);
    sim.input(Input::ModelGone(ModelLoss::Fatal));
    assert_eq!((sim.settled(), sim.hang_ups()), (vec![(1, DONE)], 1));
}

#[test]
fn a_transfer_goes_to_an_entry_of_the_directory_after_a_word_of_it() {
    let mut sim = Sim::greeted(with_directory());
    sim.asked(1, transfer("nowhere"));
    assert_eq!(sim.settled(), [(1, not_done(NotDone::UnknownDestination))]);
    let outputs = sim.asked(2, transfer("workshop"));
    assert!(instructions(&outputs)[0].contains("connecting"));
    sim.asked(3, say());
    sim.says("resp_1", ResponseReason::Goodbye, 1_000);
    sim.advance(ms(1_100));
    let close = sim.close().unwrap().clone();
    assert_eq!((close.reason, close.figures.transfer_to.as_deref()), (EndReason::Transfer, Some("workshop")));
    // The call may come back, and then with another session.
    assert_eq!(sim.settled()[1..], [(2, DONE), (3, Settled::HandedOn)]);
    let mut sim = Sim::greeted(plan());
    sim.asked(1, transfer("workshop"));
    assert_eq!(sim.settled(), [(1, not_done(NotDone::TransferNotAllowed))]);
}

#[test]
fn a_note_is_an_item_for_the_model_that_every_later_one_is_told_and_nothing_is_said() {
    let mut sim = Sim::greeted(plan());
    let outputs = sim.asked(1, CallAction::NoteToAgent { text: words("The bicycle is ready.") });
    let told = outputs.iter().any(|output| {
        matches!(output, Output::ToModel(ModelCommand::SystemText { text }) if text.contains("The bicycle is ready."))
    });
    assert!(told && requests(&outputs).is_empty(), "{outputs:?}");
    assert_eq!(sim.settled(), [(1, DONE)]);
    sim.input(Input::ModelGone(ModelLoss::Transient));
    let outputs = sim.input(ready());
    let replayed = outputs.iter().any(|output| {
        matches!(output, Output::ToModel(ModelCommand::Replay { piece: Past::Note { text }, .. })
            if text.contains("The bicycle is ready."))
    });
    assert!(replayed, "{outputs:?}");
}

#[test]
fn a_muted_agent_falls_silent_and_the_model_is_asked_for_nothing_until_it_is_unmuted() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 3_000);
    sim.advance(ms(500));
    let outputs = sim.asked(1, CallAction::MuteAgent);
    assert!(outputs.iter().any(|output| matches!(output, Output::ClearCaller)));
    assert_eq!((cancels(&outputs), sim.settled()), (vec!["resp_1"], vec![(1, DONE)]));
    sim.done("resp_1", ResponseStatus::Cancelled);
    let before = sim.requests().len();
    // The caller asks; what turn detection makes of it is not let through.
    sim.caller_begins("caller_2");
    sim.advance(secs(1));
    sim.caller_ends("caller_2");
    let outputs = sim.created("resp_2", None);
    assert_eq!(cancels(&outputs), ["resp_2"]);
    sim.delta("resp_2", "agent_2", 200);
    sim.done("resp_2", ResponseStatus::Cancelled);
    "1#".chars().for_each(|key| drop(sim.input(Input::Dtmf(key))));
    sim.advance(secs(120));
    assert_eq!((sim.requests().len(), sim.session.phase()), (before, Phase::Live), "silence ends nothing");
    assert_eq!(sim.asked(2, say()).len(), 1);
    assert_eq!(sim.settled()[1], (2, not_done(NotDone::AgentMuted)));
    let outputs = sim.asked(3, CallAction::UnmuteAgent);
    assert_eq!(requests(&outputs), [ResponseReason::Overheard], "the caller is owed an answer");
    assert_eq!(sim.settled()[2], (3, DONE));
    sim.says("resp_3", ResponseReason::Overheard, 1_000);
    let outputs = sim.advance(secs(12));
    assert_eq!(requests(&outputs), [ResponseReason::SilencePrompt], "silence counts again");
}

#[test]
fn a_call_with_a_muted_agent_reaches_its_full_time_and_no_last_words() {
    let mut plan = plan();
    plan.conversation.max_call = secs(600);
    let mut sim = Sim::greeted(plan);
    sim.asked(1, CallAction::MuteAgent);
    let requested = sim.requests().len();
    sim.advance(secs(597));
    assert_eq!((sim.session.phase(), sim.hang_ups()), (Phase::Live, 0));
    sim.advance(secs(1));
    assert_eq!((sim.hang_ups(), sim.requests().len()), (1, requested));
    sim.input(Input::CallerStopped);
    assert_eq!(sim.run_to_close().reason, EndReason::MaxDuration);
}

#[test]
fn the_last_words_that_the_business_wants_lift_a_mute() {
    let mut sim = Sim::greeted(plan());
    sim.asked(1, CallAction::MuteAgent);
    let outputs = sim.asked(2, CallAction::End);
    assert_eq!(requests(&outputs), [ResponseReason::Goodbye]);
    sim.says("resp_1", ResponseReason::Goodbye, 1_000);
    sim.advance(ms(1_100));
    assert_eq!((sim.hang_ups(), sim.settled().len()), (1, 2));
}

#[test]
fn a_session_that_goes_on_with_a_call_is_muted_as_the_one_before_and_has_its_notes() {
    let mut sim = Sim::new();
    sim.input(start());
    sim.input(Input::Claimed(Box::new(CallPlan { epoch: Epoch(2), greeting: None, ..plan() })));
    sim.input(Input::Steered { muted: true, notes: vec!["The bicycle is ready.".into()] });
    sim.input(Input::Action { number: 4, action: CallAction::UnmuteAgent });
    let outputs = sim.input(ready());
    let replayed = outputs.iter().any(|output| {
        matches!(output, Output::ToModel(ModelCommand::Replay { piece: Past::Note { text }, .. })
            if text.contains("The bicycle is ready."))
    });
    assert!(replayed, "{outputs:?}");
    assert_eq!(
        (sim.requests(), sim.settled()),
        (vec![], vec![(4, DONE)]),
        "nothing is said by a muted agent"
    );
}

#[test]
fn what_a_call_that_ends_did_not_come_to_is_refused_and_what_the_next_session_can_do_is_left_to_it() {
    let mut over = Sim::greeted(plan());
    over.caller_begins("caller_1");
    over.asked(1, say());
    over.asked(2, CallAction::End);
    over.input(Input::CallerStopped);
    over.run_to_close();
    assert_eq!(over.settled(), [(1, not_done(NotDone::CallOver)), (2, not_done(NotDone::CallOver))]);
    let mut drained = Sim::greeted(plan());
    drained.caller_begins("caller_1");
    drained.asked(1, say());
    drained.input(drain());
    drained.input(Input::CallerGone);
    drained.run_to_close();
    assert_eq!(drained.settled(), [(1, Settled::HandedOn)]);
}

#[test]
fn an_action_that_comes_during_the_hang_up_is_too_late() {
    let mut sim = Sim::greeted(plan());
    sim.asked(1, CallAction::End);
    sim.says("resp_1", ResponseReason::Goodbye, 1_000);
    sim.advance(ms(1_100));
    assert_eq!(sim.hang_ups(), 1);
    sim.asked(2, say());
    sim.model(ModelEvent::AgentTranscript { response: "resp_1", item: "item_resp_1", text: "Goodbye." });
    assert_eq!(sim.settled(), [(1, DONE), (2, not_done(NotDone::CallOver))]);
}
