//! A model that cannot be had, or is not the one that was asked for: the caller is never left in silence.

use http::StatusCode;
use serde_json::{Value, json};

use crate::framing::frame;
use crate::support::{Caller, Closed, Harness};

#[tokio::test]
async fn a_session_that_is_not_what_was_asked_for_is_never_spoken_through() {
    let mut harness = Harness::start().await;
    let planned = harness.plan();
    let mut caller = Caller::connect(&harness).await;
    caller.start(&planned).await;
    let mut model = harness.model.accept().await;
    caller.media(&frame(1)).await;
    model
        .configure_with(|session| session["audio"]["input"]["format"] = json!({ "type": "audio/pcm" }))
        .await;
    assert_eq!(caller.closed().await, Closed::With(1011));
    assert!(model.gone().await.is_empty(), "not even the audio that was kept");
    assert_eq!(harness.store.report(&planned.call).await.0.end.as_str(), "model_lost");
}

#[tokio::test]
async fn a_refused_configuration_ends_the_call_at_once() {
    let mut harness = Harness::start().await;
    let planned = harness.plan();
    let mut caller = Caller::connect(&harness).await;
    caller.start(&planned).await;
    let mut model = harness.model.accept().await;
    model.send(&json!({ "type": "session.created", "event_id": "e", "session": {} })).await;
    let update = model.next().await;
    model
        .send(&json!({ "type": "error", "event_id": "e", "error": { "type": "invalid_request_error",
            "code": "unknown_parameter", "message": "?", "event_id": update["event_id"] } }))
        .await;
    assert_eq!(caller.closed().await, Closed::With(1011));
}

/// Fault 57.
#[tokio::test]
async fn a_refused_key_is_tried_once_and_an_overloaded_model_twice() {
    for (status, attempts) in [(StatusCode::UNAUTHORIZED, 1), (StatusCode::SERVICE_UNAVAILABLE, 2)] {
        let mut harness = Harness::start().await;
        harness.model.refuse_with(status);
        let planned = harness.plan();
        let mut caller = Caller::connect(&harness).await;
        caller.start(&planned).await;
        assert_eq!(caller.closed().await, Closed::With(1011));
        assert_eq!(harness.model.accepted(), attempts, "{status}");
    }
}

/// Fault 58.
#[tokio::test]
async fn a_model_that_drops_ends_the_stream_so_that_twilio_asks_what_next() {
    let mut harness = Harness::start().await;
    let (mut caller, mut model, planned) = harness.live().await;
    model.begin("resp_1", "item_1", Value::Null).await;
    model.delta("resp_1", "item_1", &frame(1)).await;
    caller.next_audio().await;
    drop(model);
    assert_eq!(caller.closed().await, Closed::With(1011));
    let (report, turns) = harness.store.report(&planned.call).await;
    assert_eq!(report.end.as_str(), "model_lost");
    assert_eq!(turns.len(), 1, "what was said is kept");
}

/// Fault 61.
#[tokio::test]
async fn errors_and_events_nobody_knows_do_not_mute_a_call() {
    let mut harness = Harness::start().await;
    let (mut caller, mut model, _) = harness.live().await;
    for event in [
        json!({ "type": "error", "event_id": "e", "error": { "type": "invalid_request_error",
            "code": "response_cancel_not_active", "message": "Cancellation failed" } }),
        json!({ "type": "error", "event_id": "e", "error": { "type": "new", "code": "new", "message": "?" } }),
        json!({ "type": "response.telepathy.delta", "event_id": "e" }),
        json!({ "type": "response.done", "event_id": "e" }),
        json!([1, 2, 3]),
    ] {
        model.send(&event).await;
    }
    model.begin("resp_1", "item_1", Value::Null).await;
    model.delta("resp_1", "item_1", &frame(1)).await;
    assert_eq!(caller.next_audio().await, frame(1));
}
