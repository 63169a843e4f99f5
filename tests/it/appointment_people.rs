//! Whose an appointment is: one person has one history, however they called or wrote.

use acceptance::World;
use acceptance::phones::answers_texts;
use acceptance::webhook::Webhook;
use functions::businesses::provision::NewBusiness;
use http::Method;
use serde_json::{Value, json};
use simulator::openai::Answer;

use crate::appointments::offer;
use crate::texts::PERSON;
use crate::texts::by_webhook::{asks, of_business, receives, sent, sms};

/// A person who has hidden their number.
const HIDDEN: &str = "whatsapp:US.13491208655302741918";
const STRANGER: &str = "+12025550199";

fn call(name: &str, arguments: &Value) -> Answer {
    Answer::Call { name: name.into(), arguments: arguments.to_string() }
}

fn words(text: &str) -> Answer {
    Answer::Text(text.into())
}

fn with_tools(new: &mut NewBusiness) {
    answers_texts(new);
    new.settings.tools.appointments = true;
}

async fn world(answers: Vec<Answer>) -> World {
    let world = of_business(answers, with_tools).await;
    offer(&world).await;
    world
}

async fn post(world: &World, path: &str, key: &str, body: Value) -> Value {
    let (status, made) = asks(world, Method::POST, path, key, Some(body)).await;
    assert_eq!(status, 201, "{made}");
    made
}

