//! What a business is told of: each thing once, however often its cause is told, and with all that its schema promises.

use std::collections::BTreeMap;
use std::time::Duration;

use acceptance::phones::Way;
use acceptance::receiver::Receiver;
use acceptance::webhook::Webhook;
use acceptance::{World, WorldConfig};
use domain::event::{API_VERSION, Type};
use domain::hours::Outside;
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use simulator::audio::speech;
use simulator::twilio::{CallerScript, CallerStep};

use super::contacts::ask;
use super::structure::{read, sources};

const DAY: Duration = Duration::from_secs(24 * 3_600);

fn schema() -> Value {
    serde_json::from_str(&read("docs/events.schema.json")).unwrap()
}

/// Whether an event of the list is what the schema promises to a receiver, and no more.
pub(crate) fn fits(event: &Value) {
    let (schema, kind) = (schema(), event["type"].as_str().unwrap());
    let delivered = json!({
        "id": event["id"], "type": kind, "timestamp": event["at"], "api_version": API_VERSION,
        "sequence": event["sequence"], "data": event["data"],
    });
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let mistakes: Vec<String> = validator.iter_errors(&delivered).map(|error| error.to_string()).collect();
    assert!(mistakes.is_empty(), "{kind}: {mistakes:?}: {event:#}");
    let of_kind = Type::parse(kind).unwrap();
    let promised = schema["$defs"][of_kind.schema_name().as_ref()]["properties"].as_object().unwrap();
    let told = event["data"].as_object().unwrap();
    assert!(told.keys().all(|field| promised.contains_key(field)), "{kind}: {told:?}");
    let example: Value = serde_json::from_str(of_kind.example()).unwrap();
    assert_eq!(
        told.len(),
        example.as_object().unwrap().len(),
        "{kind} says as much as its example: {told:?}"
    );
    let links = told["links"].as_object().unwrap().values();
    assert!(
        links.clone().all(|path| path.as_str().unwrap().starts_with("/v1/")),
        "{kind}: no address that ends"
    );
}

/// All events of the business, each of which fits. There is no gap.
async fn told(world: &World) -> Vec<Value> {
    let mut all: Vec<Value> = vec![];
    loop {
        let (status, page) = world.get(&format!("/v1/events?limit=100&after={}", all.len())).await;
        let events = page["events"].as_array().unwrap();
        assert_eq!(status, 200, "{page}");
        if events.is_empty() {
            return all;
        }
        for event in events {
            fits(event);
            assert_eq!(event["sequence"], all.len() as u64 + 1);
            all.push(event.clone());
        }
    }
}

