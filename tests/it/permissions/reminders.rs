//! The role of the function that reminds people of appointments.

use std::time::Duration;

use acceptance::World;
use acceptance::aws_proxy::AwsProxy;
use acceptance::lease::fill_deployment;
use acceptance::outbound::CALLEE;
use acceptance::sandbox::ScheduleSandbox;
use acceptance::webhook::{Webhook, call_sid};
use domain::{DialId, Timestamp};
use http::Method;
use local::demo::story;
use platform::clock::{from_rfc3339, rfc3339};
use serde_json::{Value, json};
use simulator::twilio::{CallStatus, Callee, Person, RestFault};

use super::{aside, compare, world};

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const HOUR: Duration = Duration::from_secs(3_600);

async fn ask(world: &World, method: Method, path: &str, headers: &[(&str, &str)], body: &Value) -> Value {
    let request = world.http.request(method.clone(), world.url(path));
    let request = request.bearer_auth(world.identity.api_key.expose());
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let request = if body.is_null() { request } else { request.json(body) };
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{method} {path}: {}", answer.status());
    answer.json().await.unwrap()
}

/// People are reminded an hour before by these ways.
async fn reminds_by(world: &World, version: &str, way: &str) {
    let week: serde_json::Map<String, Value> =
        DAYS.iter().map(|day| ((*day).to_owned(), json!(["00:00-24:00"]))).collect();
    let remind =
        json!({ "from": world.business.number.as_e164(), "by": [{ "way": way }], "hours": week.clone() });
    let service = json!({
        "name": "Trim", "minutes": 60, "calendars": ["anna"], "reminders": [60], "remind": remind,
    });
    if version.is_empty() {
        let calendar = json!({ "name": "Anna", "week": week });
        ask(world, Method::PUT, "/v1/appointments/calendars/anna", &[], &calendar).await;
        ask(world, Method::PUT, "/v1/appointments/services/trim", &[], &service).await;
    } else {
        ask(world, Method::PUT, "/v1/appointments/services/trim", &[("if-match", version)], &service).await;
    }
}

/// An appointment in some hours: its beginning, and the name of its reminder.
async fn booked(world: &World, key: &str, hours: u32) -> (Timestamp, String) {
    let from = rfc3339(world.now().plus(hours * HOUR));
    let slots = format!("/v1/appointments/slots?service=trim&limit=1&from={from}");
    let slots = ask(world, Method::GET, &slots, &[], &Value::Null).await;
    let start = from_rfc3339(slots["slots"][0]["start"].as_str().unwrap()).unwrap();
    let person = json!({ "name": "Maria", "number": CALLEE });
    let new = json!({ "service": "trim", "start": rfc3339(start), "person": person });
    let made = ask(world, Method::POST, "/v1/appointments", &[("idempotency-key", key)], &new).await;
    (start, format!("reminder-{}-{}-60", made["id"].as_str().unwrap(), start.0))
}

/// A call that finds no room, one that Twilio refuses, one whose answer is lost, and a text.
async fn the_role_of_reminders_fits() {
    let world = world().await;
    let queue = aside(&world, "TextsQueue").await;
    let proxy = AwsProxy::of(&world).await;
    let own = [("MAX_CONCURRENT_CALLS", "1"), ("QUEUE_TEXTS", queue.as_str())];
    let changes = [&own[..], &proxy.everywhere()].concat();
    let ticker = ScheduleSandbox::start(&world, "appointment-reminders", &changes).await;
    let ticks = async || ticker.ticks(world.now()).await;
    let passes = |until: Timestamp| world.time_passes(until.since(world.now()));
    let fault = |status, code| RestFault { status, code, retry_after_s: None, carried_out: false };

    reminds_by(&world, "", "call").await;
    let (first, _) = booked(&world, "first", 3).await;
    passes(first.minus(HOUR));
    world.twilio.fail_next_request(fault(400, 21_215));
    assert!(ticks().await, "what Twilio refuses is missed");

    let (full, name) = booked(&world, "full", 3).await;
    passes(full.minus(HOUR));
    fill_deployment(&world, true).await;
    assert!(ticks().await, "without room it waits");
    fill_deployment(&world, false).await;
    // The business has one line.
    let caller = Webhook::inbound(&world, &call_sid(22));
    assert!(caller.send(&world).await.1.contains("<Stream"));
    passes(full.minus(HOUR * 3 / 4));
    assert!(ticks().await, "while its line is taken it waits");
    assert_eq!(Webhook::status(&world, &call_sid(22), "completed", 3).send(&world).await.0, 204);
    let one = format!("/v1/appointments/{}", name.split('-').nth(1).unwrap());
    ask(&world, Method::PATCH, &one, &[("if-match", "\"v1\"")], &json!({ "status": "cancelled" })).await;
    passes(full.minus(HOUR / 2));
    assert!(ticks().await, "what was called off is dropped");

    let (second, name) = booked(&world, "second", 3).await;
    passes(second.minus(HOUR));
    world.twilio.fail_next_request(fault(500, 20_500));
    assert!(!ticks().await, "it is not known whether it was placed");
    let dial = format!("/twilio/voice/status?dial={}", DialId::of(&world.business.business.id, &name));
    for status in ["initiated", "completed"] {
        let told = Webhook::status(&world, &call_sid(21), status, 0).at(&dial);
        assert_eq!(told.send(&world).await.0, 204);
    }
    passes(second.minus(HOUR / 2));
    assert!(ticks().await, "the call is known");

    let (found, _) = booked(&world, "found", 3).await;
    passes(found.minus(HOUR));
    // Its line is busy, and nothing is heard of that.
    let mut callee = Callee::answers(story::caller());
    callee.person = Person::DoesNotAnswer(CallStatus::Busy);
    callee.faults.webhooks.lost = vec![CallStatus::Initiated, CallStatus::Ringing, CallStatus::Busy];
    world.twilio.set_callee(CALLEE, callee);
    world.twilio.fail_next_request(RestFault { carried_out: true, ..fault(500, 20_500) });
    // What is told of the call without its order waits until the call is found.
    let early = async {
        let call = world.until(|| async { world.twilio.calls().into_iter().next() }).await;
        assert_eq!(Webhook::status(&world, call.sid(), "initiated", 0).send(&world).await.0, 204);
    };
    let (done, ()) = tokio::join!(ticks(), early);
    assert!(done, "Twilio's list has the call");

    let (third, _) = booked(&world, "third", 3).await;
    passes(third.minus(HOUR));
    world.twilio.fail_next_request(fault(500, 20_500));
    assert!(!ticks().await);
    // Nothing is heard of it, and Twilio's list has no such call; then it is dialled.
    passes(third.minus(HOUR / 2));
    assert!(ticks().await, "it is dialled once it is certain");

    reminds_by(&world, "\"v1\"", "sms").await;
    let (fourth, _) = booked(&world, "fourth", 3).await;
    passes(fourth.minus(HOUR));
    assert!(ticks().await, "a text is told");
    compare("AppointmentRemindersFunction", &proxy);
}

acceptance::tests![the_role_of_reminders_fits];
