//! The roles of the functions that receive, answer and send texts, and of the one through which people do.

use std::time::Duration;

use acceptance::aws_proxy::AwsProxy;
use acceptance::sandbox::{HttpSandbox, QueueSandbox};
use acceptance::webhook::call_sid;
use http::Method;
use serde_json::{Value, json};
use simulator::openai::{Answer, HttpFault};

use super::{aside, compare};
use crate::texts::{PERSON, kept_in, sms, with_answers};

/// A text as the webhook puts it into the queue.
fn job(number: &str, n: u32, body: &str) -> Value {
    let sender = json!({ "medium": "sms", "number": number, "carrier": { "provider": "twilio" } });
    json!({ "job": "came", "text": {
        "key": format!("SM{n:032x}"), "sender": sender, "from": PERSON, "kind": "text", "body": body,
        "came_at": 1_795_000_000_000_u64,
    }})
}

async fn the_roles_of_texts_fit() {
    let trouble = HttpFault { status: 400, code: "invalid_request_error".into(), retry_after: None };
    let busy = HttpFault::rate_limited(Duration::from_secs(110));
    let answers = vec![
        Answer::Fault(busy.clone()),
        Answer::Fault(busy),
        Answer::Text("At nine.".into()),
        Answer::Fault(trouble),
    ];
    let world = with_answers(answers).await;
    let sinks =
        [("QUEUE_TEXTS", aside(&world, "TextsQueue").await), ("DLQ_TEXTS", aside(&world, "TextsDlq").await)];
    let sinks = sinks.each_ref().map(|(variable, queue)| (*variable, queue.as_str()));

    let proxy = AwsProxy::of(&world).await;
    let inbound =
        HttpSandbox::start(&world, "text-inbound", &[&sinks[..], &proxy.everywhere()].concat()).await;
    assert_eq!(inbound.receives(&world, &sms(&world, 1, "Hi")).await.0, 200);
    let stranger = sms(&world, 2, "Hi").field("AccountSid", acceptance::OWN_ACCOUNTS[0].0);
    assert_eq!(inbound.receives(&world, &stranger).await.0, 403);
    let as_a_call = stranger.field("CallSid", &call_sid(9));
    assert_eq!(inbound.receives(&world, &as_a_call).await.0, 403);
    compare("TextInboundFunction", &proxy);

    let proxy = AwsProxy::of(&world).await;
    let step = QueueSandbox::start(&world, "text-step", &[&sinks[..], &proxy.everywhere()].concat()).await;
    let number = world.business.number.as_e164();
    for _ in 0..2 {
        assert!(step.does(&job(number, 1, "When do you open?"), 1).await);
    }
    assert!(step.does(&job(number, 2, "Hello?"), 1).await);
    world.time_passes(Duration::from_secs(3));
    let (_, list) = world.get("/v1/threads").await;
    let (business, thread) = (&world.business.business.id, list["threads"][0]["id"].clone());
    let reply = json!({ "job": "reply", "business": business, "thread": thread, "asked": 2 });
    assert!(!step.does(&reply, 1).await, "the model is busy");
    assert!(step.does(&reply, 2).await);
    let name = format!("{business}.{}.3", thread.as_str().unwrap());
    assert!(step.does(&json!({ "job": "send", "text": name }), 1).await);
    let sent = world.twilio.texts().remove(0);
    let became =
        json!({ "job": "became", "key": sent.sid, "sent": name, "fate": { "delivery": "delivered" } });
    assert!(step.does(&became, 1).await);
    assert!(step.does(&json!({ "no": "job" }), 1).await, "it is buried");
    compare("TextStepFunction", &proxy);

    let other = world.another_business().await;
    let id = kept_in(&world, &other).await;
    let proxy = AwsProxy::of(&world).await;
    let api = HttpSandbox::start(&world, "threads", &[&sinks[..], &proxy.everywhere()].concat()).await;
    let ask = async |method: Method, path: &str, body: Option<Value>| {
        let request =
            world.http.request(method, api.url.join(path).unwrap()).bearer_auth(other.api_key.expose());
        let request = body.iter().fold(request, |request, body| request.json(body));
        request.header("Idempotency-Key", "k1").send().await.unwrap().status().as_u16()
    };
    let one = format!("/v1/threads/{id}");
    assert_eq!(ask(Method::GET, "/v1/threads", None).await, 200);
    assert_eq!(ask(Method::GET, &format!("{one}/texts"), None).await, 200);
    let words = json!({ "text": "Your bicycle is ready." });
    assert_eq!(ask(Method::POST, &format!("{one}/texts"), Some(words)).await, 202);
    assert_eq!(ask(Method::PATCH, &one, Some(json!({ "owner": "agent" }))).await, 200);
    compare("ThreadsFunction", &proxy);
}

acceptance::tests![the_roles_of_texts_fit];
