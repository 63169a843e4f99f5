//! WhatsApp over Meta itself: one body with many events, each kept once; answers to people without a number.

use std::time::Duration;

use acceptance::World;
use acceptance::sandbox::{HttpSandbox, QueueSandbox};
use hmac::{Hmac, KeyInit as _, Mac as _};
use scripted::{Answer, Scripted};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::permissions::aside;
use crate::texts::world;

/// A person who has hidden their number.
const PERSON: &str = "AT.13491208655302741918";
const SECRET: &str = "meta_app_secret_demo";
const KEYS: [(&str, &str); 3] =
    [("META_TOKEN", "graph-token"), ("META_APP_SECRET", SECRET), ("META_VERIFY_TOKEN", "verify-me")];

fn signed(body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn words(n: usize) -> Value {
    json!({
        "from_user_id": PERSON, "id": format!("wamid.{n}"), "timestamp": "1795000000",
        "type": "text", "text": { "body": format!("words {n}") },
    })
}

fn entry(world: &World, messages: Vec<Value>, statuses: Vec<Value>) -> Value {
    let number = world.business.number.as_e164().trim_start_matches('+');
    json!({ "id": "1", "changes": [{ "field": "messages", "value": {
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": number, "phone_number_id": "1055" },
        "contacts": [{ "user_id": PERSON, "profile": { "name": "Anna" } }],
        "messages": messages, "statuses": statuses,
    }}]})
}

fn body(entries: Vec<Value>) -> String {
    json!({ "object": "whatsapp_business_account", "entry": entries }).to_string()
}

async fn posts(world: &World, inbound: &HttpSandbox, body: &str, signature: Option<&str>) -> u16 {
    let request = world.http.post(inbound.url.join("/meta/whatsapp").unwrap()).body(body.to_owned());
    let request = signature.iter().fold(request, |request, it| request.header("X-Hub-Signature-256", *it));
    request.send().await.unwrap().status().as_u16()
}

async fn threads(world: &World) -> Vec<Value> {
    let (status, list) = world.get("/v1/threads").await;
    assert_eq!(status, 200, "{list}");
    list["threads"].as_array().unwrap().clone()
}

async fn a_body_is_unfolded_once_and_a_forged_one_has_no_effect() {
    let world = world(&["At nine."]).await;
    let inbound = HttpSandbox::start(&world, "text-inbound", &KEYS).await;
    let status =
        |n: usize| json!({ "id": format!("wamid.s{n}"), "status": "sent", "timestamp": "1795000000" });
    let mut entries: Vec<Value> = (0..3)
        .map(|entry_n| {
            let messages = (0..4).map(|n| words(entry_n * 4 + n)).collect();
            let statuses = if entry_n == 0 { (0..5).map(status).collect() } else { vec![] };
            entry(&world, messages, statuses)
        })
        .collect();
    // One that cannot be read costs no other one.
    entries.push(entry(&world, vec![json!({ "type": "text" })], vec![]));
    let body = body(entries);
    let altered = body.replace("words 3", "words X");
    for forged in [None, Some(""), Some("sha256=00")] {
        assert_eq!(posts(&world, &inbound, &body, forged).await, 403);
    }
    assert_eq!(posts(&world, &inbound, &altered, Some(&signed(&body))).await, 403);
    assert_eq!(threads(&world).await.len(), 0);
    for _ in 0..3 {
        assert_eq!(posts(&world, &inbound, &body, Some(&signed(&body))).await, 200);
    }
    world.works_everything_off(&["TextsQueue"]).await;
    let threads = threads(&world).await;
    assert_eq!(threads.len(), 1, "{threads:#?}");
    let received = threads[0]["texts"].as_u64().unwrap();
    assert!((12..=13).contains(&received), "twelve texts, and a reply perhaps: {received}");
    assert_eq!((&threads[0]["phone"], &threads[0]["name"]), (&Value::Null, &json!("Anna")));
    assert_eq!(threads[0]["person"], PERSON);
}

async fn meta_subscribes_with_our_token_alone() {
    let world = world(&[]).await;
    let inbound = HttpSandbox::start(&world, "text-inbound", &KEYS).await;
    let asks = async |query: &str| {
        let url = inbound.url.join(&format!("/meta/whatsapp?{query}")).unwrap();
        let answer = world.http.get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let right = "hub.mode=subscribe&hub.verify_token=verify-me&hub.challenge=1158201444";
    assert_eq!(asks(right).await, (200, "1158201444".to_owned()));
    for wrong in
        ["", "hub.mode=subscribe&hub.verify_token=other&hub.challenge=1", &right.replace("subscribe", "x")]
    {
        assert_eq!(asks(wrong).await.0, 403, "{wrong}");
    }
}

/// The answer goes to the id of a person without a number, with our own name of the text.
async fn a_person_without_a_number_is_answered() {
    let world = world(&["At nine."]).await;
    let typing = Answer::new(200, r#"{"success":true}"#);
    let sent = Answer::new(200, r#"{"messaging_product":"whatsapp","messages":[{"id":"wamid.out"}]}"#);
    let graph = Scripted::serve([typing, sent]).await;
    // What the sandbox sends goes to a queue without a worker: the world's own has no keys of Meta's.
    let queue = aside(&world, "TextsQueue").await;
    let changes = [&KEYS[..], &[("META_API_URL", graph.url.as_str()), ("QUEUE_TEXTS", &queue)]].concat();
    let step = QueueSandbox::start(&world, "text-step", &changes).await;
    let carrier = json!({ "provider": "meta", "phone_number_id": "1055" });
    let sender = json!({ "medium": "whatsapp", "number": world.business.number, "carrier": carrier });
    let came = json!({ "job": "came", "text": {
        "key": "wamid.1", "sender": sender, "from": PERSON, "kind": "text", "body": "When do you open?",
        "came_at": world.now(),
    }});
    assert!(step.does(&came, 1).await);
    let thread = threads(&world).await.remove(0);
    world.time_passes(Duration::from_secs(2));
    let business = &world.business.business.id;
    let reply = json!({ "job": "reply", "business": business, "thread": thread["id"], "asked": 1 });
    assert!(step.does(&reply, 1).await);
    let name = format!("{business}.{}.2", thread["id"].as_str().unwrap());
    for _ in 0..2 {
        assert!(step.does(&json!({ "job": "send", "text": name }), 1).await);
    }
    let asked = graph.asked();
    assert_eq!(asked.len(), 2, "the sign of writing, and the text, once");
    assert_eq!(asked[1].line, "POST /v26.0/1055/messages");
    let sent: Value = serde_json::from_str(&asked[1].body).unwrap();
    assert_eq!((&sent["recipient"], sent.get("to")), (&json!(PERSON), None));
    assert_eq!(
        (&sent["text"]["body"], &sent["biz_opaque_callback_data"]),
        (&json!("At nine."), &json!(name))
    );
    assert_eq!(asked[1].header("authorization"), Some("Bearer graph-token"));
}

acceptance::tests![
    a_body_is_unfolded_once_and_a_forged_one_has_no_effect,
    meta_subscribes_with_our_token_alone,
    a_person_without_a_number_is_answered,
];
