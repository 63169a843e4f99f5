//! Campaigns: people of a file are called one after another, each once per attempt, and only when they may be.

use std::collections::BTreeMap;
use std::time::Duration;

use acceptance::outbound::{CALLEE, dials, order, place};
use acceptance::sandbox::QueueSandbox;
use acceptance::{World, WorldConfig};
use domain::PhoneNumber;
use domain::campaign::window::{Places, Window};
use domain::zone::Zone;
use futures_util::future::join_all;
use http::Method;
use local::demo::story;
use serde_json::{Value, json};
use simulator::twilio::{Answerer, CallStatus, Callee, CallerScript, CallerStep, Person, RestFault};

use super::contact_files::put;
use super::contacts::ask;

pub(crate) const CAMPAIGNS: &str = "/v1/campaigns";
/// Longer than a claim may be dialled, and than a worker has the right to a campaign without a sign of life.
const A_CLAIM_LAPSES: Duration = Duration::from_secs(240);

/// A world with twenty lines, in which people in New York may be called for ten hours yet.
pub(crate) async fn world() -> World {
    let world = World::with(WorldConfig {
        business: |new| {
            new.business.max_concurrent_calls = 20;
        },
        twilio: |twilio| twilio.dials_every = Duration::ZERO,
        ..WorldConfig::default()
    })
    .await;
    at_a_time_for_calls(&world);
    world
}

/// Lets time pass until people in New York may be called, and for the rest of the day.
pub(crate) fn at_a_time_for_calls(world: &World) {
    let zone = Zone::parse("America/New_York").unwrap();
    let to = PhoneNumber::parse(CALLEE).unwrap();
    let places = Places::of(&to, Some(&zone)).unwrap();
    let window = |now| places.window(&[], now).unwrap();
    let ends = match window(world.now()) {
        Window::Open { until } => until.unwrap(),
        Window::Closed { .. } => world.now(),
    };
    let Window::Closed { until } = window(ends) else { panic!("it is the end of the window") };
    world.time_passes(until.since(world.now()));
}

pub(crate) fn number(n: usize) -> String {
    format!("+12025550{n:03}")
}

/// A person who picks up, says something and hangs up.
pub(crate) fn speaks() -> Callee {
    Callee::answers(story::caller())
}

pub(crate) fn does_not(status: CallStatus) -> Callee {
    Callee { person: Person::DoesNotAnswer(status), ..speaks() }
}

fn machine() -> Callee {
    let listens = CallerStep::WaitForAgent { quiet_ms: 8_000, max_ms: 20_000 };
    let answered_by = Answerer::Machine { greeting: Duration::from_secs(1) };
    Callee { answered_by, ..Callee::answers(CallerScript::new(vec![listens])) }
}

/// A person who hangs up at once.
fn silent() -> Callee {
    Callee::answers(CallerScript::new(vec![CallerStep::Pause { ms: 200 }, CallerStep::HangUp]))
}

pub(crate) fn wanted(world: &World) -> Value {
    json!({
        "name": "Service in spring",
        "purpose": "service",
        "from": [world.business.number.as_e164()],
        "reason": "the service of your {{thing}}",
        "attempts": { "total": 1 },
    })
}

/// A file of these numbers, all in New York.
pub(crate) fn file(numbers: impl IntoIterator<Item = usize>) -> String {
    let rows = numbers.into_iter().map(|n| format!("{},Dana,bicycle,America/New_York\n", number(n)));
    format!("phone,name,thing,time_zone\n{}", rows.collect::<String>())
}

