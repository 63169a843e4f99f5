//! Sockets to the model that are ready before a call is. What is wrong with one is never felt on the line.

use std::time::{Duration, Instant};

use bridge::WarmSettings;
use http::StatusCode;
use serde_json::json;

use crate::framing::frame;
use crate::support::{Caller, Harness, Model, soon};

async fn harness(sockets: usize) -> Harness {
    let models = vec!["gpt-realtime-2.1".to_owned()];
    Harness::start_with(|settings| settings.warm = WarmSettings { models, sockets }).await
}

/// Whether the socket was connected for a call: its handshake says for whom.
fn of_a_call(model: &Model) -> bool {
    model.headers.contains_key("openai-safety-identifier")
}

/// The next socket that a call connected for itself.
async fn connected_by_the_call(harness: &mut Harness, others: &mut Vec<Model>) -> Model {
    loop {
        let model = harness.model.accept().await;
        if of_a_call(&model) {
            return model;
        }
        others.push(model);
    }
}

#[tokio::test]
async fn a_call_begins_on_a_socket_that_was_there_before_it() {
    let mut harness = harness(2).await;
    let mut first = harness.model.accept().await;
    assert_eq!(first.uri.query(), Some("model=gpt-realtime-2.1"));
    assert!(!of_a_call(&first));
    first.wait_for_keeper().await;
    let mut second = harness.model.accept().await;
    second.wait_for_keeper().await;

    let planned = harness.plan_with(|_| {});
    let mut caller = Caller::connect(&harness).await;
    caller.start(&planned).await;
    let asked = first.update().await;
    assert_eq!(asked["instructions"], "You are Robin.");
    assert_eq!(first.next().await["response"]["metadata"]["kind"], "greeting");
    caller.media(&frame(1)).await;
    assert_eq!(first.next_audio().await, frame(1));

    // What was taken is made up for.
    let third = harness.model.accept().await;
    assert!(!of_a_call(&third));
    caller.stop(&planned).await;
    harness.store.report(&planned.call).await;
    harness.shutdown.cancel();
    second.gone().await;
    soon("the bridge to stop", harness.running).await.unwrap();
}

/// Another model than those that are kept ready, and more calls at once than sockets.
#[tokio::test]
async fn a_call_without_a_ready_socket_connects_for_itself() {
    let mut harness = harness(1).await;
    let mut kept = vec![harness.model.accept().await];
    kept[0].wait_for_keeper().await;
    let planned = harness.plan_with(|plan| plan.voice.model = "gpt-realtime-2.1-mini".into());
    let mut caller = Caller::connect(&harness).await;
    caller.start(&planned).await;
    let mut model = connected_by_the_call(&mut harness, &mut kept).await;
    assert_eq!(model.uri.query(), Some("model=gpt-realtime-2.1-mini"));
    model.configure().await;

    let (first, second) = (harness.plan(), harness.plan());
    let mut callers = [Caller::connect(&harness).await, Caller::connect(&harness).await];
    callers[0].start(&first).await;
    kept[0].update().await;
    callers[1].start(&second).await;
    let mut model = connected_by_the_call(&mut harness, &mut kept).await;
    model.configure().await;
    callers[1].media(&frame(1)).await;
    assert_eq!(model.next_audio().await, frame(1));
}

/// Fault 57, of a socket that was ready: reset, closed, saying something unasked, and dying at the configuration.
#[tokio::test]
async fn a_ready_socket_that_died_costs_a_call_a_connect_and_nothing_more() {
    for fault in ["reset", "closed", "talkative", "at the configuration", "refuses the configuration"] {
        let mut harness = harness(1).await;
        let mut kept = vec![];
        let mut dead = harness.model.accept().await;
        dead.wait_for_keeper().await;
        match fault {
            "reset" => dead.reset(),
            "closed" => dead.close(1001).await,
            "talkative" => {
                dead.send(&json!({ "type": "error", "event_id": "e", "error": { "type": "server_error" } }))
                    .await;
                kept.push(dead);
            }
            _ => kept.push(dead),
        }
        let planned = harness.plan();
        let mut caller = Caller::connect(&harness).await;
        caller.start(&planned).await;
        caller.media(&frame(1)).await;
        if fault == "at the configuration" {
            let mut dead = kept.remove(0);
            dead.next().await;
            dead.reset();
        } else if fault == "refuses the configuration" {
            let event_id = kept[0].next().await["event_id"].clone();
            let error = json!({ "type": "invalid_request_error", "code": "unknown_parameter", "message": "?",
                "event_id": event_id });
            kept[0].send(&json!({ "type": "error", "event_id": "e", "error": error })).await;
        }
        let mut model = connected_by_the_call(&mut harness, &mut kept).await;
        model.configure().await;
        assert_eq!(model.next_audio().await, frame(1), "{fault}");
        caller.stop(&planned).await;
        let (report, _) = harness.store.report(&planned.call).await;
        assert_eq!((report.frames_in, report.frames_dropped), (1, 0), "{fault}");
    }
}

/// Fault 53, of a socket that was ready: the peer is gone, and nothing shows it.
#[tokio::test]
async fn a_ready_socket_that_does_not_answer_is_given_up_after_a_second() {
    let mut harness = harness(1).await;
    let mut kept = vec![harness.model.accept().await];
    kept[0].wait_for_keeper().await;
    let planned = harness.plan();
    let mut caller = Caller::connect(&harness).await;
    caller.start(&planned).await;
    let asked = Instant::now();
    let mut model = connected_by_the_call(&mut harness, &mut kept).await;
    assert!(asked.elapsed() >= Duration::from_millis(900), "{:?}", asked.elapsed());
    model.configure().await;
    caller.media(&frame(1)).await;
    assert_eq!(model.next_audio().await, frame(1));
}

/// Fault 58: the leg that follows a lost one is ready too.
#[tokio::test]
async fn a_lost_leg_is_replaced_by_a_socket_that_was_ready() {
    let mut harness = harness(1).await;
    let mut first = harness.model.accept().await;
    first.wait_for_keeper().await;
    let planned = harness.plan();
    let mut caller = Caller::connect(&harness).await;
    caller.start(&planned).await;
    first.update().await;
    let mut second = harness.model.accept().await;
    second.wait_for_keeper().await;
    first.reset();
    second.update().await;
    caller.media(&frame(1)).await;
    assert_eq!(second.next_audio().await, frame(1));
    assert!(!of_a_call(&second));
}

#[tokio::test]
async fn an_api_that_refuses_is_not_besieged() {
    let mut harness = Harness::start().await;
    harness.model.refuse_with(StatusCode::UNAUTHORIZED);
    let models = vec!["gpt-realtime-2.1".to_owned()];
    let url = harness.model.url();
    let _refused = Harness::start_with(|settings| {
        settings.openai_realtime_url = url;
        settings.warm = WarmSettings { models, sockets: 8 };
    })
    .await;
    soon("the first attempt", async {
        while harness.model.accepted() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    // Long enough for some of the seven others.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(harness.model.accepted(), 1);
}
