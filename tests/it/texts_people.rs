//! The people who write: contacts, timelines, and what they want of the business on any thread.

use acceptance::World;
use acceptance::webhook::Webhook;
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::texts::by_webhook::{asks, receives, sent, sms, whatsapp};
use crate::texts::{PERSON, world};

/// A person who has hidden their number.
const HIDDEN: &str = "whatsapp:US.13491208655302741918";

async fn contacts(world: &World) -> Vec<Value> {
    let (status, list) = world.get("/v1/contacts?limit=100").await;
    assert_eq!(status, 200, "{list}");
    list["contacts"].as_array().unwrap().clone()
}

/// The contact of the person's number.
async fn contact(world: &World) -> Value {
    let path = format!("/v1/contacts?number={}", PERSON.replace('+', "%2B"));
    world
        .until(|| async {
            let (_, list) = world.get(&path).await;
            list["contacts"].get(0).cloned()
        })
        .await
}

async fn entries(world: &World, contact: &Value, kind: &str) -> Vec<Value> {
    let path = format!("/v1/contacts/{}/timeline?kind={kind}", contact["id"].as_str().unwrap());
    let (status, list) = world.get(&path).await;
    assert_eq!(status, 200, "{list}");
    list["entries"].as_array().unwrap().clone()
}

async fn threads(world: &World, count: usize) -> Vec<Value> {
    world
        .until(|| async {
            let (_, list) = world.get("/v1/threads").await;
            let threads = list["threads"].as_array().unwrap().clone();
            (threads.len() >= count).then_some(threads)
        })
        .await
}

/// The first text makes the contact; the agent is told of it; a name that a person typed stands above that of a profile.
async fn a_first_text_makes_a_contact_whom_the_agent_knows() {
    let world = world(&["At nine.", "Yes."]).await;
    receives(&world, &whatsapp(&world, 1, "When do you open?")).await;
    let known = contact(&world).await;
    assert_eq!((&known["name"]["value"], &known["name"]["source"]), (&json!("Anna"), &json!("profile")));
    world.texts_settle().await;
    let thread = threads(&world, 1).await.remove(0);
    assert_eq!(thread["contact"], known["id"]);
    let told = entries(&world, &known, "text").await;
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!((&told[0]["thread"], &told[0]["direction"]), (&thread["id"], &json!("inbound")));
    let asked = |n: usize| {
        let requests = world.openai.requests();
        let asked = requests.into_iter().filter(|request| request.path == "/v1/responses").nth(n);
        asked.unwrap().body["instructions"].as_str().unwrap().to_owned()
    };
    assert!(asked(0).contains("Name: Anna"), "{}", asked(0));

    let path = format!("/v1/contacts/{}", known["id"].as_str().unwrap());
    let change = world.http.patch(world.url(&path)).bearer_auth(world.identity.api_key.expose());
    let change = change.header("if-match", "\"v1\"").json(&json!({ "name": "Anna Huber" }));
    assert_eq!(change.send().await.unwrap().status(), 200);
    receives(&world, &whatsapp(&world, 2, "Today as well?").field("ProfileName", "annie")).await;
    world.texts_settle().await;
    sent(&world, 2).await;
    assert_eq!(contact(&world).await["name"]["value"], "Anna Huber");
    assert!(asked(1).contains("Name: Anna Huber"));
    assert_eq!(entries(&world, &known, "text").await.len(), 1, "one entry for the texts of a day");
}

/// Demand 1 of contacts, with texts.
async fn two_hundred_first_texts_of_a_person_make_one_contact() {
    let world = world(&[]).await;
    let webhooks: Vec<Webhook> = (0..200).map(|n| sms(&world, n, &format!("text {n}"))).collect();
    join_all(webhooks.iter().map(|webhook| receives(&world, webhook))).await;
    world
        .until(|| async {
            let threads = threads(&world, 1).await;
            assert_eq!(threads.len(), 1);
            (threads[0]["texts"].as_u64().unwrap() >= 200).then_some(())
        })
        .await;
    let contacts = contacts(&world).await;
    assert_eq!(contacts.len(), 1, "{contacts:#?}");
    assert_eq!(entries(&world, &contacts[0], "text").await.len(), 1);
}

