//! One peer that does not read must not be felt on the other side.

use crate::framing::frame;
use crate::support::Harness;

/// Fault 55.
#[tokio::test]
async fn a_model_that_does_not_read_does_not_silence_the_agent_and_misses_nothing() {
    let mut harness = Harness::start().await;
    let (mut caller, mut model, _) = harness.live().await;
    // Nine seconds: more than the kernel holds for it, less than the outbox may.
    for n in 0..450 {
        caller.media(&frame(n)).await;
    }
    model.begin("resp_1", "item_1", serde_json::Value::Null).await;
    model.delta("resp_1", "item_1", &frame(1_000)).await;
    assert_eq!(caller.next_audio().await, frame(1_000));
    for n in 0..450 {
        assert_eq!(model.next_audio().await, frame(n));
    }
}

/// Fault 55.
#[tokio::test]
async fn a_model_that_never_reads_again_is_replaced_before_the_call_runs_hopelessly_late() {
    let mut harness = Harness::start().await;
    let (mut caller, _stalled, _) = harness.live().await;
    for n in 0..725 {
        caller.media(&frame(n)).await;
    }
    let mut model = harness.model.accept().await;
    model.configure().await;
    caller.media(&frame(1_000)).await;
    while model.next_audio().await != frame(1_000) {}
}

/// Cases C16 and B23: the silence that stands for a jump of the line's clock is ours, and costs no model.
#[tokio::test]
async fn a_clock_that_jumps_costs_the_call_nothing() {
    for seconds in [1, 6, 10, 12, 20, 28, 3_600] {
        let mut harness = Harness::start().await;
        let (mut caller, mut model, _) = harness.live().await;
        caller.media(&frame(1)).await;
        assert_eq!(model.next_audio().await, frame(1));
        for n in 2..12 {
            caller.jump(seconds);
            caller.media(&frame(n)).await;
        }
        let mut heard = vec![];
        while heard.last() != Some(&frame(11)) {
            let audio = model.next_audio().await;
            if !audio.starts_with("////////") {
                heard.push(audio);
            }
        }
        assert_eq!(heard, (2..12).map(frame).collect::<Vec<_>>(), "{seconds} s");
        assert_eq!(harness.model.accepted(), 1, "{seconds} s");
    }
}

/// Fault 55.
#[tokio::test]
async fn a_caller_that_does_not_read_is_still_heard_and_gets_every_word_later() {
    let mut harness = Harness::start().await;
    let (mut caller, mut model, _) = harness.live().await;
    model.begin("resp_1", "item_1", serde_json::Value::Null).await;
    for _ in 0..MINUTE {
        model.delta("resp_1", "item_1", &second()).await;
    }
    caller.media(&frame(1)).await;
    assert_eq!(model.next_audio().await, frame(1));
    for _ in 0..MINUTE {
        assert_eq!(caller.next_audio().await, second());
        caller.next_mark().await;
    }
}

/// Fault 55.
#[tokio::test]
async fn a_barge_in_takes_back_what_a_slow_line_was_not_given_yet() {
    let mut harness = Harness::start().await;
    let (mut caller, mut model, _) = harness.live().await;
    model.begin("resp_1", "item_1", serde_json::Value::Null).await;
    for _ in 0..MINUTE {
        model.delta("resp_1", "item_1", &second()).await;
    }
    model.speech_started("item_2").await;
    let mut given = 0;
    loop {
        let message = caller.next().await;
        match message["event"].as_str() {
            Some("media") => given += 1,
            Some("mark") => {}
            Some("clear") => break,
            _ => panic!("unexpected: {message}"),
        }
    }
    assert!(given < MINUTE, "only what the kernel had already");
}

/// A minute of speech in pieces of a second: far more than the kernel holds for a line.
const MINUTE: usize = 60;

fn second() -> String {
    frame(7).repeat(50).replace('=', "/")
}