/// A campaign with its file where it is to go.
pub(crate) async fn made(world: &World, key: &str, file: &str, mut wanted: Value) -> String {
    wanted["bytes"] = json!(file.len());
    let (status, made) = ask(world, Method::POST, CAMPAIGNS, ("idempotency-key", key), &wanted).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(put(world, &made["upload"], file.as_bytes()).await, 200);
    made["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn step(world: &World, id: &str, step: &str) -> (u16, Value) {
    ask(world, Method::POST, &format!("{CAMPAIGNS}/{id}/{step}"), ("x", "y"), &json!({})).await
}

pub(crate) async fn when(world: &World, id: &str, state: &str) -> Value {
    let path = format!("{CAMPAIGNS}/{id}");
    world
        .until(|| async {
            let (_, campaign) = world.get(&path).await;
            (campaign["state"] == state).then_some(campaign)
        })
        .await
}

pub(crate) async fn checked(world: &World, key: &str, file: &str, wanted: Value) -> (String, Value) {
    let id = made(world, key, file, wanted).await;
    assert_eq!(step(world, &id, "check").await.0, 202);
    let campaign = when(world, &id, "ready").await;
    (id, campaign)
}

pub(crate) async fn started(world: &World, key: &str, file: &str, wanted: Value) -> String {
    let (id, campaign) = checked(world, key, file, wanted).await;
    let (status, begun) = step(world, &id, "start").await;
    assert_eq!(status, 202, "{campaign:#} {begun:#}");
    id
}

/// The campaign, once it is completed. Time passes while no call is under way: calls at once become more, and a technical failure
/// is tried again after two minutes.
pub(crate) async fn completed(world: &World, id: &str) -> Value {
    world
        .until(|| async {
            let (_, campaign) = world.get(&format!("{CAMPAIGNS}/{id}")).await;
            let states = &campaign["progress"]["entries"];
            if states["dialling"].is_null() && states["calling"].is_null() {
                world.time_passes(Duration::from_secs(60));
                // A worker looks, before the sweep of the next minute has it do so.
                step(world, id, "resume").await;
            }
            (campaign["state"] == "completed").then_some(campaign)
        })
        .await
}

/// Every entry: whom it is about, its state, what it came to or why it is not called, and how often it was tried.
pub(crate) async fn entries(world: &World, id: &str) -> Vec<(String, String, String, usize)> {
    let (mut all, mut path) = (vec![], format!("{CAMPAIGNS}/{id}/entries?limit=3"));
    loop {
        let (status, page) = world.get(&path).await;
        assert_eq!(status, 200, "{page}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        all.extend(page["entries"].as_array().unwrap().iter().map(|one| {
            let came = format!("{}{}", text(&one["outcome"]), text(&one["skipped"]));
            (text(&one["to"]), text(&one["state"]), came, one["attempts"].as_array().unwrap().len())
        }));
        match page["next"].as_str() {
            Some(next) => path = format!("{CAMPAIGNS}/{id}/entries?limit=3&cursor={next}"),
            None => return all,
        }
    }
}