/// Demand 2 of texts: a person without a number is a contact of their own, is answered where they wrote, and joins the contact
/// with the number as soon as a text carries both.
async fn a_person_without_a_number_joins_their_contact() {
    let world = world(&["One.", "Two.", "Three."]).await;
    receives(&world, &sms(&world, 1, "Hi")).await;
    let by_number = contact(&world).await;
    world.texts_settle().await;
    let hidden =
        |n: u32, body: &str| sms(&world, n, body).field("From", HIDDEN).field("To", &whatsapp_number(&world));
    receives(&world, &hidden(2, "It is me")).await;
    threads(&world, 2).await;
    world.texts_settle().await;
    let sent_texts = sent(&world, 2).await;
    assert_eq!(sent_texts[1].to, HIDDEN, "to the address that it came from");
    let all = contacts(&world).await;
    assert_eq!(all.len(), 2);
    let by_id = all.iter().find(|one| one["id"] != by_number["id"]).unwrap().clone();
    let handles = by_id["handles"].to_string();
    assert!(handles.contains("US.13491208655302741918") && !handles.contains("phone"), "{handles}");

    let both = hidden(3, "And this is my number").field("WaId", PERSON.trim_start_matches('+'));
    receives(&world, &both).await;
    let joined = world
        .until(|| async {
            let all = contacts(&world).await;
            (all.len() == 1).then(|| all[0].clone())
        })
        .await;
    assert_eq!(joined["id"], by_number["id"]);
    assert!(joined["handles"].to_string().contains("US.13491208655302741918"), "{joined:#}");
    let (status, redirected) = world.get(&format!("/v1/contacts/{}", by_id["id"].as_str().unwrap())).await;
    assert_eq!((status, &redirected["id"]), (200, &by_number["id"]));
    assert_eq!(entries(&world, &joined, "text").await.len(), 2, "both threads are told in one timeline");
    assert_eq!(entries(&world, &joined, "merge").await.len(), 1, "and that they became one");
}

fn whatsapp_number(world: &World) -> String {
    format!("whatsapp:{}", world.business.number.as_e164())
}

/// Demand 9 of texts: a stop on one thread holds on all threads of the person, until they want texts again.
async fn a_stop_holds_for_all_handles_of_a_person() {
    let world = world(&["One.", "Two."]).await;
    receives(&world, &sms(&world, 1, "Hi")).await;
    world.texts_settle().await;
    receives(&world, &whatsapp(&world, 2, "Stop")).await;
    let both = threads(&world, 2).await;
    world.texts_settle().await;
    let by_sms = both.iter().find(|thread| thread["medium"] == "sms").unwrap();
    let path = format!("/v1/threads/{}", by_sms["id"].as_str().unwrap());
    let stopped = || async { !world.get(&path).await.1["stopped_at"].is_null() };
    assert!(stopped().await);
    let send = async |key: &str| {
        let texts = format!("{path}/texts");
        asks(&world, Method::POST, &texts, key, Some(json!({ "text": "An offer" }))).await
    };
    let (status, refused) = send("k1").await;
    assert_eq!((status, &refused["code"]), (409, &json!("opted_out")), "{refused}");
    receives(&world, &whatsapp(&world, 3, "START")).await;
    world.until(|| async { (!stopped().await).then_some(()) }).await;
    let (status, kept) = send("k2").await;
    assert_eq!(status, 202, "{kept}");
}

acceptance::tests![
    a_first_text_makes_a_contact_whom_the_agent_knows,
    two_hundred_first_texts_of_a_person_make_one_contact,
    a_person_without_a_number_joins_their_contact,
    a_stop_holds_for_all_handles_of_a_person,
];
