//! A business names addresses at which it is told what happened: who is told of what, how it is signed, what is tried again and
//! when, and what people do about it.

use std::collections::BTreeSet;
use std::time::Duration;

use acceptance::ended_calls::{EndedCalls, job};
use acceptance::receiver::{Receiver, Told};
use acceptance::sandbox::{QueueSandbox, ScheduleSandbox};
use acceptance::{World, WorldConfig};
use domain::Direction;
use domain::event::Type;
use domain::usage::{Level, Meter, Month, Reading};
use http::Method;
use platform::clock::rfc3339;
use serde_json::{Value, json};
use stores::events::{self, NewEvent};
use stores::usage;

pub(crate) const ENDPOINTS: &str = "/v1/endpoints";
const HOUR: Duration = Duration::from_secs(3_600);

/// One request, with the headers that all routes here may want.
pub(crate) async fn ask(
    world: &World,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Value,
) -> (u16, Value) {
    let request = world.http.request(method, world.url(path)).bearer_auth(world.identity.api_key.expose());
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let request = if body.is_null() { request } else { request.json(&body) };
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), acceptance::told(answer.json().await.unwrap_or(Value::Null)))
}

pub(crate) async fn post(world: &World, path: &str, key: &str, body: Value) -> (u16, Value) {
    ask(world, Method::POST, path, &[("idempotency-key", key)], body).await
}

/// An endpoint at this receiver: its path, and its secret.
pub(crate) async fn endpoint(world: &World, key: &str, receiver: &Receiver, more: Value) -> (String, String) {
    let mut new = json!({ "url": receiver.url.as_str() });
    new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (status, made) = post(world, ENDPOINTS, key, new).await;
    assert_eq!(status, 201, "{made}");
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (format!("{ENDPOINTS}/{}", text("id")), text("secret"))
}

/// Puts events into the outbox, as those do that cause them.
pub(crate) struct Happens<'w> {
    world: &'w World,
    usage: usage::Writer,
    events: events::Writer,
}

impl<'w> Happens<'w> {
    pub(crate) fn in_world(world: &'w World) -> Self {
        let (aws, name) = (&world.system.aws, |table| world.system.name(table).unwrap());
        let usage = usage::Writer::new(aws, name("UsageTable"));
        Self { world, usage, events: events::Writer::new(aws, name("EventsTable")) }
    }

    /// An event that no job tells of.
    pub(crate) async fn quietly(&self, n: u64, kind: &'static str, direction: Option<Direction>) {
        let business = &self.world.business.business;
        let at = self.world.now();
        let reading = Reading { meter: Meter::Minutes, used: n, cap: n, level: Level::Warning };
        let event = NewEvent {
            business: business.id.clone(),
            id: format!("{kind}#{n}"),
            kind: Type::parse(kind).unwrap(),
            call: None,
            direction,
            body: json!({ "n": n }).to_string(),
            at,
        };
        let month = Month::of(at, &business.zone());
        assert!(self.usage.tell(&business.id, month, &reading, (&self.events, &event)).await.unwrap());
    }

    /// An event, with the job that tells of it.
    pub(crate) async fn now(&self, n: u64, kind: &'static str, direction: Option<Direction>) {
        self.quietly(n, kind, direction).await;
        let job = json!({ "job": "give", "business": self.world.business.business.id });
        let queue = self.world.system.name("EndpointsQueue").unwrap();
        let send = self.world.system.aws.sqs.send_message().queue_url(queue).message_body(job.to_string());
        send.send().await.unwrap();
    }
}

/// The deliveries to an endpoint, once they are in these states, the latest event first.
pub(crate) async fn deliveries(world: &World, path: &str, states: &[&str]) -> Vec<Value> {
    let path = format!("{path}/deliveries");
    world
        .until(|| async {
            let (_, page) = world.get(&path).await;
            let found = page["deliveries"].as_array().unwrap().clone();
            let are: Vec<&str> = found.iter().map(|one| one["state"].as_str().unwrap()).collect();
            (are == states).then_some(found)
        })
        .await
}

pub(crate) fn times(answers: usize, status: u16) -> Vec<Told> {
    vec![(status, vec![]); answers]
}

