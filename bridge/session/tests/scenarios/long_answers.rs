//! Answers that take much longer to say than to generate.

use session::Output;
use session::input::ResponseStatus;

use crate::fixtures::{ms, plan, secs};
use crate::sim::Sim;

fn stretches(sim: &Sim) -> usize {
    sim.outputs().filter(|output| matches!(output, Output::AudioToCaller)).count()
}

/// Historic failure 8.
#[test]
fn two_minutes_that_are_generated_at_once_are_heard_whole() {
    let mut sim = Sim::greeted(plan());
    let greeting = stretches(&sim);
    sim.exchange(1, "item_greeting", 120_000);
    sim.done("resp_1", ResponseStatus::Completed);
    assert_eq!(stretches(&sim) - greeting, 600);
    sim.advance(secs(120));
    let heard = sim.turns().last().map(|turn| turn.heard);
    assert_eq!(heard, Some(secs(120)));
}

/// Historic failure 9.
#[test]
fn an_answer_is_not_heard_behind_what_was_interrupted() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 60_000);
    sim.done("resp_1", ResponseStatus::Completed);
    sim.advance(secs(1));
    sim.exchange(2, "agent_1", 200);
    sim.done("resp_2", ResponseStatus::Completed);
    sim.advance(ms(200));
    let heard = sim.turns().last().map(|turn| (turn.item.clone(), turn.heard));
    assert_eq!(heard, Some(("agent_2".into(), ms(200))));
}

/// Historic failure 4.
#[test]
fn a_model_is_configured_once_however_long_the_conversation() {
    let mut sim = Sim::greeted(plan());
    let mut previous = "item_greeting".to_owned();
    for number in 1..=20 {
        sim.exchange(number, &previous, 3_000);
        sim.done(&format!("resp_{number}"), ResponseStatus::Completed);
        sim.advance(secs(3));
        previous = format!("agent_{number}");
    }
    let connects = sim.outputs().filter(|output| matches!(output, Output::ConnectModel)).count();
    assert_eq!(connects, 1);
}
