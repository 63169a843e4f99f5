//! People of a business are told of few things, in words, where they look anyway: by which rule, when, and what is not said.

use std::time::Duration;

use acceptance::phones::NUMBER;
use acceptance::receiver::Receiver;
use acceptance::sandbox::{QueueSandbox, ScheduleSandbox};
use acceptance::webhook::Webhook;
use acceptance::{World, WorldConfig};
use domain::event::Type;
use domain::hours::Outside;
use http::Method;
use serde_json::{Value, json};
use simulator::audio::speech;
use simulator::openai::Answer;
use simulator::twilio::{CallerScript, CallerStep};
use stores::events::{self, NewEvent};

use super::endpoints::{ask, post};

pub(crate) const RECEIVERS: &str = "/v1/notifications/receivers";
const HOUR: Duration = Duration::from_secs(3_600);

/// A receiver in a room of this chat: its path.
pub(crate) async fn room(world: &World, key: &str, chat: &Receiver, more: Value) -> String {
    let mut new = json!({ "name": key, "kind": "slack", "url": chat.url.as_str() });
    new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (status, made) = post(world, RECEIVERS, key, new).await;
    assert_eq!(status, 201, "{made}");
    format!("{RECEIVERS}/{}", made["id"].as_str().unwrap())
}

/// One rule.
pub(crate) fn on(cause: &str) -> Value {
    json!({ "rules": [{ "on": cause }] })
}

/// Puts an event of a type with its example's body into the outbox, with no job that tells of it.
pub(crate) async fn quietly(world: &World, kind: &str, n: u64, change: impl Fn(&mut Value)) {
    let mut body: Value = serde_json::from_str(Type::parse(kind).unwrap().example()).unwrap();
    change(&mut body);
    let (aws, name) = (&world.system.aws, |table| world.system.name(table).unwrap());
    let (usage, events) =
        (stores::usage::Writer::new(aws, name("UsageTable")), events::Writer::new(aws, name("EventsTable")));
    let business = &world.business.business;
    let event = NewEvent {
        business: business.id.clone(),
        id: format!("{kind}#{n}"),
        kind: Type::parse(kind).unwrap(),
        call: None,
        direction: None,
        body: body.to_string(),
        at: world.now(),
    };
    // What causes it does not matter here: a level of a cap is put once for each cap.
    let reading = domain::usage::Reading {
        meter: domain::usage::Meter::Minutes,
        used: n,
        cap: n,
        level: domain::usage::Level::Warning,
    };
    let month = domain::usage::Month::of(event.at, &business.zone());
    assert!(usage.tell(&business.id, month, &reading, (&events, &event)).await.unwrap());
}

/// The same with the job.
pub(crate) async fn happens(world: &World, kind: &str, n: u64) {
    quietly(world, kind, n, |_| {}).await;
    gives(world).await;
}

async fn gives(world: &World) {
    let job = json!({ "job": "give", "business": world.business.business.id });
    let queue = world.system.name("EndpointsQueue").unwrap();
    let send = world.system.aws.sqs.send_message().queue_url(queue).message_body(job.to_string());
    send.send().await.unwrap();
}

/// The log once its notifications are in these states, that of the latest event first.
pub(crate) async fn log(world: &World, states: &[&str]) -> Vec<Value> {
    world
        .until(|| async {
            let (_, page) = world.get("/v1/notifications?limit=100").await;
            let found = page["notifications"].as_array()?.clone();
            let are: Vec<&str> = found.iter().map(|one| one["state"].as_str().unwrap()).collect();
            (are == states).then_some(found)
        })
        .await
}

/// What the chat got, in words, once that count has come.
async fn told(world: &World, chat: &Receiver, count: usize) -> Vec<String> {
    world.until(|| async { (chat.received().len() >= count).then_some(()) }).await;
    chat.received().iter().map(|one| one.json()["text"].as_str().unwrap().to_owned()).collect()
}

