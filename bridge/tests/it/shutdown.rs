use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use crate::framing::frame;
use crate::support::{AUTH_TOKEN, Caller, Closed, Harness, STREAM_URL, signature, soon};

/// Fault 63.
#[tokio::test]
async fn draining_lets_no_call_in_and_the_sentence_be_finished() {
    let mut harness = Harness::start().await;
    let (mut caller, mut model, planned) = harness.live().await;
    model.begin("resp_1", "item_1", Value::Null).await;
    model.delta("resp_1", "item_1", &frame(1)).await;
    caller.next_audio().await;
    let mark = caller.next_mark().await;

    harness.shutdown.cancel();
    assert_eq!(harness.get("/health").await, StatusCode::OK, "a draining task must not be killed");
    assert_eq!(harness.get("/ready").await, StatusCode::SERVICE_UNAVAILABLE);
    let signed = signature(AUTH_TOKEN, STREAM_URL);
    let refused = Caller::try_connect(&harness, Some(&signed)).await.err();
    assert_eq!(refused, Some(StatusCode::SERVICE_UNAVAILABLE));

    model.finish("resp_1", "item_1", "Just a moment.").await;
    caller.mark(&mark).await;
    assert_eq!(caller.closed().await, Closed::With(1001));
    let (report, turns) = harness.store.report(&planned.call).await;
    assert_eq!(report.end.as_str(), "drained");
    assert_eq!(turns.len(), 1);
    soon("the bridge to stop", harness.running).await.unwrap();
}

/// Fault 63.
#[tokio::test]
async fn a_call_that_ends_while_the_process_is_being_stopped_ends_as_ever() {
    let mut harness = Harness::start().await;
    let (mut caller, mut model, planned) = harness.live().await;
    caller.media(&frame(0)).await;
    assert_eq!(model.next_audio().await, frame(0));
    harness.shutdown.cancel();
    caller.media(&frame(1)).await;
    assert_eq!(model.next_audio().await, frame(1), "the conversation goes on");
    caller.stop(&planned).await;
    assert_eq!(caller.closed().await, Closed::With(1000));
    assert_eq!(harness.store.report(&planned.call).await.0.end.as_str(), "caller_hang_up");
    soon("the bridge to stop", harness.running).await.unwrap();
}

#[tokio::test]
async fn a_bridge_that_stops_waits_for_what_its_calls_left_to_be_written() {
    let mut harness = Harness::start().await;
    let (mut caller, _model, planned) = harness.live().await;
    // Longer than a stream is held open for its record.
    harness.store.slow_down(Duration::from_secs(3));
    caller.stop(&planned).await;
    assert_eq!(caller.closed().await, Closed::With(1000));
    harness.shutdown.cancel();
    soon("the bridge to stop", harness.running).await.unwrap();
    assert!(harness.store.has_report(&planned.call), "the process would end now");
}

#[tokio::test]
async fn an_idle_bridge_stops_at_once() {
    let harness = Harness::start().await;
    harness.shutdown.cancel();
    soon("the bridge to stop", harness.running).await.unwrap();
}
