//! The rules by which an outbound call is refused: each has a code, and each is judged when the call is ordered and
//! again when its turn comes.

use std::time::Duration;

use acceptance::ended_calls::{EndedCalls, job};
use acceptance::outbound::{Answered, CALLEE, dials, order, place};
use acceptance::sandbox::HttpSandbox;
use acceptance::webhook::{Webhook, call_sid};
use acceptance::{World, WorldConfig};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::hours::Week;
use domain::outbound::{DayCaps, Portion};
use domain::{BusinessId, PhoneNumber};
use functions::businesses::provision::NewBusiness;
use futures_util::future::join_all;
use serde_json::{Value, json};
use simulator::twilio::{Callee, CallerScript, CallerStep, RestFault};
use url::Url;

const NEW_YORK: &str = "America/New_York";

/// A person who lets it ring for longer than a test lasts.
fn rings() -> Callee {
    let script = CallerScript::new(vec![CallerStep::HangUp]);
    Callee { rings: Duration::from_secs(40), ..Callee::answers(script) }
}

/// A business of its own, with settings of its own.
async fn business(world: &World, n: u8, change: impl FnOnce(&mut NewBusiness)) -> NewBusiness {
    let mut new = world.business.clone();
    new.business.id = BusinessId::parse(&format!("rule-{n}")).unwrap();
    new.number = PhoneNumber::parse(&format!("+1202555{:04}", 160 + u16::from(n))).unwrap();
    new.api_key = acceptance::business_key(10 + n);
    change(&mut new);
    world.provision(&new).await;
    new
}

/// `POST /v1/calls` of this business, to this number.
async fn asks(world: &World, new: &NewBusiness, key: &str, to: &str, zone: Option<&str>) -> Answered {
    let body = json!({ "from": new.number.as_e164(), "to": to, "time_zone": zone });
    asks_at(world, &world.url("/v1/calls"), new, key, &body).await
}

async fn asks_at(world: &World, url: &Url, new: &NewBusiness, key: &str, body: &Value) -> Answered {
    let request = world.http.post(url.clone()).bearer_auth(new.api_key.expose());
    let response = request.header("Idempotency-Key", key).json(body).send().await.unwrap();
    let status = response.status().as_u16();
    let retry_after =
        response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    Answered { status, retry_after, body: response.json().await.unwrap_or(Value::Null) }
}

#[track_caller]
fn refused(answered: &Answered, status: u16, code: &str) {
    assert_eq!((answered.status, answered.body["code"].as_str()), (status, Some(code)), "{answered:?}");
    assert!(answered.detail().len() > 20, "it says what to do: {answered:?}");
    assert_eq!(answered.retry_after.is_some(), status == 429, "{answered:?}");
}

/// What no waiting changes is 422, and nothing is stored or dialled.
async fn what_waiting_does_not_change_is_refused_for_good() {
    let world = World::start().await;
    let usual = business(&world, 1, |_| ()).await;
    let own = usual.number.as_e164().to_owned();
    for (to, code) in [
        (own.as_str(), "itself"),
        ("+19005550123", "barred"),
        ("+18765550123", "barred"),
        ("+80012345678", "unknown_country"),
        ("+436641234567", "country"),
    ] {
        refused(&asks(&world, &usual, to, to, None).await, 422, code);
    }
    let unpriced = business(&world, 2, |new| {
        new.settings.outbound.per_day.micros = Some(1_000_000_000);
        new.settings.voice.model = "of-tomorrow".into();
    })
    .await;
    refused(&asks(&world, &unpriced, "k", CALLEE, None).await, 422, "unknown_price");
    let never = business(&world, 3, |new| {
        // Two hours a day suit all zones of the country at no moment.
        new.settings.outbound.hours =
            Week { monday: vec!["09:00-11:00".parse().unwrap()], ..Week::default() };
    })
    .await;
    refused(&asks(&world, &never, "k", CALLEE, None).await, 422, "hours");
    let (status, page) = world.get("/v1/calls").await;
    assert_eq!((status, dials(&world), page["calls"].as_array().unwrap().len()), (200, 0, 0));
}

/// Waiting helps: 429, and the time to wait.
async fn what_waiting_changes_is_refused_until_then() {
    let world = World::start().await;
    world.twilio.set_callee(CALLEE, rings());
    let zone = domain::zone::Zone::parse(NEW_YORK).unwrap();
    let tomorrow = zone.day(zone.day_ends(world.now())).weekday();
    let span = vec!["09:00-20:00".parse().unwrap()];
    let at_night =
        business(&world, 1, |new| new.settings.outbound.hours = Week::of(&[tomorrow], &span)).await;
    let night = asks(&world, &at_night, "k", CALLEE, Some(NEW_YORK)).await;
    refused(&night, 429, "hours");
    assert!(night.retry_after.is_some_and(|wait| (9 * 3_600..34 * 3_600).contains(&wait)), "{night:?}");

    let spent = business(&world, 2, |new| new.business.caps.minutes = Some(0)).await;
    refused(&asks(&world, &spent, "k", CALLEE, None).await, 429, "month_cap");
    let caps = [
        ("day_calls", DayCaps { calls: Some(0), ..DayCaps::default() }),
        ("day_minutes", DayCaps { minutes: Some(29), ..DayCaps::default() }),
        ("day_money", DayCaps { micros: Some(1_000), ..DayCaps::default() }),
    ];
    for (n, (code, per_day)) in (3..).zip(caps) {
        let capped = business(&world, n, |new| new.settings.outbound.per_day = per_day).await;
        let answered = asks(&world, &capped, "k", CALLEE, None).await;
        refused(&answered, 429, code);
        assert!(answered.retry_after.is_some_and(|wait| wait <= 86_400), "{answered:?}");
    }
    // A business with one line keeps it for callers.
    let small = business(&world, 6, |new| {
        new.business.max_concurrent_calls = 1;
        new.settings.outbound.share = Portion::HALF;
    })
    .await;
    refused(&asks(&world, &small, "k", CALLEE, None).await, 429, "business_slots");
    assert_eq!(dials(&world), 0);
}

