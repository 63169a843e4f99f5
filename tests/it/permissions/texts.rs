//! The roles of the functions that receive, answer and send texts, and of the one through which people do.

use std::time::Duration;

use acceptance::World;
use acceptance::aws_proxy::AwsProxy;
use acceptance::phones::{Way, answers_texts};
use acceptance::sandbox::{HttpSandbox, QueueSandbox, ScheduleSandbox};
use acceptance::webhook::{Webhook, call_sid};
use domain::tools::HttpTool;
use functions::businesses::provision::NewBusiness;
use http::Method;
use scripted::Scripted;
use serde_json::{Value, json};
use simulator::openai::{Answer, HttpFault};
use simulator::phone::Habit;

use super::{aside, compare};
use crate::appointments::offer;
use crate::texts::by_webhook::{of_business, sms};
use crate::texts::{PERSON, kept_in};

/// A text as the webhook puts it into the queue.
fn job(number: &str, n: u32, body: &str) -> Value {
    let sender = json!({ "medium": "sms", "number": number, "carrier": { "provider": "twilio" } });
    json!({ "job": "came", "text": {
        "key": format!("SM{n:032x}"), "sender": sender, "from": PERSON, "kind": "text", "body": body,
        "came_at": 1_795_000_000_000_u64,
    }})
}

fn with_tools(new: &mut NewBusiness) {
    answers_texts(new);
    new.settings.tools.appointments = true;
    new.settings.tools.take_messages = true;
    new.settings.tools.http = vec![HttpTool {
        name: "book".into(),
        description: "Books a service.".into(),
        parameters: r#"{"type":"object","properties":{}}"#.into(),
        // Nothing listens there: that the tool did nothing is recorded as well.
        url: "http://127.0.0.1:1/book".into(),
        timeout: Duration::from_secs(2),
        once: true,
    }];
}

/// Books, moves and lists appointments, asks the business's own tool, takes a message, and hands over.
fn tool_answers() -> Vec<Answer> {
    let call =
        |name: &str, arguments: Value| Answer::Call { name: name.into(), arguments: arguments.to_string() };
    let to = json!({
        "appointment": "{{book_appointment/appointment}}", "slot": "{{find_slots/slots/2/slot}}",
    });
    vec![
        call("book", json!({})),
        call("find_slots", json!({})),
        call("book_appointment", json!({ "slot": "{{find_slots/slots/1/slot}}", "name": "Maria" })),
        call("reschedule_appointment", to),
        call("my_appointments", json!({})),
        call("take_message", json!({ "message": "The wheel is bent." })),
        call("hand_over", json!({ "reason": "a refund", "say": "A colleague answers." })),
    ]
}

/// A person without a number, who joins their contact with the next text; then what an agent does for them.
async fn uses_tools_and_meets_people(world: &World, step: &QueueSandbox) {
    let number = world.business.number.as_e164();
    let sender = json!({ "medium": "whatsapp", "number": number, "carrier": { "provider": "twilio" } });
    let picture = Scripted::serve([scripted::Answer::new(200, *b"\xFF\xD8\xFF\xE0picture")]).await;
    let text = |n: u32, also: Vec<&str>| {
        json!({ "job": "came", "text": {
            "key": format!("SM{n:032x}"), "sender": sender, "from": "whatsapp:US.1349", "also": also,
            "name": "Anna Huber", "kind": "media", "body": "Hi", "came_at": 1_795_000_000_000_u64,
            "media": [{ "source": picture.url.as_str(), "content_type": "image/jpeg" }],
        }})
    };
    assert!(step.does(&text(11, vec![]), 1).await);
    assert!(step.does(&text(12, vec![PERSON]), 1).await);
    let (_, list) = world.get("/v1/threads").await;
    let written = list["threads"].as_array().unwrap().iter().find(|thread| thread["medium"] == "whatsapp");
    let name = format!("{}.{}.1", world.business.business.id, written.unwrap()["id"].as_str().unwrap());
    assert!(step.does(&json!({ "job": "media", "text": name, "index": 0 }), 1).await);
    assert!(step.does(&job(number, 13, "Book something, please"), 1).await);
    world.time_passes(Duration::from_secs(3));
    let (_, list) = world.get("/v1/threads").await;
    let threads = list["threads"].as_array().unwrap();
    let thread = threads.iter().find(|thread| thread["medium"] == "sms").unwrap();
    let (business, id) = (&world.business.business.id, &thread["id"]);
    let reply = json!({ "job": "reply", "business": business, "thread": id, "asked": thread["texts"] });
    assert!(step.does(&reply, 1).await);
    let call = call_sid(77);
    assert_eq!(Webhook::inbound(world, &call).send(world).await.0, 200);
    let way = json!({ "call": call, "business": business, "name": "way", "text": "https://harbour.example" });
    assert!(step.does(&json!({ "job": "from_call", "text": way }), 1).await);
    let (_, handed) = world.get(&format!("/v1/threads/{}", id.as_str().unwrap())).await;
    assert_eq!(handed["handed_over"]["reason"], "a refund", "{handed}");
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
    let answers = answers.into_iter().chain(tool_answers()).collect();
    let world = of_business(answers, with_tools).await;
    offer(&world).await;
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
    uses_tools_and_meets_people(&world, &step).await;
    compare("TextStepFunction", &proxy);

    // A text of which nothing more is heard.
    world.phone(Way::Sms).behaves(Habit::RECEIVES.and_loses_callbacks());
    let (_, told) = world.get(&format!("/v1/threads/{}/texts", thread.as_str().unwrap())).await;
    let mut texts = told["texts"].as_array().unwrap().iter();
    let unsent = texts
        .find(|text| text["way"] == "out" && text["status"] == "intended")
        .unwrap_or_else(|| panic!("{told:#}"));
    let name = format!("{business}.{}.{}", thread.as_str().unwrap(), unsent["number"]);
    assert!(step.does(&json!({ "job": "send", "text": name }), 1).await);
    let proxy = AwsProxy::of(&world).await;
    let sweep =
        ScheduleSandbox::start(&world, "text-sweep", &[&sinks[..], &proxy.everywhere()].concat()).await;
    assert!(sweep.ticks(world.now().plus(Duration::from_secs(900))).await);
    compare("TextSweepFunction", &proxy);

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
    let (_, list) = world.get("/v1/threads").await;
    let with_picture =
        list["threads"].as_array().unwrap().iter().find(|thread| thread["medium"] == "whatsapp");
    let path = format!("/v1/threads/{}/texts", with_picture.unwrap()["id"].as_str().unwrap());
    let own = world.identity.api_key.expose();
    let texts = world.http.get(api.url.join(&path).unwrap()).bearer_auth(own).send().await.unwrap();
    let texts: Value = texts.json().await.unwrap();
    let first = texts["texts"].as_array().unwrap().last().unwrap();
    let link = first["attachments"][0]["url"].as_str().unwrap();
    assert_eq!(world.http.get(link).send().await.unwrap().status(), 200);
    compare("ThreadsFunction", &proxy);
}

acceptance::tests![the_roles_of_texts_fit];