/// A message that was left in a real call, with who left it, and not a word of it.
async fn a_message_that_a_caller_left_is_told_in_a_room() {
    let config = WorldConfig { openai: super::messages::two_messages(), ..WorldConfig::default() };
    let world = World::with(config).await;
    let (slack, teams) = (Receiver::start().await, Receiver::start().await);
    room(&world, "slack", &slack, on("message_taken")).await;
    let of_teams = json!({ "kind": "teams", "rules": [{ "on": "message_taken" }] });
    room(&world, "teams", &teams, of_teams).await;
    let outcome = world.call(super::messages::one_question()).await;
    let texts = told(&world, &slack, 2).await;
    told_in_cards(&world, &teams, 2).await;
    world.complete_record(&outcome.call_sid).await;
    log(&world, &["sent"; 4]).await;
    assert_eq!((slack.received().len(), teams.received().len()), (2, 2), "each once: {texts:?}");
    let business = &world.business.business;
    let from = world.record(&outcome.call_sid).await.from;
    for received in slack.received() {
        let (message, text) = (received.json(), received.json()["text"].as_str().unwrap().to_owned());
        assert!(text.starts_with(&format!("{}: New message\n", business.name)), "{text}");
        assert!(text.contains(&from) && text.contains("left a message"), "{text}");
        assert!(!text.contains("wheel") && !text.contains("Sunday"), "not a word of it: {text}");
        let link = message["blocks"][2]["text"]["text"].as_str().unwrap();
        let screen = format!("/console#/b/{}/calls/{}?n=", business.id, outcome.call_sid);
        assert!(link.contains(&screen), "{link}");
        assert_eq!(received.headers["content-type"], "application/json");
        assert!(!received.headers.contains_key("webhook-signature"));
    }
}

async fn told_in_cards(world: &World, teams: &Receiver, count: usize) {
    world.until(|| async { (teams.received().len() >= count).then_some(()) }).await;
    for received in teams.received() {
        let card = received.json()["attachments"][0]["content"].clone();
        assert_eq!(card["type"], "AdaptiveCard");
        assert!(card["body"][1]["inlines"][0]["text"].as_str().unwrap().contains("left a message"), "{card}");
        assert!(card["actions"][0]["url"].as_str().unwrap().contains("/console#/b/"), "{card}");
    }
}

/// A caller who got no agent and left a recorded message: one room hears of the call, another of what was left.
async fn a_missed_call_and_a_voicemail_are_told_by_their_rules() {
    let world = super::hours::world(|new| super::hours::closed(new, Outside::Voicemail)).await;
    let (missed, left) = (Receiver::start().await, Receiver::start().await);
    room(&world, "missed", &missed, on("missed_call")).await;
    room(&world, "left", &left, on("voicemail")).await;
    let script = CallerScript::new(vec![
        CallerStep::WaitForAgent { quiet_ms: 300, max_ms: 20_000 },
        CallerStep::Say { mulaw: speech::CALLER_SERVICE.mulaw().to_vec(), label: "message".into() },
    ]);
    let outcome = world.twilio.call(world.spec(script)).finished().await;
    let (missed_text, left_text) = (told(&world, &missed, 1).await, told(&world, &left, 1).await);
    for _ in 0..3 {
        Webhook::status(&world, &outcome.call_sid, "completed", 3).send(&world).await;
    }
    log(&world, &["sent"; 2]).await;
    world.works_everything_off(&["RecordingsQueue", "TranscriptsQueue", "InsightsQueue"]).await;
    assert_eq!((missed.received().len(), left.received().len()), (1, 1));
    assert!(missed_text[0].contains("Missed call") && missed_text[0].contains("no agent"), "{missed_text:?}");
    assert!(left_text[0].contains("New voicemail"), "{left_text:?}");
}

/// A thread that the agent hands over, by a real text.
async fn a_thread_that_is_handed_over_is_told() {
    let hand = json!({ "reason": "Wants a refund for invoice 7", "say": "A colleague will answer you." });
    let answer = Answer::Call { name: "hand_over".into(), arguments: hand.to_string() };
    let world = super::texts::with_answers(vec![answer]).await;
    let chat = Receiver::start().await;
    room(&world, "handed", &chat, on("handed_over")).await;
    let phone = world.phone(acceptance::phones::Way::Sms);
    phone.say("I want to speak with a human").await.unwrap();
    world.texts_settle().await;
    let texts = told(&world, &chat, 1).await;
    log(&world, &["sent"]).await;
    assert!(texts[0].contains("handed the conversation"), "{texts:?}");
    assert!(!texts[0].contains("refund"), "{texts:?}");
    let threads = world.threads().await;
    let link = chat.received()[0].json()["blocks"][2]["text"]["text"].clone();
    assert!(link.as_str().unwrap().contains(&format!("/inbox/{}?n=", threads[0].id)), "{link}");
}

