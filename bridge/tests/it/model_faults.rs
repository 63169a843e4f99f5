//! A model that cannot be had, or is not the one that was asked for: the caller is never left in silence.

use std::time::Duration;

use bridge::WarmSettings;
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

/// Case C07: on a socket that was ready as on one of the call's own.
#[tokio::test]
async fn a_call_whose_hint_is_refused_has_its_agent_and_its_report_says_so() {
    for sockets in [0, 1] {
        let models = vec!["gpt-realtime-2.1".to_owned()];
        let warm = WarmSettings { models, sockets };
        let mut harness = Harness::start_with(|settings| settings.warm = warm).await;
        let mut ready = None;
        if sockets > 0 {
            let mut model = harness.model.accept().await;
            model.wait_for_keeper().await;
            ready = Some(model);
        }
        let planned = harness.plan_with(|plan| plan.voice.languages = vec!["cy".into()]);
        let mut caller = Caller::connect(&harness).await;
        caller.start(&planned).await;
        let mut model = match ready {
            Some(model) => model,
            None => {
                let mut model = harness.model.accept().await;
                model.created().await;
                model
            }
        };
        let update = model.next().await;
        assert_eq!(update["session"]["audio"]["input"]["transcription"]["language"], "cy");
        model
            .send(&json!({ "type": "error", "event_id": "e", "error": { "type": "invalid_request_error",
                "code": "invalid_language_format", "param": "session.audio.input.transcription.language",
                "message": "?", "event_id": update["event_id"] } }))
            .await;
        let asked = model.update().await;
        assert_eq!(asked["audio"]["input"]["transcription"]["language"], Value::Null);
        assert_eq!(asked["instructions"], update["session"]["instructions"]);
        assert_eq!(model.next().await["response"]["metadata"]["kind"], "greeting");
        caller.stop(&planned).await;
        let (report, _) = harness.store.report(&planned.call).await;
        assert_eq!(report.settings_left_out, ["transcription_language"], "{sockets} sockets were ready");
    }
}

#[tokio::test]
async fn a_configuration_refused_for_something_essential_ends_the_call_at_once() {
    let mut harness = Harness::start().await;
    let planned = harness.plan();
    let mut caller = Caller::connect(&harness).await;
    caller.start(&planned).await;
    let mut model = harness.model.accept().await;
    model.send(&json!({ "type": "session.created", "event_id": "e", "session": {} })).await;
    let update = model.next().await;
    model
        .send(&json!({ "type": "error", "event_id": "e", "error": { "type": "invalid_request_error",
            "code": "invalid_value", "param": "session.instructions", "message": "?", "event_id": update["event_id"] } }))
        .await;
    assert_eq!(caller.closed().await, Closed::With(1011));
}

/// Fault 57.
#[tokio::test]
async fn a_refused_key_is_tried_once_and_the_caller_is_handed_back() {
    let mut harness = Harness::start().await;
    harness.model.refuse_with(StatusCode::UNAUTHORIZED);
    let planned = harness.plan();
    let mut caller = Caller::connect(&harness).await;
    caller.start(&planned).await;
    assert_eq!(caller.closed().await, Closed::With(1011));
    assert_eq!(harness.model.accepted(), 1);
}

/// Fault 57.
#[tokio::test]
async fn a_busy_model_is_tried_again_and_the_caller_has_lost_nothing() {
    let mut harness = Harness::start().await;
    harness.model.refuse_next_with(StatusCode::TOO_MANY_REQUESTS);
    harness.model.refuse_next_with(StatusCode::SERVICE_UNAVAILABLE);
    let planned = harness.plan();
    let mut caller = Caller::connect(&harness).await;
    caller.start(&planned).await;
    for n in 0..10 {
        caller.media(&frame(n)).await;
    }
    let mut model = harness.model.accept().await;
    model.configure().await;
    for n in 0..10 {
        assert_eq!(model.next_audio().await, frame(n));
    }
    assert_eq!(harness.model.accepted(), 3);
}

/// Fault 58.
#[tokio::test]
async fn a_model_that_drops_in_mid_sentence_is_replaced_and_goes_on_with_it() {
    for code in [None, Some(1011), Some(1012), Some(1001)] {
        let mut harness = Harness::start().await;
        let (mut caller, model, planned) = harness.in_mid_sentence().await;
        match code {
            Some(code) => model.close(code).await,
            None => model.reset(),
        }
        caller.media(&frame(2)).await;

        let mut model = harness.model.accept().await;
        model.configure().await;
        let (told, asked) = model.told_and_asked().await;
        assert_eq!(told[0]["role"], "assistant");
        assert_eq!(told[0]["content"][0]["text"], "We are open");
        assert_eq!(asked["metadata"]["kind"], "recovery");
        model.begin("resp_2", "item_2", asked["metadata"].clone()).await;
        model.delta("resp_2", "item_2", &frame(3)).await;
        assert_eq!(caller.next_audio().await, frame(3), "{code:?}");
        caller.next_mark().await;

        caller.stop(&planned).await;
        let (report, turns) = harness.store.report(&planned.call).await;
        assert_eq!(report.end.as_str(), "caller_hang_up");
        assert_eq!(turns.len(), 2, "what was said on both is kept");
        assert_eq!((report.frames_in, report.frames_dropped), (1, 0));
    }
}

/// Fault 58.
#[tokio::test]
async fn a_key_revoked_in_mid_call_hands_the_call_back() {
    let mut harness = Harness::start().await;
    let (mut caller, model, planned) = harness.live().await;
    harness.model.refuse_with(StatusCode::UNAUTHORIZED);
    model.reset();
    assert_eq!(caller.closed().await, Closed::With(1011));
    assert_eq!(harness.store.report(&planned.call).await.0.end.as_str(), "model_lost");
}

/// Fault 59.
#[tokio::test]
async fn a_session_about_to_expire_is_replaced_without_a_frame_lost_or_doubled() {
    let mut harness = Harness::start().await;
    let planned = harness.plan();
    let mut caller = Caller::connect(&harness).await;
    caller.start(&planned).await;
    let mut old = harness.model.accept().await;
    // Three quarters of so short a life pass before it is replaced.
    old.configure_for(Duration::from_secs(12)).await;
    caller.media(&frame(0)).await;
    assert_eq!(old.next_audio().await, frame(0));
    let mut new = harness.model.accept().await;
    caller.media(&frame(1)).await;
    assert_eq!(old.next_audio().await, frame(1), "until the new one is ready the old one listens");
    new.configure().await;
    assert!(old.gone().await.is_empty(), "closed once it was left");
    for n in 2..50 {
        caller.media(&frame(n)).await;
        assert_eq!(new.next_audio().await, frame(n));
    }
    caller.stop(&planned).await;
    let (report, _) = harness.store.report(&planned.call).await;
    assert_eq!((report.frames_in, report.frames_forwarded), (50, 50));
}

/// Fault 61.
#[tokio::test]
async fn unknown_errors_and_events_do_not_mute_a_call() {
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