async fn change(world: &World, made: &Value, version: u32, body: &Value) -> Value {
    let path = format!("/v1/appointments/{}", made["id"].as_str().unwrap());
    let request = world.http.patch(world.url(&path)).bearer_auth(world.identity.api_key.expose());
    let answer = request.header("if-match", format!("\"v{version}\"")).json(body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

/// The time of the slot with this number.
async fn slot(world: &World, n: usize) -> Value {
    world.get("/v1/appointments/slots?service=trim&limit=50").await.1["slots"][n]["start"].clone()
}

async fn booked(world: &World, key: &str, n: usize, person: Value) -> Value {
    let new = json!({ "service": "trim", "start": slot(world, n).await, "person": person });
    post(world, "/v1/appointments", key, new).await
}

/// What the timeline of a contact says of appointments, the newest first.
async fn told(world: &World, contact: &Value) -> Vec<(String, Value)> {
    let path = format!("/v1/contacts/{}/timeline?kind=appointment", contact.as_str().unwrap());
    let (status, list) = world.get(&path).await;
    assert_eq!(status, 200, "{list}");
    let entries = list["entries"].as_array().unwrap().iter();
    entries
        .map(|entry| (entry["became"].as_str().unwrap().to_owned(), entry["appointment"].clone()))
        .collect()
}

async fn writes(world: &World, webhook: &Webhook, replies: usize) {
    receives(world, webhook).await;
    world.texts_settle().await;
    sent(world, replies).await;
}

/// A text over WhatsApp of the person without a number.
fn hidden(world: &World, n: u32, body: &str) -> Webhook {
    let to = format!("whatsapp:{}", world.business.number.as_e164());
    sms(world, n, body).field("From", HIDDEN).field("To", &to)
}

/// What the tool of this name told the model, in all requests, each once.
fn answers_of(world: &World, tool: &str) -> Vec<Value> {
    let requests = world.openai.requests();
    let mut found: Vec<(Value, Value)> = vec![];
    for request in requests.iter().filter(|request| request.path == "/v1/responses") {
        let Some(items) = request.body["input"].as_array() else { continue };
        for item in items.iter().filter(|item| item["type"] == "function_call_output") {
            let by = |other: &&Value| other["name"] == tool && other["call_id"] == item["call_id"];
            if items.iter().any(|other| by(&other)) && found.iter().all(|(id, _)| *id != item["call_id"]) {
                found.push((item["call_id"].clone(), item["output"].clone()));
            }
        }
    }
    found.iter().map(|(_, output)| serde_json::from_str(output.as_str().unwrap()).unwrap()).collect()
}

/// Someone who is booked under their number writes from WhatsApp without one, and finds, moves and calls off what is theirs, and
/// nothing of another person's.
async fn who_booked_by_phone_finds_it_by_an_id() {
    let others = domain::appointments::AppointmentId::of(
        &domain::BusinessId::parse("harbour-bicycles").unwrap(),
        "others",
    );
    let own = json!({ "appointment": "{{my_appointments/appointments/0/appointment}}" });
    let world = world(vec![
        words("Welcome."),
        call("my_appointments", &json!({})),
        call("cancel_appointment", &json!({ "appointment": others })),
        call("cancel_appointment", &own),
        words("It is off."),
    ])
    .await;
    let contact =
        post(&world, "/v1/contacts", "c1", json!({ "handles": [{ "kind": "phone", "value": PERSON }] }));
    let contact = contact.await["id"].clone();
    let theirs = booked(&world, "own", 8, json!({ "name": "Anna", "number": PERSON })).await;
    assert_eq!(theirs["person"]["contact"], contact, "found by the number");
    let strangers = booked(&world, "others", 10, json!({ "name": "Maria", "number": STRANGER })).await;
    assert_eq!((&strangers["id"], &strangers["person"]["contact"]), (&json!(others), &Value::Null));
    // A text that carries both makes the id theirs.
    let both = hidden(&world, 1, "It is me").field("WaId", PERSON.trim_start_matches('+'));
    writes(&world, &both, 1).await;
    writes(&world, &hidden(&world, 2, "I cannot come"), 2).await;
    let listed = answers_of(&world, "my_appointments");
    assert_eq!(listed[0]["appointments"].as_array().unwrap().len(), 1, "{listed:?}");
    assert_eq!(listed[0]["appointments"][0]["appointment"], theirs["id"]);
    let cancelled = answers_of(&world, "cancel_appointment");
    assert_eq!((&cancelled[0]["error"], &cancelled[1]["done"]), (&json!("not_yours"), &json!("cancelled")));
    let both = ["cancelled", "booked"].map(|became| (became.to_owned(), theirs["id"].clone()));
    assert_eq!(told(&world, &contact).await, both);
    // What stands was known to the agent before it asked.
    let asked = world.openai.requests();
    let asked = asked.iter().filter(|request| request.path == "/v1/responses").nth(1).unwrap();
    assert_eq!(asked.body["instructions"].as_str().unwrap().matches("> Appointment: ").count(), 1);
}

/// A person without a number books by their contact; once that went into the one with the number, the survivor has the
/// appointment by SMS too, and both parts of the story in one timeline.
async fn an_appointment_of_a_merged_contact_is_the_survivors() {
    let book = json!({ "slot": "{{find_slots/slots/0/slot}}", "name": "Anna" });
    let to = json!({
        "appointment": "{{my_appointments/appointments/0/appointment}}", "slot": "{{find_slots/slots/1/slot}}",
    });
    let world = world(vec![
        words("Hello."),
        call("find_slots", &json!({ "week": "next" })),
        call("book_appointment", &book),
        words("Thank you."),
        words("Noted."),
        call("my_appointments", &json!({})),
        call("find_slots", &json!({ "week": "next" })),
        call("reschedule_appointment", &to),
        words("As you like."),
    ])
    .await;
    writes(&world, &sms(&world, 1, "Hi"), 1).await;
    writes(&world, &hidden(&world, 2, "A trim next week, please. Anna"), 2).await;
    let made = world.get("/v1/appointments").await.1["appointments"][0].clone();
    assert_eq!((&made["status"], &made["person"]["number"]), (&json!("booked"), &Value::Null), "{made}");
    let merged = made["person"]["contact"].clone();
    let both = hidden(&world, 3, "This is my number").field("WaId", PERSON.trim_start_matches('+'));
    writes(&world, &both, 3).await;
    let (_, survivor) = world.get(&format!("/v1/contacts/{}", merged.as_str().unwrap())).await;
    assert_ne!(survivor["id"], merged);
    writes(&world, &sms(&world, 4, "Later, please"), 4).await;
    let moved = answers_of(&world, "reschedule_appointment");
    assert_eq!((&moved[0]["done"], &moved[0]["appointment"]), (&json!("moved"), &made["id"]), "{moved:?}");
    let both = ["moved", "booked"].map(|became| (became.to_owned(), made["id"].clone()));
    assert_eq!(told(&world, &survivor["id"]).await, both);
    let requests = world.openai.requests();
    let asked = requests.iter().rfind(|request| request.path == "/v1/responses").unwrap();
    assert!(asked.body["instructions"].as_str().unwrap().contains(": Trim"), "{}", asked.body);
}

/// A contact that is named must be the business's own; what becomes of an appointment is told once, and a correction takes the
/// place of what it corrects. The appointment of a deleted contact can be changed.
async fn a_timeline_tells_what_became_of_an_appointment() {
    let world = world(vec![]).await;
    let contact =
        post(&world, "/v1/contacts", "c1", json!({ "handles": [{ "kind": "phone", "value": PERSON }] }));
    let contact = contact.await["id"].clone();
    let other = world.another_business().await;
    let foreign = world.http.post(world.url("/v1/contacts")).bearer_auth(other.api_key.expose());
    let foreign =
        foreign.header("idempotency-key", "f").json(&json!({ "name": "Maria" })).send().await.unwrap();
    let foreign: Value = foreign.json().await.unwrap();
    for unknown in [foreign["id"].clone(), json!(format!("ctc_{:032x}", 7)), json!("7")] {
        let person = json!({ "name": "Anna", "contact": unknown });
        let new = json!({ "service": "trim", "start": slot(&world, 8).await, "person": person });
        let (status, refused) = asks(&world, Method::POST, "/v1/appointments", "k", Some(new)).await;
        assert_eq!((status, &refused["errors"][0]["pointer"]), (422, &json!("/person/contact")), "{refused}");
    }
    let made = booked(&world, "own", 8, json!({ "name": "Anna", "contact": contact })).await;
    assert_eq!((&made["person"]["contact"], &made["person"]["number"]), (&contact, &Value::Null));
    let again = booked(&world, "own", 8, json!({ "name": "Anna", "contact": contact })).await;
    assert_eq!(again["id"], made["id"]);
    let held = json!({ "service": "trim", "start": slot(&world, 20).await, "person": { "name": "Anna", "number": PERSON }, "hold": true });
    post(&world, "/v1/appointments", "held", held).await;
    let became =
        async || told(&world, &contact).await.into_iter().map(|(became, _)| became).collect::<Vec<_>>();
    assert_eq!(became().await, ["booked"], "once, and nothing of a time that is held");
    let moved = change(&world, &made, 1, &json!({ "start": slot(&world, 12).await })).await;
    assert_eq!(became().await, ["moved", "booked"]);
    let start = platform::clock::from_rfc3339(moved["start"].as_str().unwrap()).unwrap();
    world.time_passes(start.since(world.now()));
    change(&world, &made, 2, &json!({ "status": "no_show" })).await;
    assert_eq!(became().await, ["no_show", "moved", "booked"]);
    change(&world, &made, 3, &json!({ "status": "done" })).await;
    assert_eq!(became().await, ["done", "moved", "booked"]);

    let last = booked(&world, "last", 30, json!({ "name": "Anna", "number": PERSON })).await;
    let path = format!("/v1/contacts/{}", contact.as_str().unwrap());
    let gone = world.http.delete(world.url(&path)).bearer_auth(world.identity.api_key.expose());
    assert_eq!(gone.header("if-match", "\"v1\"").send().await.unwrap().status(), 204);
    let off = change(&world, &last, 1, &json!({ "status": "cancelled" })).await;
    assert_eq!(off["status"], "cancelled");
}

/// The appointments of one contact are listed page by page, whether they are known by the contact, by one of its numbers or by a
/// contact that went into it, each once; those of another person are not among them.
async fn the_appointments_of_a_contact_are_listed_by_pages() {
    let world = world(vec![]).await;
    let person =
        |name: &str, number: &str| json!({ "name": name, "handles": [{ "kind": "phone", "value": number }] });
    let made = post(&world, "/v1/contacts", "stays", person("Dana", "+12025550166")).await;
    let gone = post(&world, "/v1/contacts", "goes", person("Dana L.", "+12025550167")).await;
    let (stays, goes) = (made["id"].as_str().unwrap(), gone["id"].as_str().unwrap());
    let mut theirs = vec![];
    for (key, n, who) in [
        ("by-contact", 1, json!({ "name": "Dana", "contact": stays })),
        ("by-number", 5, json!({ "name": "Dana", "number": "+12025550166" })),
        ("by-the-other", 9, json!({ "name": "Dana", "number": "+12025550167", "contact": goes })),
    ] {
        theirs.push(booked(&world, key, n, who).await["id"].clone());
    }
    booked(&world, "of-another", 13, json!({ "name": "Eve", "number": STRANGER })).await;
    let merge = format!("/v1/contacts/{stays}/merge");
    let merge = world.http.post(world.url(&merge)).bearer_auth(world.identity.api_key.expose());
    let merged = merge.header("if-match", "\"v1\"").json(&json!({ "other": goes })).send().await.unwrap();
    assert_eq!(merged.status(), 200);
    for contact in [stays, goes] {
        let list = format!("/v1/appointments?contact={contact}&limit=2");
        let (_, first) = world.get(&list).await;
        let next = first["next"].as_str().expect("a second page");
        let (_, second) = world.get(&format!("{list}&cursor={next}")).await;
        assert_eq!(second["next"], json!(null));
        let pages = [&first, &second].map(|page| page["appointments"].as_array().unwrap().clone());
        let listed: Vec<Value> = pages.iter().flatten().map(|one| one["id"].clone()).collect();
        assert_eq!(listed, theirs, "in the order of their times, each once");
        let other_list = world.get(&format!("/v1/appointments?limit=2&cursor={next}")).await;
        assert_eq!(other_list.0, 400, "a cursor is of one list");
    }
    let from = pages_from(&world, stays).await;
    assert_eq!(from, theirs[1..], "within a time");
    assert_eq!(world.get("/v1/appointments?contact=Dana").await.0, 400);
    let unknown = format!("/v1/appointments?contact=ctc_{}", "9".repeat(32));
    assert_eq!(world.get(&unknown).await.1["appointments"], json!([]));
}

/// Those that begin from the second one on.
async fn pages_from(world: &World, contact: &str) -> Vec<Value> {
    let (_, all) = world.get(&format!("/v1/appointments?contact={contact}")).await;
    let second = all["appointments"][1]["start"].as_str().unwrap();
    let (_, from) = world.get(&format!("/v1/appointments?contact={contact}&from={second}")).await;
    from["appointments"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect()
}

acceptance::tests![
    the_appointments_of_a_contact_are_listed_by_pages,
    who_booked_by_phone_finds_it_by_an_id,
    an_appointment_of_a_merged_contact_is_the_survivors,
    a_timeline_tells_what_became_of_an_appointment,
];