/// A cap that a real call brings near, and reaches.
async fn a_budget_that_runs_low_is_told_and_one_that_is_used_up() {
    let world = super::usage::world().await;
    let chat = Receiver::start().await;
    room(&world, "budget", &chat, on("low_budget")).await;
    super::usage::warns_and_reaches(&world).await;
    let mut texts = told(&world, &chat, 2).await;
    log(&world, &["sent"; 2]).await;
    texts.sort_unstable();
    assert!(texts[0].contains("running low") && texts[1].contains("used up"), "{texts:?}");
    assert!(texts[0].contains(" USD of ") && texts[1].contains("New calls are refused."), "{texts:?}");
}

/// Fault 72. What happens in a night in which clocks are put back waits until they show its end; what is urgent does not,
/// and an attempt that fails before the night is made after it.
async fn quiet_hours_are_kept_over_a_change_of_clocks() {
    let world = super::hours::world(|new| new.business.time_zone = "Europe/Vienna".into()).await;
    let zone = world.business.business.zone();
    // The hour that comes twice in the next autumn, whenever this runs: half past ten is three and a half hours before it.
    let hour = |n: u32| world.now().plus(HOUR).minus(in_hour(world.now())).plus(HOUR * n);
    let twice =
        (0..).map(hour).find(|at| zone.local(*at).hour() == zone.local(at.plus(HOUR)).hour()).unwrap();
    let evening = twice.minus(HOUR * 3 + HOUR / 2);
    assert_eq!((zone.local(evening).hour(), zone.local(evening).minute()), (22, 30));
    world.time_passes(evening.since(world.now()));
    let (patient, urgent) = (Receiver::start().await, Receiver::start().await);
    let night = every_day("22:00-07:00");
    let rules =
        |urgent: bool| json!({ "quiet_hours": night, "rules": [{ "on": "missed_call", "urgent": urgent }] });
    room(&world, "patient", &patient, rules(false)).await;
    room(&world, "urgent", &urgent, rules(true)).await;
    happens(&world, "call.missed", 1).await;
    told(&world, &urgent, 1).await;
    let waiting = world
        .until(|| async {
            let (_, page) = world.get("/v1/notifications").await;
            let found = page["notifications"].as_array()?.clone();
            let waits = found.iter().find(|one| one["state"] == "due")?.clone();
            let at = platform::clock::from_rfc3339(waits["next_attempt_at"].as_str()?)?;
            (at.since(evening) > HOUR).then_some((waits, at))
        })
        .await;
    let local = zone.local(waiting.1);
    assert_eq!((local.hour(), local.minute()), (7, 0), "{local}");
    assert_eq!(waiting.1.since(evening), HOUR * 9 + HOUR / 2, "a night of an hour more");
    assert_eq!(waiting.0["attempts"], json!([]));
    let sweep = ScheduleSandbox::start(&world, "notification-sweep", &[]).await;
    world.time_passes(HOUR * 9);
    assert!(sweep.ticks(world.now()).await);
    world.works_everything_off(&["NotificationsQueue"]).await;
    assert_eq!(patient.received(), [], "it is not seven yet");
    world.time_passes(HOUR);
    assert!(sweep.ticks(world.now()).await);
    told(&world, &patient, 1).await;
    log(&world, &["sent"; 2]).await;
}

