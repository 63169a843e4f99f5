//! What the routes answer that act on calls in progress.

use acceptance::webhook::{Webhook, call_sid};
use http::Method;
use serde_json::{Value, json};

use super::{Answers, Extra, header, json_body};

/// Of a call that is over, and of one that was answered and whose stream is nowhere.
pub(super) async fn of_actions(answers: &mut Answers<'_>, over: &str) {
    let call = call_sid(3);
    let rings = Webhook::inbound(answers.world, &call);
    assert_eq!(rings.send(answers.world).await.0, 200);
    let stream = rings.field("CallStatus", "in-progress").at("/twilio/stream/status");
    let stream =
        stream.field("StreamEvent", "stream-started").field("StreamSid", &format!("MZ{}", "2".repeat(32)));
    assert_eq!(stream.send(answers.world).await.0, 204);
    let with_key = |key: &str, body: Value| Extra { body: Some(body), ..header("idempotency-key", key) };
    let (post, route) = (Method::POST, "/v1/calls/{sid}/actions");
    let path = format!("/v1/calls/{call}/actions");
    let say = json!({ "action": "say", "text": "We close in ten minutes." });
    let (_, kept) =
        answers.ask("words to be said", post.clone(), route, &path, with_key("say", say.clone())).await;
    answers.ask("without a key of its own", post.clone(), route, &path, json_body(say)).await;
    let end = || json!({ "action": "end" });
    answers.ask("another action under its key", post.clone(), route, &path, with_key("say", end())).await;
    let wrong = json!({ "action": "end", "text": "Bye." });
    answers.ask("a field of another action", post.clone(), route, &path, with_key("x", wrong)).await;
    let nowhere = json!({ "action": "transfer", "to": "nowhere" });
    answers.ask("a directory that is empty", post.clone(), route, &path, with_key("x", nowhere)).await;
    let late = format!("/v1/calls/{over}/actions");
    answers.ask("a call that is over", post.clone(), route, &late, with_key("x", end())).await;
    let (get, route) = (Method::GET, "/v1/calls/{sid}/actions/{action}");
    let kept: Value = serde_json::from_str(&kept).unwrap();
    let one = format!("{path}/{}", kept["id"].as_str().unwrap());
    answers.ask("one that waits", get.clone(), route, &one, Extra::default()).await;
    answers.ask("no such action", get, route, &format!("{path}/x"), Extra::default()).await;
    let route = "/v1/calls/{sid}/cancel";
    let path = format!("/v1/calls/{call}/cancel");
    answers.ask("a call that came in", post.clone(), route, &path, header("idempotency-key", "c")).await;
    let path = format!("/v1/calls/{over}/cancel");
    answers.ask("a call that is over", post.clone(), route, &path, header("idempotency-key", "c")).await;
    let route = "/v1/calls/{sid}/listen";
    let path = format!("/v1/calls/{call}/listen");
    answers.ask("a call that goes on", post.clone(), route, &path, Extra::default()).await;
    let path = format!("/v1/calls/{over}/listen");
    answers.ask("a call that is over", post, route, &path, Extra::default()).await;
}
