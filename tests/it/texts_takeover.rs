//! The race between the agent's reply and a person who takes the thread, both ways over HTTP.

use std::time::Duration;

use acceptance::phones::BURST;
use http::Method;
use serde_json::json;
use simulator::openai::{Answer, HttpFault};
use simulator::twilio::RestFault;

use crate::texts::by_webhook::{asks, receives, sent, sms, texts};
use crate::texts::{thread, with_answers, world};

/// Demand 5 of texts, one way: the reply is written and kept, Twilio has not taken it yet, and a person writes.
async fn a_reply_that_is_kept_is_not_sent_once_a_person_has_written() {
    let world = world(&["We open at nine."]).await;
    let busy = RestFault { status: 429, code: 20_429, retry_after_s: Some(30), carried_out: false };
    world.twilio.fail_next_request(busy);
    receives(&world, &sms(&world, 1, "When do you open?")).await;
    let seen = thread(&world, 1).await;
    world.time_passes(BURST);
    world.until(|| async { (texts(&world, &seen).await.len() == 2).then_some(()) }).await;
    world.until(|| async { world.twilio.requests().iter().any(is_send).then_some(()) }).await;
    assert_eq!(world.twilio.texts().len(), 0, "Twilio did not take it");
    let path = format!("/v1/threads/{}/texts", seen["id"].as_str().unwrap());
    let (status, kept) =
        asks(&world, Method::POST, &path, "k1", Some(json!({ "text": "At ten. Vera" }))).await;
    assert_eq!(status, 202, "{kept}");
    sent(&world, 1).await;
    world.time_passes(Duration::from_secs(60));
    let dropped = world
        .until(|| async {
            let texts = texts(&world, &seen).await;
            let of_agent = texts.into_iter().find(|text| text["author"] == "agent").unwrap();
            (of_agent["status"] == "failed").then_some(of_agent)
        })
        .await;
    assert_eq!(dropped["failure"]["code"], "taken_over");
    world.texts_settle().await;
    let bodies: Vec<String> = world.twilio.texts().into_iter().map(|text| text.body).collect();
    assert_eq!(bodies, ["At ten. Vera"]);
}

fn is_send(request: &simulator::twilio::RestRequest) -> bool {
    request.path.ends_with("/Messages.json")
}

/// The other way: the person writes while the model is asked, and what it says then is kept nowhere.
async fn a_person_who_writes_first_has_the_thread_when_the_model_answers() {
    let busy = Answer::Fault(HttpFault::rate_limited(Duration::from_secs(110)));
    let world = with_answers(vec![busy.clone(), busy, Answer::Text("We open at nine.".into())]).await;
    receives(&world, &sms(&world, 1, "When do you open?")).await;
    let seen = thread(&world, 1).await;
    world.time_passes(BURST);
    let asked = || world.openai.requests().iter().filter(|request| request.path == "/v1/responses").count();
    world.until(|| async { (asked() >= 2).then_some(()) }).await;
    let path = format!("/v1/threads/{}/texts", seen["id"].as_str().unwrap());
    let (status, kept) =
        asks(&world, Method::POST, &path, "k1", Some(json!({ "text": "At ten. Vera" }))).await;
    assert_eq!(status, 202, "{kept}");
    sent(&world, 1).await;
    world.time_passes(Duration::from_secs(120));
    world.texts_settle().await;
    let bodies: Vec<String> = world.twilio.texts().into_iter().map(|text| text.body).collect();
    assert_eq!(bodies, ["At ten. Vera"]);
    assert_eq!(texts(&world, &seen).await.len(), 2, "no reply is kept");
}

acceptance::tests![
    a_reply_that_is_kept_is_not_sent_once_a_person_has_written,
    a_person_who_writes_first_has_the_thread_when_the_model_answers,
];