/// Fault 70. An address that leads inside is refused when it is saved and when it is posted to, and a redirect is not followed.
async fn a_room_that_leads_inside_gets_nothing(world: World) {
    for inner in ["https://169.254.169.254/", "http://10.0.0.1/", "https://user@hooks.example/", "x"] {
        let new = json!({ "name": "inner", "kind": "teams", "url": inner, "rules": [{ "on": "voicemail" }] });
        let (status, refused) = post(&world, RECEIVERS, inner, new).await;
        assert_eq!((status, &refused["errors"][0]["pointer"]), (422, &json!("/url")), "{inner}: {refused}");
        assert!(!refused.to_string().contains("169.254"), "{refused}");
    }
    let elsewhere = Receiver::start().await;
    let location: &'static str = Box::leak(elsewhere.url.to_string().into_boxed_str());
    let redirecting = Receiver::with([(302, vec![("location", location)])]).await;
    room(&world, "redirecting", &redirecting, on("voicemail")).await;
    happens(&world, "voicemail.received", 1).await;
    let failed = log(&world, &["failed"]).await;
    assert_eq!(failed[0]["reason"], "redirect");
    assert_eq!((redirecting.received().len(), elsewhere.received().len()), (1, 0));
    // A deployment reaches public networks alone.
    let inner = Receiver::start().await;
    room(&world, "inner", &inner, on("missed_call")).await;
    let queue = super::permissions::aside(&world, "NotificationsQueue").await;
    quietly(&world, "call.missed", 2, |_| {}).await;
    let changes = [("TOOLS_ON_LOOPBACK", "false"), ("QUEUE_NOTIFICATIONS", queue.as_str())];
    let step = QueueSandbox::start(&world, "notification-step", &changes).await;
    for job in jobs(&world, &step).await {
        assert!(step.does(&job, 1).await);
    }
    let failed = log(&world, &["failed"; 2]).await;
    assert_eq!(
        (&failed[0]["reason"], &failed[0]["attempts"][0]["code"]),
        (&json!("not_public"), &Value::Null)
    );
    assert_eq!(inner.received(), []);
}

/// The jobs that send what a sandbox has given, whose own went aside.
pub(crate) async fn jobs(world: &World, step: &QueueSandbox) -> Vec<Value> {
    let business = &world.business.business.id;
    assert!(step.does(&json!({ "job": "give", "business": business }), 1).await);
    let (_, page) = world.get("/v1/notifications?limit=100").await;
    let due = page["notifications"].as_array().unwrap().iter().filter(|one| one["state"] == "due");
    let place = |one: &Value| json!({ "sequence": one["sequence"], "receiver": one["receiver"] });
    due.map(|one| json!({ "job": "send", "business": business, "place": place(one) })).collect()
}

/// Fault 70. Slack wants less, and is left alone for as long as it says.
async fn a_room_that_wants_less_is_told_later() {
    let world = World::start().await;
    let chat = Receiver::with([(429, vec![("retry-after", "600")])]).await;
    room(&world, "busy", &chat, on("voicemail")).await;
    happens(&world, "voicemail.received", 1).await;
    let waiting = world
        .until(|| async {
            let (_, page) = world.get("/v1/notifications").await;
            let one = page["notifications"][0].clone();
            (one["attempts"].as_array()?.len() == 1).then_some(one)
        })
        .await;
    assert_eq!((&waiting["state"], &waiting["attempts"][0]["code"]), (&json!("due"), &json!(429)));
    assert_eq!(waiting["attempts"][0]["reason"], "overloaded");
    let at = |value: &Value| platform::clock::from_rfc3339(value.as_str().unwrap()).unwrap();
    let wait = at(&waiting["next_attempt_at"]).since(at(&waiting["attempts"][0]["at"]));
    assert!(wait >= Duration::from_secs(600) && wait < HOUR / 4, "{wait:?}");
    world.time_passes(HOUR / 4);
    log(&world, &["sent"]).await;
    assert_eq!(chat.received().len(), 2);
    assert_eq!(chat.received()[0].body, chat.received()[1].body);
}