async fn a_business_is_told_of_a_call_with_a_signature_that_others_can_check() {
    let config =
        WorldConfig { business: |new| new.settings.policies.record_calls = false, ..Default::default() };
    let world = World::with(config).await;
    let receiver = Receiver::start().await;
    let more = json!({ "headers": { "X-Gateway": "gateway-key-canary" }, "types": ["call.completed"] });
    let (path, secret) = endpoint(&world, "one", &receiver, more).await;
    let calls = EndedCalls::of(&world).await;
    let sid = calls.call(1, &[]).await;
    assert!(calls.insights(&[]).await.does(&job(&sid), 1).await);
    let delivered = deliveries(&world, &path, &["delivered"]).await;
    let received = receiver.received();
    let [told] = received.as_slice() else { panic!("{received:?}") };
    assert_eq!((told.signatures(), told.signed_by(&secret)), (1, 1));
    assert_eq!(told.headers["x-gateway"], "gateway-key-canary");
    assert_eq!(told.headers["content-type"], "application/json");
    assert!(told.id().starts_with("evt_") && !told.id().contains('.'), "{}", told.id());
    let (event, body) = (&calls.events().await[0], told.json());
    for field in ["id", "type", "sequence", "data"] {
        assert_eq!(body[field], event[field], "{field}");
    }
    assert_eq!((&body["timestamp"], &body["test"]), (&event["at"], &Value::Null));
    let one = &delivered[0];
    assert_eq!((&one["webhook_id"], &one["event"]), (&json!(told.id()), &event["id"]));
    assert_eq!((&one["attempts"][0]["status"], &one["next_attempt_at"]), (&json!(204), &Value::Null));
    // What is secret is shown once, and what its owner brought never.
    let (_, shown) = world.get(&path).await;
    let (_, listed) = world.get(ENDPOINTS).await;
    let all = format!("{shown}{listed}{one}");
    assert!(!all.contains("whsec_") && !all.contains("gateway-key-canary"), "{all}");
    assert_eq!((&shown["headers"], &shown["enabled"]), (&json!(["x-gateway"]), &json!(true)));
}

/// Fault 67. What an endpoint did not take is tried again at its times, the same bytes under the same id.
async fn what_fails_is_tried_again_at_its_times_until_it_is_taken() {
    let world = World::start().await;
    let answers = [times(2, 500), vec![(503, vec![("retry-after", "600")])], times(1, 302)].concat();
    let receiver = Receiver::with(answers).await;
    let (path, secret) = endpoint(&world, "one", &receiver, json!({})).await;
    let happens = Happens::in_world(&world);
    happens.now(1, "usage.warning", None).await;
    let sweep = ScheduleSandbox::start(&world, "endpoint-sweep", &[]).await;
    // 5 s, 5 min, then half an hour, which is longer than a queue waits, and two hours; each shorter or longer by a fifth.
    for (n, wait) in [5, 300, 1_800, 7_200].into_iter().enumerate() {
        let waiting = world
            .until(|| async {
                let (_, page) = world.get(&format!("{path}/deliveries")).await;
                let one = page["deliveries"][0].clone();
                let made = one["attempts"].as_array()?.len();
                (made == n + 1 && one["state"] == "waiting").then_some(one)
            })
            .await;
        let last = waiting["attempts"][n]["at"].as_str().unwrap();
        let next = waiting["next_attempt_at"].as_str().unwrap();
        let at = |text: &str| platform::clock::from_rfc3339(text).unwrap();
        let planned = Duration::from_secs(wait);
        let waits = at(next).since(at(last));
        assert!(waits >= planned.mul_f64(0.79) && waits <= planned.mul_f64(1.21) + HOUR / 60, "{waits:?}");
        world.time_passes(planned.mul_f64(1.25));
        assert!(sweep.ticks(world.now()).await);
    }
    let delivered = deliveries(&world, &path, &["delivered"]).await;
    let failures: Vec<&Value> =
        delivered[0]["attempts"].as_array().unwrap().iter().map(|one| &one["failure"]).collect();
    assert_eq!(json!(failures), json!(["refused", "refused", "overloaded", "redirect", null]));
    let received = receiver.received();
    assert_eq!(received.len(), 5, "a redirect is not followed");
    for one in &received {
        assert_eq!((one.id(), &one.body), (received[0].id(), &received[0].body));
        assert_eq!(one.signed_by(&secret), 1);
    }
    assert_ne!(received[0].headers["webhook-timestamp"], received[4].headers["webhook-timestamp"]);
    assert_eq!(world.get(&path).await.1["failing_since"], Value::Null, "a success clears it");
}

