//! What fuzzing is given and what it found, tried again: see `tests/fuzz/README.md`. The check is the fuzz target's.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod model_event;

/// Fault 61.
#[test]
fn every_model_event_is_read_alike_by_both_parsers() {
    let folder = format!("{}/../../tests/fuzz/corpus/model_event", env!("CARGO_MANIFEST_DIR"));
    let inputs: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(inputs.len() >= 8, "the corpus is gone");
    for input in inputs {
        model_event::check(&std::fs::read(input).unwrap());
    }
}

#[test]
fn every_event_of_a_spoken_exchange_is_read_alike_by_both_parsers() {
    for event in include_str!("../fixtures/spoken_exchange.jsonl").lines() {
        model_event::check(event.as_bytes());
    }
}
