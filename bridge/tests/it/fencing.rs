//! A session that was taken for dead: whatever it does is refused, and it stops.

use std::time::Duration;

use serde_json::Value;

use crate::conversation::call_tool;
use crate::framing::frame;
use crate::support::{Closed, Harness};

/// Fault 63.
#[tokio::test]
async fn a_session_whose_turn_is_refused_falls_silent_at_once() {
    let mut harness = Harness::start().await;
    let (mut caller, mut model, planned) = harness.live().await;
    harness.store.fence();
    model.begin("resp_1", "item_1", Value::Null).await;
    model.delta("resp_1", "item_1", &frame(1)).await;
    caller.next_audio().await;
    let mark = caller.next_mark().await;
    model.finish("resp_1", "item_1", "We are open until six.").await;
    caller.mark(&mark).await;
    assert_eq!(caller.closed().await, Closed::With(1008));
    model.gone().await;
    assert!(!harness.store.has_report(&planned.call));
}

/// Faults 63 and 64.
#[tokio::test]
async fn a_session_whose_hang_up_is_refused_leaves_the_call_alone() {
    let mut harness = Harness::start().await;
    let (mut caller, mut model, _) = harness.live().await;
    model.begin("resp_1", "item_1", Value::Null).await;
    call_tool(&mut model, "resp_1", "end_call").await;
    model.next_command().await;
    harness.store.fence();
    model.finish("resp_1", "item_1", "").await;
    assert_eq!(caller.closed().await, Closed::With(1008));
    assert!(harness.store.hang_ups().is_empty());
}

/// Fault 63: what follows a stream is decided from the record, so the record is there before the stream ends.
#[tokio::test]
async fn a_call_is_handed_over_with_everything_that_was_said() {
    let mut harness = Harness::start().await;
    let (mut caller, mut model, planned) = harness.live().await;
    harness.store.slow_down(Duration::from_millis(200));
    model.begin("resp_1", "item_1", Value::Null).await;
    model.delta("resp_1", "item_1", &frame(1)).await;
    caller.next_audio().await;
    let mark = caller.next_mark().await;
    harness.shutdown.cancel();
    model.finish("resp_1", "item_1", "Just a moment.").await;
    caller.mark(&mark).await;
    assert_eq!(caller.closed().await, Closed::With(1001));
    assert!(harness.store.has_report(&planned.call));
}