async fn a_direction_and_a_type_decide_who_is_told_and_one_endpoint_takes_what_is_left(world: World) {
    let [inbound, outbound, rest] =
        [Receiver::start().await, Receiver::start().await, Receiver::start().await];
    let happens = Happens::in_world(&world);
    happens.now(1, "call.completed", Some(Direction::Inbound)).await;
    let calls = |calls: &str, types: &[&str]| json!({ "calls": calls, "types": types });
    let (first, _) = endpoint(&world, "in", &inbound, calls("inbound", &["call.*"])).await;
    let (second, _) = endpoint(&world, "out", &outbound, calls("outbound", &["call.completed"])).await;
    let (third, _) = endpoint(&world, "rest", &rest, calls("no_other", &["*"])).await;
    happens.now(2, "call.completed", Some(Direction::Inbound)).await;
    happens.now(3, "call.completed", Some(Direction::Outbound)).await;
    happens.now(4, "call.updated", Some(Direction::Outbound)).await;
    happens.now(5, "usage.warning", None).await;
    let told = async |path: &str, states: &[&str]| -> Vec<Value> {
        deliveries(&world, path, states).await.iter().rev().map(|one| one["id"].clone()).collect()
    };
    assert_eq!(told(&first, &["delivered"]).await, [json!(2)], "what was before it is not told");
    assert_eq!(told(&second, &["delivered"]).await, [json!(3)]);
    assert_eq!(told(&third, &["delivered"; 2]).await, [json!(4), json!(5)]);
    let paths = [first, second, third];
    let path = &paths[2];
    let (_, page) = world.get(&format!("{path}/deliveries?limit=1")).await;
    assert_eq!((&page["deliveries"][0]["id"], page["deliveries"].as_array().unwrap().len()), (&json!(5), 1));
    let cursor = page["next"].as_str().unwrap();
    let (_, page) = world.get(&format!("{path}/deliveries?limit=1&cursor={cursor}")).await;
    assert_eq!((&page["deliveries"][0]["id"], &page["next"]), (&json!(4), &Value::Null));
}

/// Fault 67. One endpoint that does not answer keeps no other one waiting.
async fn a_slow_endpoint_delays_no_other(world: World) {
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    slow.hold(true);
    let (slow_path, _) = endpoint(&world, "slow", &slow, json!({})).await;
    let (quick_path, _) = endpoint(&world, "quick", &quick, json!({})).await;
    let happens = Happens::in_world(&world);
    for n in 1..=6 {
        happens.now(n, "usage.warning", None).await;
    }
    deliveries(&world, &quick_path, &["delivered"; 6]).await;
    assert!(slow.received().len() <= usize::from(domain::endpoint::AT_ONCE), "{}", slow.received().len());
    slow.hold(false);
    deliveries(&world, &slow_path, &["delivered"; 6]).await;
    let of = |receiver: &Receiver| {
        receiver.received().iter().map(|one| one.id().to_owned()).collect::<BTreeSet<_>>()
    };
    assert!(of(&slow).len() == 6 && of(&slow) == of(&quick));
}