/// A number is left in peace for a while after a call, whatever became of the call.
async fn a_number_that_was_called_is_left_in_peace() {
    let world = World::start().await;
    world.twilio.set_callee(CALLEE, rings());
    let pause = Duration::from_secs(900);
    let calm = business(&world, 1, |new| new.settings.outbound.cool_down = pause).await;
    assert_eq!(asks(&world, &calm, "first", CALLEE, None).await.status, 201);
    assert_eq!(asks(&world, &calm, "first", CALLEE, None).await.status, 201, "the same order");
    let soon = asks(&world, &calm, "second", CALLEE, None).await;
    refused(&soon, 429, "cooling_down");
    assert!(soon.retry_after.is_some_and(|wait| (800..=900).contains(&wait)), "{soon:?}");
    let other = business(&world, 2, |new| new.settings.outbound.cool_down = pause).await;
    assert_eq!(asks(&world, &other, "first", CALLEE, None).await.status, 201, "another business's pause");
    world.time_passes(pause);
    assert_eq!(asks(&world, &calm, "second", CALLEE, None).await.status, 201);
    assert_eq!(dials(&world), 3);
}

/// Ten orders see room for three; three are dialled. A call that is over counts with the minutes that it lasted.
async fn a_day_s_caps_hold_for_orders_that_come_at_once() {
    let world = World::start().await;
    let numbers: Vec<String> = (0..10).map(|n| format!("+120255501{n:02}")).collect();
    let numbers: Vec<&String> = numbers.iter().filter(|to| **to != world.business.number.as_e164()).collect();
    for to in &numbers {
        let brief = CallerScript::new(vec![CallerStep::Pause { ms: 300 }, CallerStep::HangUp]);
        world.twilio.set_callee(to.as_str(), Callee::answers(brief));
    }
    let capped = business(&world, 1, |new| new.settings.outbound.per_day.minutes = Some(100)).await;
    let asked = numbers.iter().map(|to| asks(&world, &capped, to, to, None));
    let answers = join_all(asked).await;
    let (placed, turned_away): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!((placed.len(), dials(&world)), (3, 3), "30 minutes each: {answers:?}");
    turned_away.iter().for_each(|answer| refused(answer, 429, "day_minutes"));
    world.twilio.at_rest().await;
    world
        .until(|| async {
            let again = asks(&world, &capped, "later", numbers[0], None).await;
            (again.status == 201).then_some(())
        })
        .await;
}

/// A cap that is reached between the order and its turn: the order is kept, and is not dialled.
async fn a_cap_that_is_reached_before_an_orders_turn_stops_it() {
    let world = World::with(WorldConfig {
        business: |new| {
            new.settings.policies.record_calls = false;
            new.business.caps.minutes = Some(1);
        },
        ..WorldConfig::default()
    })
    .await;
    let busy = RestFault { status: 429, code: 20429, retry_after_s: Some(1), carried_out: false };
    world.twilio.fail_next_request(busy);
    assert_eq!(place(&world, "order-1", &order(&world)).await.status, 503);
    let calls = EndedCalls::of(&world).await;
    let sid = calls.call(1, &[]).await;
    assert!(calls.insights(&[]).await.does(&job(&sid), 1).await);
    world.leases_lapse();
    refused(&place(&world, "order-1", &order(&world)).await, 429, "month_cap");
    assert_eq!((dials(&world), world.twilio.calls().len()), (1, 0), "Twilio was asked once, before");
}