/// Fault 70. A room that is gone is told nothing more, and those who are to know it are told so.
async fn a_room_that_is_gone_is_disabled_and_others_are_told() {
    let world = World::start().await;
    for (n, status) in [(1, 404), (2, 410)] {
        let (gone, other) = (Receiver::with([(status, vec![])]).await, Receiver::start().await);
        let path = room(&world, &format!("gone {n}"), &gone, on("voicemail")).await;
        room(&world, &format!("other {n}"), &other, on("unreachable")).await;
        happens(&world, "voicemail.received", n).await;
        let texts = told(&world, &other, 1).await;
        assert!(texts[0].contains(&format!("gone {n} is told nothing any more")), "{texts:?}");
        let (_, shown) = world.get(&path).await;
        assert_eq!((&shown["enabled"], &shown["disabled_reason"]), (&json!(false), &json!("gone")));
        let (_, events) = world.get("/v1/events?limit=100").await;
        let told: Vec<&Value> = events["events"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["type"] == "receiver.disabled")
            .collect();
        assert_eq!(told.len() as u64, n);
        told.iter().for_each(|event| super::events::fits(event));
        // Enabled again it is told of what happens from then on.
        let seen = [("if-match", "\"v2\"")];
        let (status, shown) = ask(&world, Method::PATCH, &path, &seen, json!({ "enabled": true })).await;
        assert_eq!((status, &shown["disabled_reason"]), (200, &Value::Null), "{shown}");
        happens(&world, "voicemail.received", n + 10).await;
        told_again(&world, &gone, 2).await;
        let (_, seen) = world.get(&path).await;
        assert_eq!(seen["enabled"], true);
        let off = json!({ "enabled": false });
        assert_eq!(ask(&world, Method::PATCH, &path, &[("if-match", "\"v3\"")], off).await.0, 200);
    }
}

async fn told_again(world: &World, chat: &Receiver, count: usize) {
    world.until(|| async { (chat.received().len() == count).then_some(()) }).await;
}

/// Fault 72. The rows and the log hold nothing of a caller, and what waits for the morning is told without a person who was
/// erased meanwhile.
async fn a_person_who_is_erased_is_in_no_notification(world: World) {
    let chat = Receiver::start().await;
    let quiet = every_day("00:00-23:59");
    room(&world, "patient", &chat, json!({ "quiet_hours": quiet, "rules": [{ "on": "message_taken" }] }))
        .await;
    let new = json!({ "name": "Canary Field", "handles": [{ "kind": "phone", "value": NUMBER }] });
    let (status, contact) = post(&world, "/v1/contacts", "one", new).await;
    assert_eq!(status, 201, "{contact}");
    let id = contact["id"].as_str().unwrap().to_owned();
    quietly(&world, "message.taken", 1, |body| {
        body["contact"] = json!(id);
        body["from"] = json!(NUMBER);
        body["call"]["from"] = json!(NUMBER);
        body["call"]["contact"] = json!(id);
        body["message"]["for"] = json!("Canary Robin");
    })
    .await;
    gives(&world).await;
    let waiting = log(&world, &["due"]).await;
    for said in [NUMBER, "Canary", id.as_str()] {
        assert!(!waiting[0].to_string().contains(said), "{}", waiting[0]);
    }
    let (status, erasure) = super::person_erasure::asks_to_erase(&world, &id, "erase").await;
    assert_eq!(status, 202, "{erasure}");
    super::person_erasure::report_when(&world, &erasure, "done").await;
    // Quiet hours have a minute's pause at midnight.
    let path = format!("{RECEIVERS}/{}", waiting[0]["receiver"].as_str().unwrap());
    let seen = [("if-match", "\"v1\"")];
    assert_eq!(ask(&world, Method::PATCH, &path, &seen, json!({ "quiet_hours": null })).await.0, 200);
    world.time_passes(24 * HOUR);
    let sweep = ScheduleSandbox::start(&world, "notification-sweep", &[]).await;
    assert!(sweep.ticks(world.now()).await);
    let texts = told(&world, &chat, 1).await;
    assert!(texts[0].contains("A withheld number left a message."), "{texts:?}");
    let body = &chat.received()[0].body;
    assert!(!body.contains(NUMBER) && !body.contains("Canary"), "{body}");
}