/// Fault 67.
async fn an_endpoint_that_is_gone_is_told_nothing_more_and_can_be_recovered() {
    let world = World::start().await;
    let (gone, other) = (Receiver::with([(410, vec![])]).await, Receiver::start().await);
    let (path, _) = endpoint(&world, "gone", &gone, json!({ "description": "the old one" })).await;
    let (watching, _) = endpoint(&world, "other", &other, json!({ "types": ["endpoint.disabled"] })).await;
    let happens = Happens::in_world(&world);
    happens.now(1, "usage.warning", None).await;
    let told = deliveries(&world, &watching, &["delivered"]).await;
    assert_eq!(told[0]["type"], "endpoint.disabled");
    let data = other.received()[0].json()["data"].clone();
    assert_eq!((&data["description"], &data["reason"]), (&json!("the old one"), &json!("gone")));
    let (_, shown) = world.get(&path).await;
    assert_eq!((&shown["enabled"], &shown["disabled_reason"]), (&json!(false), &json!("gone")));
    happens.now(2, "usage.cap_reached", None).await;
    // The event that it is disabled, and the one after it, are its own as well.
    deliveries(&world, &path, &["skipped"; 3]).await;
    assert_eq!(gone.received().len(), 1);
    let since = json!({ "since": rfc3339(world.now().minus(HOUR)) });
    let (status, refused) = ask(&world, Method::POST, &format!("{path}/recover"), &[], since.clone()).await;
    assert_eq!((status, &refused["code"]), (409, &json!("endpoint_disabled")));
    let seen = [("if-match", "\"v2\"")];
    let (status, shown) = ask(&world, Method::PATCH, &path, &seen, json!({ "enabled": true })).await;
    assert_eq!((status, &shown["enabled"], &shown["failing_since"]), (200, &json!(true), &Value::Null));
    happens.now(3, "usage.warning", None).await;
    deliveries(&world, &path, &["delivered", "skipped", "skipped", "skipped"]).await;
    for _ in 0..2 {
        let (status, _) = ask(&world, Method::POST, &format!("{path}/recover"), &[], since.clone()).await;
        assert_eq!(status, 204);
        deliveries(&world, &path, &["delivered"; 4]).await;
    }
    world.works_everything_off(&["EndpointsQueue"]).await;
    assert_eq!(gone.received().len(), 5, "what was taken is not sent again");
}

/// Fault 67.
async fn an_endpoint_that_takes_nothing_for_five_days_is_disabled_and_a_person_can_send_by_hand() {
    let world = World::start().await;
    let receiver = Receiver::with(times(40, 500)).await;
    let (path, _) = endpoint(&world, "one", &receiver, json!({ "types": ["usage.*"] })).await;
    let happens = Happens::in_world(&world);
    let sweep = ScheduleSandbox::start(&world, "endpoint-sweep", &[]).await;
    let gives_up = async |n: u64, states: &[&str]| {
        happens.now(n, "usage.warning", None).await;
        for made in 1..=10 {
            world
                .until(|| async {
                    let (_, page) = world.get(&format!("{path}/deliveries")).await;
                    let made_so_far = page["deliveries"][0]["attempts"].as_array()?.len();
                    (page["deliveries"][0]["id"] == n && made_so_far == made).then_some(())
                })
                .await;
            world.time_passes(30 * HOUR);
            assert!(sweep.ticks(world.now()).await);
        }
        deliveries(&world, &path, states).await
    };
    let failed = gives_up(1, &["failed"]).await;
    // Two hundred and seventy hours passed between the first attempt and the last one.
    let shown = world
        .until(|| async {
            let (_, shown) = world.get(&path).await;
            (shown["enabled"] == false).then_some(shown)
        })
        .await;
    assert_eq!(shown["disabled_reason"], "failing", "{shown}");
    assert_eq!((receiver.received().len(), failed[0]["attempts"].as_array().unwrap().len()), (10, 10));
    let resend = format!("{path}/deliveries/1/resend");
    let (status, one) = ask(&world, Method::POST, &resend, &[], Value::Null).await;
    assert_eq!(
        (status, &one["state"], &one["attempts"][10]["by_hand"]),
        (200, &json!("failed"), &json!(true))
    );
    assert_eq!(receiver.received()[10].body, receiver.received()[0].body);
    let (status, _) =
        ask(&world, Method::POST, &format!("{path}/deliveries/9/resend"), &[], Value::Null).await;
    assert_eq!(status, 404);
}