/// A number on the business's list is not ordered; an order whose number comes on the list later is not dialled.
async fn a_number_on_the_list_is_not_called() {
    let world = World::start().await;
    world.twilio.set_callee(CALLEE, rings());
    let new = business(&world, 1, |_| ()).await;
    let list = world.url(&format!("/v1/do-not-call/{CALLEE}"));
    let key = new.api_key.expose();
    let busy = RestFault { status: 429, code: 20429, retry_after_s: Some(1), carried_out: false };
    world.twilio.fail_next_request(busy);
    assert_eq!(asks(&world, &new, "before", CALLEE, None).await.status, 503);
    let listed = world.http.put(list.clone()).bearer_auth(key).json(&json!({ "reason": "asked so" }));
    assert_eq!(listed.send().await.unwrap().status(), 200);
    world.leases_lapse();
    refused(&asks(&world, &new, "before", CALLEE, None).await, 422, "do_not_call");
    refused(&asks(&world, &new, "after", CALLEE, None).await, 422, "do_not_call");
    assert_eq!(dials(&world), 1, "Twilio was asked once, before");
    let others = business(&world, 2, |_| ()).await;
    assert_eq!(asks(&world, &others, "k", CALLEE, None).await.status, 201, "a list is one business's");
    assert_eq!(world.http.delete(list).bearer_auth(key).send().await.unwrap().status(), 204);
    world.leases_lapse();
    assert_eq!(asks(&world, &new, "before", CALLEE, None).await.status, 201);
}

/// Outbound calls leave room for one that comes in, in the business's lines and in the deployment's.
async fn outbound_calls_leave_the_last_line_to_a_caller() {
    let world = World::start().await;
    let lines = business(&world, 1, |new| {
        new.business.max_concurrent_calls = 3;
        new.settings.outbound.share = Portion::percent(99).unwrap();
    })
    .await;
    let numbers = ["+12025550110", "+12025550112", "+12025550114"];
    for to in numbers {
        world.twilio.set_callee(to, rings());
    }
    for to in &numbers[..2] {
        assert_eq!(asks(&world, &lines, to, to, None).await.status, 201);
    }
    refused(&asks(&world, &lines, "third", numbers[2], None).await, 429, "business_slots");
    let to = lines.number.as_e164();
    let caller = Webhook::inbound(&world, &call_sid(1)).field("To", to).field("Called", to);
    let answer = caller.send(&world).await.1;
    assert!(answer.contains("<Stream"), "{answer}");

    let none = HttpSandbox::start(&world, "voice-outbound", &[("OUTBOUND_SHARE", "0")]).await;
    let url = none.url.join("/v1/calls").unwrap();
    let answered = asks_at(&world, &url, &world.business, "k", &order(&world)).await;
    refused(&answered, 429, "deployment_slots");
}

/// Orders of one second wait for the next ones, and are refused when they waited too long.
async fn an_account_begins_no_more_calls_in_a_second_than_it_may() {
    let world = World::start().await;
    let sandbox = HttpSandbox::start(&world, "voice-outbound", &[("CALLS_PER_SECOND", "1")]).await;
    let url = sandbox.url.join("/v1/calls").unwrap();
    let numbers: Vec<String> = (10..22).map(|n| format!("+120255501{n}")).collect();
    for to in &numbers {
        world.twilio.set_callee(to.as_str(), rings());
    }
    let begun = tokio::time::Instant::now();
    let asked = numbers.iter().map(|to| {
        let body = json!({ "from": world.business.number.as_e164(), "to": to });
        let (world, url) = (&world, &url);
        async move { asks_at(world, url, &world.business, to, &body).await }
    });
    let answers = join_all(asked).await;
    let seconds = begun.elapsed().as_secs() + 2;
    let (placed, turned_away): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert!(placed.len() as u64 <= seconds && placed.len() > 1, "{} in {seconds} s", placed.len());
    assert!(!turned_away.is_empty());
    for answer in turned_away {
        refused(answer, 429, "pace");
        assert_eq!(answer.retry_after, Some(1));
    }
}

/// Settings with a field that is not understood, which may have forbidden the call, place none.
async fn a_misspelt_policy_places_no_call() {
    let world = World::start().await;
    let new = business(&world, 1, |_| ()).await;
    let table = world.system.name("BusinessesTable").unwrap();
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let key = [("pk", "business#rule-1"), ("sk", "settings#0000000001")];
    let key = key.map(|(name, value)| (name.to_owned(), text(value)));
    let dynamodb = &world.system.aws.dynamodb;
    let stored = dynamodb.get_item().table_name(table).set_key(Some(key.into())).send().await.unwrap();
    let mut item = stored.item.unwrap();
    let mut body: Value = serde_json::from_str(item["body"].as_s().unwrap()).unwrap();
    body["outbound"]["per_day"]["call"] = json!(1);
    item.insert("body".into(), text(&body.to_string()));
    dynamodb.put_item().table_name(table).set_item(Some(item)).send().await.unwrap();
    refused(&asks(&world, &new, "k", CALLEE, None).await, 422, "policy_not_understood");
    let to = new.number.as_e164();
    let caller = Webhook::inbound(&world, &call_sid(1)).field("To", to).field("Called", to);
    assert!(caller.send(&world).await.1.contains("<Stream"), "calls that come in are answered");
}

acceptance::tests![
    what_waiting_does_not_change_is_refused_for_good,
    what_waiting_changes_is_refused_until_then,
    a_number_that_was_called_is_left_in_peace,
    a_day_s_caps_hold_for_orders_that_come_at_once,
    a_cap_that_is_reached_before_an_orders_turn_stops_it,
    a_number_on_the_list_is_not_called,
    outbound_calls_leave_the_last_line_to_a_caller,
    an_account_begins_no_more_calls_in_a_second_than_it_may,
    a_misspelt_policy_places_no_call,
];
