//! What the routes answer by which a person talks to the agent from the console.

use super::*;

/// `telephone`: a call that Twilio carried.
pub(super) async fn of_test_calls(answers: &mut Answers<'_>, telephone: &str) {
    let with_key = |key: &str, body: Value| Extra { body: Some(body), ..header("idempotency-key", key) };
    let (post, route) = (Method::POST, "/v1/test_calls");
    let revision = |n: u32| json!({ "revision": n });
    let begun = answers.ask("a revision", post.clone(), route, route, with_key("test", revision(1))).await.1;
    answers.ask("again", post.clone(), route, route, with_key("test", revision(1))).await;
    answers.ask("another with its key", post.clone(), route, route, with_key("test", revision(9))).await;
    answers.ask("no such revision", post.clone(), route, route, with_key("none", revision(9))).await;
    answers
        .ask("no such language", post.clone(), route, route, with_key("x", json!({ "language": "tlh" })))
        .await;
    answers.ask("an unknown field", post.clone(), route, route, with_key("x", json!({ "voice": "" }))).await;
    answers.ask("without a key of its own", post.clone(), route, route, Extra::default()).await;
    answers.ask("what is published", post.clone(), route, route, header("idempotency-key", "two")).await;
    answers.ask("a third one", post.clone(), route, route, header("idempotency-key", "three")).await;
    let begun: Value = serde_json::from_str(&begun).unwrap();
    let route = "/v1/test_calls/{sid}/resume";
    let path = format!("/v1/test_calls/{}/resume", begun["call"].as_str().unwrap());
    let epoch = |n: u32| json_body(json!({ "epoch": n }));
    answers.ask("a stream that never was", post.clone(), route, &path, epoch(2)).await;
    answers.ask("a stream that broke", post.clone(), route, &path, epoch(1)).await;
    answers.ask("the same once more", post.clone(), route, &path, epoch(1)).await;
    let path = format!("/v1/test_calls/{telephone}/resume");
    answers.ask("a telephone call", post, route, &path, epoch(1)).await;
}