async fn both_secrets_sign_while_a_receiver_changes_over() {
    let world = World::start().await;
    let receiver = Receiver::start().await;
    let (path, first) = endpoint(&world, "one", &receiver, json!({})).await;
    let rotate = format!("{path}/rotate");
    let day = json!({ "overlap_hours": 24 });
    let (status, rotated) = post(&world, &rotate, "rotation", day.clone()).await;
    assert_eq!(status, 200, "{rotated}");
    let second = rotated["secret"].as_str().unwrap();
    assert_ne!(second, first);
    let (_, again) = post(&world, &rotate, "rotation", day).await;
    assert_eq!(again["secret"], second, "a repeated request is answered as the first one");
    let (status, reused) = post(&world, &rotate, "rotation", json!({ "overlap_hours": 1 })).await;
    assert_eq!((status, &reused["code"]), (422, &json!("idempotency_key_reused")));
    let happens = Happens::in_world(&world);
    let told = async |n: usize| {
        happens.now(n as u64, "usage.warning", None).await;
        deliveries(&world, &path, &vec!["delivered"; n]).await;
        receiver.received()[n - 1].clone()
    };
    let during = told(1).await;
    assert_eq!((during.signatures(), during.signed_by(&first), during.signed_by(second)), (2, 1, 1));
    world.time_passes(24 * HOUR);
    let after = told(2).await;
    assert_eq!((after.signatures(), after.signed_by(second)), (1, 1));
    // One that became known signs nothing from now on.
    let (_, third) = post(&world, &rotate, "known", json!({ "overlap_hours": 0 })).await;
    let last = told(3).await;
    assert_eq!((last.signatures(), last.signed_by(third["secret"].as_str().unwrap())), (1, 1));
    let (status, _) = post(&world, &rotate, "long", json!({ "overlap_hours": 169 })).await;
    assert_eq!(status, 422);
}

async fn a_test_needs_no_event_and_says_that_it_is_one(world: World) {
    let receiver = Receiver::with(times(1, 500)).await;
    let (path, secret) = endpoint(&world, "one", &receiver, json!({})).await;
    let test = format!("{path}/test");
    let (status, came) = ask(&world, Method::POST, &test, &[], Value::Null).await;
    assert_eq!((status, &came["taken"], &came["failure"]), (200, &json!(false), &json!("refused")));
    let (_, came) = ask(&world, Method::POST, &test, &[], Value::Null).await;
    assert_eq!((&came["taken"], &came["status"]), (&json!(true), &json!(204)));
    let received = receiver.received();
    assert_eq!((received[1].json()["test"].clone(), received[1].signed_by(&secret)), (json!(true), 1));
    assert_eq!(world.get(&path).await.1["failing_since"], Value::Null, "it does not count");
    assert_eq!(world.get(&format!("{path}/deliveries")).await.1["deliveries"], json!([]));
}

/// Fault 69.
async fn an_address_that_leads_inside_is_refused_when_it_is_saved_and_when_it_is_sent_to(world: World) {
    for inner in [
        "https://169.254.169.254/",
        "http://10.0.0.1/",
        "https://user@hooks.example/",
        "ftp://hooks.example/",
        "x",
    ] {
        let (status, refused) = post(&world, ENDPOINTS, inner, json!({ "url": inner })).await;
        assert_eq!((status, &refused["errors"][0]["pointer"]), (422, &json!("/url")), "{inner}: {refused}");
        assert!(!refused.to_string().contains("169.254"), "{refused}");
    }
    let receiver = Receiver::start().await;
    let queue = super::permissions::aside(&world, "EndpointsQueue").await;
    let (path, _) = endpoint(&world, "one", &receiver, json!({})).await;
    Happens::in_world(&world).quietly(1, "usage.warning", None).await;
    // A deployment reaches public networks alone.
    let changes = [("TOOLS_ON_LOOPBACK", "false"), ("QUEUE_ENDPOINTS", queue.as_str())];
    let step = QueueSandbox::start(&world, "endpoint-step", &changes).await;
    let business = &world.business.business.id;
    assert!(step.does(&json!({ "job": "give", "business": business }), 1).await);
    let id = path.rsplit('/').next().unwrap();
    assert!(step.does(&json!({ "job": "serve", "business": business, "endpoint": id }), 1).await);
    let failed = deliveries(&world, &path, &["failed"]).await;
    assert_eq!(failed[0]["attempts"][0]["failure"], "not_public");
    assert_eq!(receiver.received(), []);
}

acceptance::tests![
    a_business_is_told_of_a_call_with_a_signature_that_others_can_check,
    what_fails_is_tried_again_at_its_times_until_it_is_taken,
    a_direction_and_a_type_decide_who_is_told_and_one_endpoint_takes_what_is_left,
    a_slow_endpoint_delays_no_other,
    an_endpoint_that_is_gone_is_told_nothing_more_and_can_be_recovered,
    an_endpoint_that_takes_nothing_for_five_days_is_disabled_and_a_person_can_send_by_hand,
    both_secrets_sign_while_a_receiver_changes_over,
    a_test_needs_no_event_and_says_that_it_is_one,
    an_address_that_leads_inside_is_refused_when_it_is_saved_and_when_it_is_sent_to,
];