fn counts(events: &[Value]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for event in events {
        *counts.entry(event["type"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    counts
}

/// The events, once each of these types has its count.
async fn told_when(world: &World, expected: &[(&str, usize)]) -> Vec<Value> {
    let wanted: BTreeMap<String, usize> =
        expected.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect();
    world
        .until(|| async {
            let all = told(world).await;
            let found = counts(&all);
            let enough =
                wanted.iter().all(|(kind, count)| found.get(kind).is_some_and(|found| found >= count));
            enough.then_some(all)
        })
        .await
}

fn one<'a>(events: &'a [Value], kind: &str) -> &'a Value {
    let mut found = events.iter().filter(|event| event["type"] == kind);
    let first = found.next().unwrap_or_else(|| panic!("no {kind}"));
    assert!(found.next().is_none(), "{kind} twice");
    first
}

/// From its beginning to its summary, with what was left on the way; and nothing more when its end is told again and again.
async fn a_call_is_told_of_from_its_beginning_to_its_end() {
    let config = WorldConfig { openai: super::messages::two_messages(), ..WorldConfig::default() };
    let world = World::with(config).await;
    let outcome = world.call(super::messages::one_question()).await;
    let sid = &outcome.call_sid;
    world.complete_record(sid).await;
    let expected = [
        ("call.started", 1),
        ("contact.created", 1),
        ("message.taken", 2),
        ("recording.available", 1),
        ("transcript.final", 1),
        ("call.completed", 1),
    ];
    let before = told_when(&world, &expected).await;
    for _ in 0..3 {
        assert_eq!(Webhook::status(&world, sid, "completed", 3).send(&world).await.0, 204);
    }
    for queue in ["TranscriptsQueue", "InsightsQueue"] {
        let send = world.system.aws.sqs.send_message().queue_url(world.system.name(queue).unwrap());
        send.message_body(json!({ "call": sid }).to_string()).send().await.unwrap();
    }
    world.works_everything_off(&["RecordingsQueue", "TranscriptsQueue", "InsightsQueue"]).await;
    let after = told(&world).await;
    assert_eq!(counts(&after), expected.map(|(kind, count)| (kind.to_owned(), count)).into(), "{after:#?}");
    assert_eq!(after, before, "what is told does not change");

    let started = one(&after, "call.started");
    assert_eq!(
        (&started["data"]["call"]["sid"], &started["data"]["call"]["status"]),
        (&json!(sid), &json!("ringing"))
    );
    assert!(started["sequence"].as_u64() < one(&after, "call.completed")["sequence"].as_u64());
    let contact = &one(&after, "contact.created")["data"]["contact"];
    assert_eq!(contact["id"], started["data"]["call"]["contact"], "the contact of the call");
    assert_eq!(contact["handles"][0]["value"], started["data"]["call"]["from"]);
    let texts: Vec<&str> = after
        .iter()
        .filter(|event| event["type"] == "message.taken")
        .map(|event| event["data"]["message"]["message"].as_str().unwrap())
        .collect();
    assert!(
        texts.contains(&"The wheel is bent.") && texts.contains(&"Is the shop open on Sunday?"),
        "{texts:?}"
    );
    let recording = &one(&after, "recording.available")["data"];
    assert!(recording["bytes"].as_u64() > Some(0) && recording["channels"] == 2, "{recording}");
    assert!(!recording.to_string().contains("X-Amz"), "no address that ends");
}

/// Who gets no agent and leaves a message: that the call was missed, and what was left.
async fn a_caller_without_an_agent_is_told_of() {
    let world = super::hours::world(|new| super::hours::closed(new, Outside::Voicemail)).await;
    let script = CallerScript::new(vec![
        CallerStep::WaitForAgent { quiet_ms: 300, max_ms: 20_000 },
        CallerStep::Say { mulaw: speech::CALLER_SERVICE.mulaw().to_vec(), label: "message".into() },
    ]);
    let outcome = world.twilio.call(world.spec(script)).finished().await;
    let expected =
        [("call.missed", 1), ("voicemail.received", 1), ("recording.available", 1), ("call.completed", 1)];
    told_when(&world, &expected).await;
    for _ in 0..3 {
        Webhook::status(&world, &outcome.call_sid, "completed", 3).send(&world).await;
    }
    world.works_everything_off(&["RecordingsQueue", "TranscriptsQueue", "InsightsQueue"]).await;
    let all = told(&world).await;
    let missed = one(&all, "call.missed");
    assert_eq!(
        (&missed["data"]["reason"], &missed["data"]["call"]["sid"]),
        (&json!("closed"), &json!(outcome.call_sid))
    );
    let voicemail = &one(&all, "voicemail.received")["data"];
    assert_eq!(voicemail["recording"], one(&all, "recording.available")["data"]["recording"]);
    assert_eq!(voicemail["from"], missed["data"]["call"]["from"]);
    assert!(!counts(&all).contains_key("call.started"), "no agent carried it");
}

/// A request that comes twice makes one contact, and one move.
async fn contacts_and_their_leads_are_told_of(world: World) {
    let new = json!({ "name": "Dana Field", "handles": [{ "kind": "email", "value": "dana@example.com" }] });
    let mut made = Value::Null;
    for _ in 0..3 {
        let (status, body) =
            ask(&world, Method::POST, "/v1/contacts", ("idempotency-key", "one"), &new).await;
        assert_eq!(status, 201, "{body}");
        made = body;
    }
    let path = format!("/v1/contacts/{}/lead", made["id"].as_str().unwrap());
    let moved = json!({ "status": "qualified", "reason": "asked for an offer" });
    let (status, body) = ask(&world, Method::POST, &path, ("if-match", "\"v1\""), &moved).await;
    assert_eq!(status, 200, "{body}");
    let (status, _) = ask(&world, Method::POST, &path, ("if-match", "\"v1\""), &moved).await;
    assert_eq!(status, 412, "a copy is overtaken");
    let all = told(&world).await;
    let created = &one(&all, "contact.created")["data"];
    assert_eq!((&created["origin"], &created["contact"]["name"]), (&json!("api"), &json!("Dana Field")));
    let lead = &one(&all, "lead.status_changed")["data"];
    assert_eq!(
        (&lead["from"], &lead["to"], &lead["reason"], &lead["number"]),
        (&Value::Null, &json!("qualified"), &json!("asked for an offer"), &json!(1))
    );
    assert_eq!(all.len(), 2, "{all:#?}");
}

/// Booked, moved, called off, and one to which the person did not come. A time that is only held is not told.
async fn appointments_are_told_of(world: World) {
    super::appointments::offer(&world).await;
    let (_, slots) = world.get("/v1/appointments/slots?service=trim").await;
    let start = |n: usize| slots["slots"][n]["start"].clone();
    let book = async |key: &str, n: usize, hold: bool| {
        let new = json!({ "service": "trim", "start": start(n), "hold": hold, "person": { "name": "Maria", "number": "+12025550179" } });
        let (status, body) =
            ask(&world, Method::POST, "/v1/appointments", ("idempotency-key", key), &new).await;
        assert_eq!(status, 201, "{body}");
        format!("/v1/appointments/{}", body["id"].as_str().unwrap())
    };
    let change = async |path: &str, version: u64, change: Value| {
        let tag = format!("\"v{version}\"");
        let (status, body) = ask(&world, Method::PATCH, path, ("if-match", &tag), &change).await;
        assert_eq!(status, 200, "{body}");
    };
    let first = book("one", 2, false).await;
    assert_eq!(book("one", 2, false).await, first, "a copy");
    change(&first, 1, json!({ "start": start(4) })).await;
    change(&first, 2, json!({ "status": "cancelled" })).await;
    change(&first, 2, json!({ "status": "cancelled" })).await;
    book("held", 6, true).await;
    let second = book("two", 2, false).await;
    world.time_passes(2 * DAY);
    change(&second, 1, json!({ "status": "no_show" })).await;
    let all = told(&world).await;
    let kinds: Vec<&str> = all.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "appointment.booked",
            "appointment.moved",
            "appointment.cancelled",
            "appointment.booked",
            "appointment.no_show"
        ]
    );
    let moved = &all[1]["data"];
    assert_eq!((&moved["previous_start"], &moved["start"]), (&start(2), &start(4)));
    assert_eq!(
        (&moved["name"], &moved["number"], &moved["source"]),
        (&json!("Maria"), &json!("+12025550179"), &json!("api"))
    );
}

