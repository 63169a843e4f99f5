//! The model's session is replaced before its 60 minutes are over.

use std::time::Duration;

use session::input::{ModelEvent, ModelLoss, ResponseReason, ResponseStatus, Role};
use session::output::{Audio, Event, ModelCommand};
use session::{Input, Output};

use crate::fixtures::{ms, plan, secs, start};
use crate::sim::{Sim, requests};

const LIFETIME: Duration = Duration::from_secs(3_600);

fn ready() -> Input<'static> {
    Input::ModelReady { lifetime: Some(LIFETIME) }
}

/// A greeted call of a business that lets its callers be silent for hours, `until` after its model was ready.
fn long_call(until: Duration) -> (Sim, Vec<Output>) {
    let mut plan = plan();
    plan.conversation.silence_prompt_after = secs(4 * 3_600);
    plan.conversation.max_call = secs(4 * 3_600);
    let mut sim = Sim::greeted(plan);
    let mut outputs = sim.advance(until - secs(5) - (sim.now - sim.start));
    sim.frame();
    outputs.extend(sim.advance(secs(5)));
    (sim, outputs)
}

fn connects(outputs: &[Output]) -> usize {
    outputs.iter().filter(|output| matches!(output, Output::ConnectModel)).count()
}

fn switches(outputs: &[Output]) -> usize {
    outputs.iter().filter(|output| matches!(output, Output::UseModel)).count()
}

/// Fault 59.
#[test]
fn the_next_model_is_connected_beside_the_one_in_use_and_takes_over_between_two_frames() {
    let (mut sim, before) = long_call(secs(55 * 60) - ms(1));
    assert_eq!(connects(&before), 0);
    assert_eq!(connects(&sim.advance(ms(1))), 1);
    assert!(matches!(&sim.frame()[..], [Output::AudioToModel(Audio::Current)]), "the old one still listens");
    let outputs = sim.input(ready());
    assert!(matches!(outputs.first(), Some(Output::UseModel)));
    assert!(outputs.iter().any(|o| matches!(o, Output::ToModel(ModelCommand::Replay { .. }))));
    assert_eq!(requests(&outputs), [], "the caller was owed nothing");
    assert!(
        matches!(&sim.frame()[..], [Output::AudioToModel(Audio::Current)]),
        "nothing was kept or dropped"
    );
    assert!(!sim.has_event(&Event::ModelLost));
    assert_eq!(connects(&sim.advance(secs(55 * 60))), 1, "and again");
    sim.input(Input::CallerStopped);
    let figures = &sim.close().unwrap().figures;
    assert_eq!((figures.model_losses, figures.model_rollovers), (0, 1));
}

/// Fault 59.
#[test]
fn it_waits_for_a_turn_boundary_and_for_the_caller_s_words() {
    let (mut sim, _) = long_call(secs(55 * 60));
    sim.caller_begins("caller_1");
    assert_eq!(switches(&sim.input(ready())), 0, "the caller is speaking");
    sim.caller_ends("caller_1");
    sim.added("caller_1", Some("item_greeting"), Role::Caller);
    sim.created("resp_1", None);
    sim.added("agent_1", Some("caller_1"), Role::Agent);
    sim.speech("resp_1", "agent_1", 1_000);
    sim.agent_text("resp_1", "agent_1", "An answer.");
    assert_eq!(switches(&sim.done("resp_1", ResponseStatus::Completed)), 0, "the agent is audible");
    assert_eq!(switches(&sim.advance(ms(1_000))), 0, "the caller's words are on their way");
    let outputs = sim.model(ModelEvent::CallerTranscript { item: "caller_1", text: "A question?" });
    assert_eq!(switches(&outputs), 1);
}

/// Fault 59.
#[test]
fn without_a_turn_boundary_it_takes_over_a_minute_before_the_end() {
    let (mut sim, _) = long_call(secs(55 * 60));
    sim.created("resp_1", None);
    sim.speech("resp_1", "agent_1", 280_000);
    sim.done("resp_1", ResponseStatus::Completed);
    sim.input(ready());
    let outputs = sim.advance(secs(4 * 60) - ms(1));
    assert_eq!(switches(&outputs), 0, "{:?}", sim.session.poll_timeout());
    let outputs = sim.advance(ms(1));
    assert_eq!(switches(&outputs), 1);
}

/// Fault 59.
#[test]
fn a_successor_that_cannot_be_had_costs_nothing_until_the_end_and_is_then_waited_for() {
    let (mut sim, _) = long_call(secs(55 * 60));
    sim.input(Input::ConnectFailed(ModelLoss::Transient));
    assert_eq!(connects(&sim.advance(secs(20))), 1, "tried again");
    sim.input(Input::ConnectFailed(ModelLoss::Fatal));
    assert_eq!(connects(&sim.advance(secs(200))), 0);
    assert!(matches!(&sim.frame()[..], [Output::AudioToModel(Audio::Current)]));
    assert_eq!(connects(&sim.input(Input::ModelGone(ModelLoss::Transient))), 1);
}

#[test]
fn a_loss_finds_the_successor_that_was_on_its_way() {
    let (mut sim, _) = long_call(secs(55 * 60));
    assert_eq!(connects(&sim.input(Input::ModelGone(ModelLoss::Transient))), 0, "it is connecting");
    assert_eq!(switches(&sim.input(ready())), 1);

    let (mut sim, _) = long_call(secs(55 * 60));
    sim.caller_begins("caller_1");
    sim.input(ready());
    let outputs = sim.input(Input::ModelGone(ModelLoss::Transient));
    assert_eq!((connects(&outputs), switches(&outputs)), (0, 1), "it was ready");
    assert_eq!(requests(&outputs), [ResponseReason::Recovery]);
}

#[test]
fn a_session_of_no_length_is_not_replaced_for_ever() {
    let mut sim = Sim::new();
    sim.input(start());
    sim.input(Input::Claimed(Box::new(plan())));
    sim.input(Input::ModelReady { lifetime: Some(Duration::ZERO) });
    assert_eq!(connects(&sim.advance(secs(9))), 0);
}
