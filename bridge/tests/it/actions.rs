//! What a business asks of a call while it goes on, from the store to the model and back.

use domain::action::{NotDone, Words};
use domain::turn::EndReason;
use domain::{ActionState, CallAction};
use serde_json::json;

use crate::framing::frame;
use crate::support::{Closed, Harness};

fn words() -> Words {
    Words::parse("We close in ten minutes.").unwrap()
}

#[tokio::test]
async fn words_are_said_and_the_call_ends_as_the_business_asked() {
    let mut harness = Harness::start().await;
    let (mut caller, mut model, planned) = harness.live().await;
    harness.store.ask(&planned.call, "say", CallAction::Say { text: words() });
    harness.store.ask(&planned.call, "end", CallAction::End);
    for (n, kind) in ["words", "goodbye"].into_iter().enumerate() {
        let request = model.next().await;
        assert_eq!(request["type"], "response.create");
        let metadata = request["response"]["metadata"].clone();
        assert_eq!(metadata, json!({ "kind": kind }));
        let text = request["response"]["instructions"].as_str().unwrap();
        assert_eq!(text.contains("We close in ten minutes."), kind == "words");
        let (response, item) = (format!("resp_{n}"), format!("item_{n}"));
        model.begin(&response, &item, metadata).await;
        model.delta(&response, &item, &frame(1)).await;
        caller.next_audio().await;
        let mark = caller.next_mark().await;
        model.finish(&response, &item, "We close in ten minutes.").await;
        caller.mark(&mark).await;
    }
    harness.store.hung_up(&planned.call).await;
    caller.stop(&planned).await;
    assert_eq!(caller.closed().await, Closed::With(1000));
    for key in ["say", "end"] {
        assert_eq!(harness.store.settled(&planned.call, key).await, ActionState::Done);
    }
    let (report, _) = harness.store.report(&planned.call).await;
    assert_eq!(report.end, EndReason::Requested);
}

#[tokio::test]
async fn an_action_that_the_session_refuses_is_answered_with_the_reason() {
    let mut harness = Harness::start().await;
    let (mut caller, _model, planned) = harness.live().await;
    harness.store.ask(&planned.call, "transfer", CallAction::Transfer { to: "workshop".into() });
    let refused = harness.store.settled(&planned.call, "transfer").await;
    assert_eq!(refused, ActionState::NotDone(NotDone::TransferNotAllowed));
    caller.stop(&planned).await;
    assert_eq!(caller.closed().await, Closed::With(1000));
}

/// Fault 63.
#[tokio::test]
async fn a_session_that_may_not_take_an_action_has_lost_its_call() {
    let mut harness = Harness::start().await;
    let (mut caller, mut model, planned) = harness.live().await;
    harness.store.fence();
    harness.store.ask(&planned.call, "end", CallAction::End);
    assert_eq!(caller.closed().await, Closed::With(1008));
    model.gone().await;
    assert!(harness.store.hang_ups().is_empty());
}