async fn a_receiver_is_made_once_tried_changed_as_it_was_seen_and_taken_away() {
    let world = World::start().await;
    let chat = Receiver::with([(200, vec![]), (403, vec![])]).await;
    let new = json!({ "name": "Shop", "kind": "slack", "url": chat.url.as_str(), "rules": [{ "on": "voicemail" }] });
    let (status, made) = post(&world, RECEIVERS, "one", new.clone()).await;
    let (again, same) = post(&world, RECEIVERS, "one", new.clone()).await;
    assert_eq!((status, again, &made), (201, 201, &same));
    assert!(!made.to_string().contains("/hook\""), "its address is not shown: {made}");
    for (change, pointer) in [
        (json!({ "rules": [] }), "/rules"),
        (json!({ "rules": [{ "on": "voicemail" }, { "on": "voicemail" }] }), "/rules/1/on"),
        (json!({ "name": " " }), "/name"),
        (json!({ "quiet_hours": every_day("00:00-24:00") }), "/quiet_hours"),
        (json!({ "url": null }), "/url"),
    ] {
        let mut wrong = new.clone();
        wrong.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (status, refused) = post(&world, RECEIVERS, "wrong", wrong).await;
        assert_eq!((status, &refused["errors"][0]["pointer"]), (422, &json!(pointer)), "{refused}");
    }
    let path = format!("{RECEIVERS}/{}", made["id"].as_str().unwrap());
    let test = format!("{path}/test");
    let (status, came) = ask(&world, Method::POST, &test, &[], Value::Null).await;
    assert_eq!((status, &came["taken"], &came["code"]), (200, &json!(true), &json!(200)));
    assert!(chat.received()[0].json()["text"].as_str().unwrap().contains("Notifications arrive here."));
    let (_, came) = ask(&world, Method::POST, &test, &[], Value::Null).await;
    assert_eq!((&came["taken"], &came["reason"]), (&json!(false), &json!("refused")));
    assert_eq!(world.get("/v1/notifications").await.1["notifications"], json!([]));
    for n in 1..20 {
        let more = json!({ "name": "x", "kind": "teams", "url": "https://a.example/", "rules": [{ "on": "low_budget" }] });
        assert_eq!(post(&world, RECEIVERS, &format!("more {n}"), more).await.0, 201);
    }
    let (status, full) = post(&world, RECEIVERS, "too many", new.clone()).await;
    assert_eq!((status, &full["code"]), (409, &json!("too_many")));
    let change = json!({ "name": "Office" });
    assert_eq!(ask(&world, Method::PATCH, &path, &[], change.clone()).await.0, 428);
    assert_eq!(ask(&world, Method::PATCH, &path, &[("if-match", "\"v7\"")], change.clone()).await.0, 412);
    let (status, shown) = ask(&world, Method::PATCH, &path, &[("if-match", "\"v1\"")], change).await;
    assert_eq!((status, &shown["name"], &shown["rules"]), (200, &json!("Office"), &made["rules"]));
    assert_eq!(ask(&world, Method::DELETE, &path, &[("if-match", "\"v2\"")], Value::Null).await.0, 204);
    assert_eq!(world.get(&path).await.0, 404);
    let (status, gone) = post(&world, RECEIVERS, "one", new).await;
    assert_eq!((status, &gone["code"]), (409, &json!("receiver_deleted")));
    happens(&world, "voicemail.received", 1).await;
    world.works_everything_off(&["EndpointsQueue", "NotificationsQueue"]).await;
    assert_eq!(chat.received().len(), 2);
}

/// Quiet hours of these times on each day.
fn every_day(span: &str) -> Value {
    let days = domain::hours::DAYS.iter().map(|(_, day)| ((*day).to_owned(), json!([span])));
    Value::Object(days.collect())
}

/// How much of its hour a moment has behind it.
fn in_hour(at: domain::Timestamp) -> Duration {
    at.since(domain::Timestamp(at.0 - at.0.rem_euclid(3_600_000)))
}

acceptance::tests![
    a_message_that_a_caller_left_is_told_in_a_room,
    a_missed_call_and_a_voicemail_are_told_by_their_rules,
    a_thread_that_is_handed_over_is_told,
    a_budget_that_runs_low_is_told_and_one_that_is_used_up,
    quiet_hours_are_kept_over_a_change_of_clocks,
    a_room_that_leads_inside_gets_nothing,
    a_room_that_wants_less_is_told_later,
    a_room_that_is_gone_is_disabled_and_others_are_told,
    a_person_who_is_erased_is_in_no_notification,
    a_receiver_is_made_once_tried_changed_as_it_was_seen_and_taken_away,
];