/// Twenty deliveries of one text are one event, for each carrier's way.
async fn a_text_is_told_of_once() {
    let world = super::texts::world(&["We open at nine."]).await;
    let phone = world.phone(Way::Sms);
    let message = phone.message("When do you open?");
    for answer in join_all((0..20).map(|_| phone.deliver(&message))).await {
        assert!(answer.unwrap().is_taken());
    }
    world.thread_with(1).await;
    let all = told_when(&world, &[("message.received", 1), ("contact.created", 1)]).await;
    let received = &one(&all, "message.received")["data"];
    assert_eq!(
        (&received["text"], &received["medium"], &received["number"]),
        (&json!("When do you open?"), &json!("sms"), &json!(1))
    );
    assert_eq!(received["contact"], one(&all, "contact.created")["data"]["contact"]["id"]);
}

/// An endpoint that is gone: the other one is told so, and the list has it.
async fn an_endpoint_that_is_disabled_is_told_of(world: World) {
    let gone = Receiver::with([(410, vec![])]).await;
    super::endpoints::endpoint(&world, "gone", &gone, json!({ "types": ["contact.created"] })).await;
    let new = json!({ "name": "Dana Field" });
    ask(&world, Method::POST, "/v1/contacts", ("idempotency-key", "one"), &new).await;
    let all = told_when(&world, &[("endpoint.disabled", 1)]).await;
    assert_eq!(one(&all, "endpoint.disabled")["data"]["reason"], "gone");
}

/// Fifty things that happen at once in one business are told of in one order.
async fn fifty_things_at_once_are_told_of_in_one_order(world: World) {
    const AT_ONCE: usize = 50;
    let make = async |n: usize| {
        let key = n.to_string();
        let new = json!({ "name": format!("Person {n}") });
        ask(&world, Method::POST, "/v1/contacts", ("idempotency-key", &key), &new).await.0
    };
    let made = join_all((0..AT_ONCE).map(make)).await;
    assert_eq!(made, [201; AT_ONCE]);
    let all = told_when(&world, &[("contact.created", AT_ONCE)]).await;
    assert_eq!(all.len(), AT_ONCE);
}

/// Every type of the table is made by the domain, and what makes it is used by a store or a function; no code names a type that
/// is not in the table, since types are no texts there.
fn every_type_of_event_is_put_somewhere() {
    // The last stage of a call puts what is told of a completed one together.
    let domain = sources(&["crates/domain/src", "functions/src/transcripts/insights"]);
    let domain: Vec<&(String, String)> = domain
        .iter()
        .filter(|(path, _)| !path.ends_with("tests.rs") && !path.ends_with("erase.rs"))
        .collect();
    for kind in Type::ALL {
        let name = format!("Type::{kind:?}");
        assert!(domain.iter().any(|(_, text)| text.contains(&name)), "nothing makes {}", kind.name());
    }
    let users = sources(&["crates/stores/src", "functions/src"]);
    let makers = regex::Regex::new(r"(?s)pub fn (\w+)[^{;]*-> (?:Option<)?Happened<").unwrap();
    let mut made = 0;
    for (path, text) in domain {
        for maker in makers.captures_iter(text) {
            let used = regex::Regex::new(&format!(r"\b(event::)?{}\(", &maker[1])).unwrap();
            assert!(users.iter().any(|(_, text)| used.is_match(text)), "{path}: nothing uses {}", &maker[1]);
            made += 1;
        }
    }
    assert!(made >= 10, "{made}");
}

acceptance::tests![
    a_call_is_told_of_from_its_beginning_to_its_end,
    a_caller_without_an_agent_is_told_of,
    contacts_and_their_leads_are_told_of,
    appointments_are_told_of,
    a_text_is_told_of_once,
    an_endpoint_that_is_disabled_is_told_of,
    fifty_things_at_once_are_told_of_in_one_order,
    every_type_of_event_is_put_somewhere,
];