/// How often each number was dialled.
fn rung(world: &World) -> BTreeMap<String, usize> {
    let mut rung = BTreeMap::new();
    for asked in world.twilio.requests() {
        if asked.method == "POST" && asked.path.ends_with("/Calls.json") {
            *rung.entry(asked.param("To").unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    rung
}

/// The sums that a campaign shows are those of its entries.
fn adds_up(campaign: &Value, entries: &[(String, String, String, usize)]) {
    let sum =
        |of: &Value| -> u64 { of.as_object().unwrap().values().map(|value| value.as_u64().unwrap()).sum() };
    let progress = &campaign["progress"];
    assert_eq!(progress["total"], json!(entries.len()), "{progress:#}");
    assert_eq!(sum(&progress["entries"]), progress["total"].as_u64().unwrap(), "{progress:#}");
    let mut states: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, state, _, _) in entries {
        *states.entry(state).or_default() += 1;
    }
    assert_eq!(progress["entries"], json!(states));
    let attempts: usize = entries.iter().map(|entry| entry.3).sum();
    assert_eq!(progress["calls"], json!(attempts));
}

/// Ten people: some speak, some do not answer, a machine answers, and each is called once. The business is told of beginning and end.
async fn a_campaign_of_ten_runs_to_its_end() {
    let world = world().await;
    let people = [
        speaks(),
        speaks(),
        does_not(CallStatus::Busy),
        does_not(CallStatus::NoAnswer),
        does_not(CallStatus::Failed),
        machine(),
        silent(),
        speaks(),
        does_not(CallStatus::Busy),
        silent(),
    ];
    for (n, callee) in people.into_iter().enumerate() {
        world.twilio.set_callee(number(100 + n), callee);
    }
    let (id, ready) = checked(&world, "ten", &file(100..110), wanted(&world)).await;
    assert_eq!(
        (&ready["report"]["valid"], &ready["report"]["left_out"]),
        (&json!(10), &json!(0)),
        "{ready:#}"
    );
    assert_eq!(ready["report"]["countries"], json!({ "US": 10 }));
    assert_eq!(dials(&world), 0, "a check places no call");
    assert_eq!(step(&world, &id, "start").await.0, 202);
    assert_eq!(step(&world, &id, "start").await.0, 202, "a request that comes again");
    when(&world, &id, "running").await;
    let done = completed(&world, &id).await;
    let all = entries(&world, &id).await;
    adds_up(&done, &all);
    let came: Vec<&str> = all.iter().map(|entry| entry.2.as_str()).collect();
    let wanted =
        ["human", "human", "busy", "no_answer", "failed", "voicemail", "silent", "human", "busy", "silent"];
    assert_eq!(came, wanted, "{all:#?}");
    let rung = rung(&world);
    for (n, entry) in all.iter().enumerate() {
        let times = if n == 4 { 4 } else { 1 };
        assert_eq!((entry.3, rung[&entry.0]), (times, times), "{entry:?}");
    }
    assert_eq!(done["progress"]["answer_rate"], json!(300 / 13));
    assert_eq!(done["progress"]["outcomes"]["failed"], json!(4));
    let mut events: Vec<Value> = vec![];
    loop {
        let behind = events.last().map_or(0, |last| last["sequence"].as_u64().unwrap());
        let (_, page) = world.get(&format!("/v1/events?limit=100&after={behind}")).await;
        let page = page["events"].as_array().unwrap();
        if page.is_empty() {
            break;
        }
        events.extend(page.iter().cloned());
    }
    let of = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
    assert_eq!((of("campaign.started"), of("campaign.completed"), of("call.completed") > 0), (1, 1, true));
    let heard = world.openai.connections();
    let said = heard.iter().flat_map(|one| one.received_of("session.update"));
    assert!(
        said.map(|update| update.value.to_string()).any(|text| text.contains("the service of your bicycle"))
    );
}

/// Trap 1, trap 2: many workers at one campaign, of which each believes that it is alone.
async fn twenty_workers_at_one_campaign_ring_each_number_once() {
    let world = world().await;
    for n in 200..212 {
        world.twilio.set_callee(number(n), does_not(CallStatus::NoAnswer));
    }
    let id = started(&world, "twenty", &file(200..212), wanted(&world)).await;
    when(&world, &id, "running").await;
    let business = world.business.business.id.to_string();
    let job = json!({ "job": "work", "business": business, "campaign": id });
    let workers = join_all((0..5).map(|_| QueueSandbox::start(&world, "campaign-step", &[]))).await;
    let done = world
        .until(|| async {
            // The right to be at it lapses; not while a call is being dialled, which would be minutes old in a moment.
            let (_, campaign) = world.get(&format!("{CAMPAIGNS}/{id}")).await;
            if campaign["progress"]["entries"]["dialling"].is_null() {
                world.time_passes(Duration::from_secs(100));
            }
            let jobs = (0..20).map(|n| workers[n % 5].does(&job, 1));
            assert!(join_all(jobs).await.into_iter().all(|done| done));
            let (_, campaign) = world.get(&format!("{CAMPAIGNS}/{id}")).await;
            (campaign["state"] == "completed").then_some(campaign)
        })
        .await;
    let all = entries(&world, &id).await;
    adds_up(&done, &all);
    assert_eq!(rung(&world), (200..212).map(|n| (number(n), 1)).collect(), "{all:#?}");
}

/// A campaign that is stopped begins no call any more; the call that runs goes on, and the others are closed with a reason.
async fn a_campaign_that_is_stopped_begins_no_call_more() {
    let world = world().await;
    for n in 300..306 {
        world.twilio.set_callee(number(n), Callee { rings: Duration::from_secs(3), ..speaks() });
    }
    let id = started(&world, "stopped", &file(300..306), wanted(&world)).await;
    let first = world.twilio.nth_call(0).await.unwrap();
    let (status, stopping) = step(&world, &id, "stop").await;
    assert_eq!((status, &stopping["state"]), (202, &json!("stopping")), "{stopping}");
    first.finished().await;
    let stopped = when(&world, &id, "stopped").await;
    let all = entries(&world, &id).await;
    adds_up(&stopped, &all);
    assert_eq!(dials(&world), 1, "one at a time in the first minute");
    assert_eq!(all.iter().filter(|entry| entry.2 == "stopped").count(), 5, "{all:#?}");
    assert_eq!(all.iter().filter(|entry| entry.2 == "human").count(), 1, "{all:#?}");
    assert_eq!(step(&world, &id, "stop").await.0, 202, "again");
    let (status, refused) = step(&world, &id, "resume").await;
    assert_eq!((status, &refused["code"]), (409, &json!("state")), "{refused}");
}

/// Paused, no call begins; resumed, the rest are called, and none of them twice.
async fn a_campaign_that_is_paused_goes_on_where_it_was() {
    let world = world().await;
    for n in 400..403 {
        world.twilio.set_callee(number(n), does_not(CallStatus::NoAnswer));
    }
    let id = started(&world, "paused", &file(400..403), wanted(&world)).await;
    world.twilio.nth_call(0).await.unwrap();
    let (status, paused) = step(&world, &id, "pause").await;
    assert_eq!((status, &paused["pause"]["code"]), (202, &json!("requested")), "{paused}");
    world
        .until(|| async {
            let (_, campaign) = world.get(&format!("{CAMPAIGNS}/{id}")).await;
            campaign["progress"]["entries"]["dialling"].is_null().then_some(())
        })
        .await;
    let begun = dials(&world);
    let version = "\"v1\"";
    let resume = format!("{CAMPAIGNS}/{id}/resume");
    let stale = ask(&world, Method::POST, &resume, ("if-match", version), &json!(null)).await;
    assert_eq!(stale.0, 412, "it was seen long ago");
    let business = world.business.business.id.to_string();
    let worker = QueueSandbox::start(&world, "campaign-step", &[]).await;
    world.time_passes(A_CLAIM_LAPSES);
    assert!(worker.does(&json!({ "job": "work", "business": business, "campaign": id }), 1).await);
    assert_eq!(dials(&world), begun);
    assert_eq!(step(&world, &id, "resume").await.0, 202);
    let done = completed(&world, &id).await;
    adds_up(&done, &entries(&world, &id).await);
    assert_eq!(rung(&world), (400..403).map(|n| (number(n), 1)).collect());
}

/// A number that was put on the list after the check is not called, and neither is one whose row the check left out.
async fn who_asked_not_to_be_called_is_skipped() {
    let world = world().await;
    for n in 500..503 {
        world.twilio.set_callee(number(n), does_not(CallStatus::NoAnswer));
    }
    let list = async |n: usize| {
        let path = format!("/v1/do-not-call/{}", number(n).replace('+', "%2B"));
        assert_eq!(ask(&world, Method::PUT, &path, ("x", "y"), &json!({})).await.0, 200);
    };
    list(500).await;
    let rows = format!(
        "{}4.36641E+11,Eve,car,\n{},Eve,car,\n+81312345678,Eve,car,\n{},Ada,,\n",
        file(500..503),
        number(501),
        number(504)
    );
    let (id, ready) = checked(&world, "listed", &rows, wanted(&world)).await;
    assert_eq!(ready["report"]["valid"], 2, "{ready:#}");
    let (_, said) = world.get(&format!("{CAMPAIGNS}/{id}/problems")).await;
    let codes: Vec<(u64, &str)> = said["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["line"].as_u64().unwrap(), one["code"].as_str().unwrap()))
        .collect();
    let expected = [(2, "do_not_call"), (5, "scientific"), (6, "repeated"), (7, "country"), (8, "empty")];
    assert_eq!(codes, expected, "{said:#}");
    list(501).await;
    assert_eq!(step(&world, &id, "start").await.0, 202);
    let done = when(&world, &id, "completed").await;
    let all = entries(&world, &id).await;
    adds_up(&done, &all);
    assert_eq!(all.iter().map(|entry| entry.2.as_str()).collect::<Vec<_>>(), ["do_not_call", "no_answer"]);
    assert_eq!(rung(&world), [(number(502), 1)].into());
}

/// A number in two campaigns and a single call: four hours lie between what campaigns do and every call before.
async fn a_number_of_two_campaigns_is_called_with_hours_between() {
    let world = world().await;
    world.twilio.set_callee(CALLEE, does_not(CallStatus::NoAnswer));
    assert_eq!(place(&world, "single", &order(&world)).await.status, 201);
    let rows = format!("phone,thing,time_zone\n{CALLEE},car,America/New_York\n");
    let one = started(&world, "one", &rows, wanted(&world)).await;
    let waits = async |id: &str| {
        let path = format!("{CAMPAIGNS}/{id}/entries");
        world
            .until(|| async {
                let (_, page) = world.get(&path).await;
                (page["entries"][0]["waiting_for"] == "cooling_down").then_some(())
            })
            .await;
    };
    waits(&one).await;
    assert_eq!(dials(&world), 1);
    world.time_passes(Duration::from_secs(4 * 3_600 + 10));
    assert_eq!(step(&world, &one, "resume").await.0, 202, "a worker looks");
    when(&world, &one, "completed").await;
    assert_eq!(dials(&world), 2);
    let two = started(&world, "two", &rows, wanted(&world)).await;
    waits(&two).await;
    assert_eq!(dials(&world), 2);
}

/// Twilio's answer to an order is lost: it is found out what became of it, and no person is called twice for it.
async fn an_order_of_a_campaign_whose_answer_is_lost_is_found() {
    let world = world().await;
    world.twilio.set_callee(number(600), does_not(CallStatus::NoAnswer));
    world.twilio.fail_next_request(RestFault {
        status: 500,
        code: 20_500,
        retry_after_s: None,
        carried_out: false,
    });
    let id = started(&world, "lost", &file([600]), wanted(&world)).await;
    world.until(|| async { (dials(&world) == 1).then_some(()) }).await;
    // Once: a second time would make the order that follows old while it is dialled.
    world.time_passes(A_CLAIM_LAPSES);
    world
        .until(|| async {
            step(&world, &id, "resume").await;
            let (_, campaign) = world.get(&format!("{CAMPAIGNS}/{id}")).await;
            let dialling = &campaign["progress"]["entries"]["dialling"];
            (dials(&world) == 2 || dialling.is_null()).then_some(())
        })
        .await;
    let done = completed(&world, &id).await;
    adds_up(&done, &entries(&world, &id).await);
    assert_eq!((dials(&world), world.twilio.calls().len()), (2, 1), "asked twice, dialled once");
}

acceptance::tests![
    a_campaign_of_ten_runs_to_its_end,
    twenty_workers_at_one_campaign_ring_each_number_once,
    a_campaign_that_is_stopped_begins_no_call_more,
    a_campaign_that_is_paused_goes_on_where_it_was,
    who_asked_not_to_be_called_is_skipped,
    a_number_of_two_campaigns_is_called_with_hours_between,
    an_order_of_a_campaign_whose_answer_is_lost_is_found,
];
