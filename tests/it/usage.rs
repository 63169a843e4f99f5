//! What a business used in a month is summed once per call, and its caps refuse calls politely.

use acceptance::ended_calls::{EndedCalls, job};
use acceptance::sandbox::HttpSandbox;
use acceptance::webhook::{Webhook, call_sid};
use acceptance::{World, WorldConfig};
use domain::Speaker::{Agent, Caller};
use domain::usage::{Caps, Month, UsageFigures};
use futures_util::future::join_all;
use serde_json::json;

const SAID: [(domain::Speaker, &str); 2] = [(Agent, "Hello."), (Caller, "Half past ten is perfect.")];

pub(crate) async fn world() -> World {
    World::with(WorldConfig {
        business: |new| {
            new.settings.policies.record_calls = false;
            new.business.max_concurrent_calls = 100;
        },
        ..WorldConfig::default()
    })
    .await
}

/// The sum of this month.
async fn sum(world: &World) -> UsageFigures {
    let table = world.system.name("UsageTable").unwrap();
    let reader = stores::usage::Reader::new(&world.system.aws, table);
    let business = &world.business.business;
    reader.month(&business.id, Month::of(world.now(), &business.zone())).await.unwrap().figures
}

/// The business's profile with these caps.
async fn cap(world: &World, caps: Caps) {
    let mut new = world.business.clone();
    new.business.caps = caps;
    world.provision(&new).await;
}

/// Fault 1, of the last stage's jobs: repeated and at once, they add each call once.
async fn fifty_calls_are_summed_once_however_often_their_jobs_come() {
    let world = world().await;
    let calls = EndedCalls::of(&world).await;
    let mut sids = vec![];
    for n in 1..=50 {
        let said = if n % 10 == 0 { &SAID[..] } else { &[] };
        sids.push(calls.call(n, said).await);
    }
    let workers = [calls.insights(&[]).await, calls.insights(&[]).await];
    for batch in sids.chunks(10) {
        let copies = batch.iter().flat_map(|sid| workers.iter().map(move |worker| (worker, job(sid))));
        join_all(copies.map(async |(worker, job)| worker.does(&job, 1).await)).await;
    }
    world.leases_lapse();
    for sid in &sids {
        assert!(workers[0].does(&job(sid), 2).await, "{sid}");
    }
    let mut cost = 0;
    for sid in &sids {
        cost += calls.record(sid).await.cost().usd_micros;
    }
    let sum = sum(&world).await;
    assert_eq!((sum.calls.inbound, sum.calls.total(), sum.refused), (50, 50, 0));
    assert_eq!((sum.talk_ms.inbound, sum.minutes()), (50 * 7_000, 6));
    assert_eq!(sum.micros(), cost, "{sum:?}");
    assert!(sum.model_micros > 0, "some were summed up by a model");
}

/// A later summary adds what it cost, and not the call again.
async fn a_call_that_is_summed_up_again_adds_what_that_cost() {
    let world = world().await;
    let calls = EndedCalls::of(&world).await;
    let sid = calls.call(1, &SAID).await;
    let insights = calls.insights(&[]).await;
    assert!(insights.does(&job(&sid), 1).await);
    let first = sum(&world).await;
    for _ in 0..2 {
        assert!(insights.does(&json!({ "call": sid, "again": "run 1" }), 1).await);
    }
    let (sum, record) = (sum(&world).await, calls.record(&sid).await);
    assert_eq!(record.run(), 2);
    assert_eq!((sum.calls, sum.talk_ms), (first.calls, first.talk_ms));
    assert!(sum.model_micros > first.model_micros);
    assert_eq!((sum.micros(), sum.carrier_micros), (record.cost().usd_micros, first.carrier_micros));
}

/// The business reads the sum and its caps.
async fn a_business_reads_what_it_used() {
    let world = world().await;
    cap(&world, Caps { minutes: Some(10), micros: Some(1) }).await;
    let calls = EndedCalls::of(&world).await;
    let sid = calls.call(1, &SAID).await;
    assert!(calls.insights(&[]).await.does(&job(&sid), 1).await);
    let (status, told) = world.get("/v1/usage").await;
    let cost = calls.record(&sid).await.cost().usd_micros;
    let calls = json!({ "inbound": 1, "outbound": 0, "test": 0, "unknown": 0 });
    assert_eq!((status, &told["calls"]), (200, &calls));
    assert_eq!((&told["minutes"], &told["talk_s"]["inbound"]), (&json!(1), &json!(7)));
    assert_eq!(told["cost"]["usd_micros"], json!(cost), "{told:#}");
    let money = json!({ "meter": "money", "used": cost, "cap": 1, "level": "reached" });
    let minutes = json!({ "meter": "minutes", "used": 1, "cap": 10, "level": "within" });
    assert_eq!(told["caps"], json!([minutes, money]));
    let month = told["month"].as_str().unwrap();
    assert_eq!(world.get(&format!("/v1/usage?month={month}")).await.1, told);
    let (status, before) = world.get("/v1/usage?month=2020-01").await;
    assert_eq!((status, &before["minutes"]), (200, &json!(0)));
}

/// What happened to a call is in the figures of its day, once, whatever work is done for it again.
async fn what_happened_to_a_call_is_in_the_figures_of_its_day() {
    let world = World::start().await;
    let empty = world.get("/v1/statistics").await.1;
    assert_eq!((&empty["days"], &empty["turn_latency"]), (&json!([]), &json!(null)));
    let outcome = world.call(local::demo::story::caller()).await;
    let record = world.complete_record(&outcome.call_sid).await;
    world.works_everything_off(&["TranscriptsQueue", "InsightsQueue"]).await;
    let told = world.get("/v1/statistics").await.1;
    let day = &told["days"][0];
    assert_eq!((&day["answered"], &day["missed"]), (&json!(1), &json!(0)), "{told:#}");
    assert_eq!(day["talk_s"].as_u64(), record.duration_s);
    assert_eq!(day["day"], told["to"], "by the business's clocks");
    let hours = told["hours"].as_array().unwrap();
    let answered: u64 = hours.iter().map(|hour| hour["answered"].as_u64().unwrap()).sum();
    assert_eq!((hours.len(), answered), (24, 1));
    let latencies = record.turns.iter().filter(|turn| turn.latency_ms.is_some()).count();
    assert_eq!(told["turn_latency"]["count"], json!(latencies));
    assert_eq!(told["greeting"]["count"], json!(1));
    assert!(told["turn_latency"]["p50_ms"].as_u64() <= told["turn_latency"]["p99_ms"].as_u64());
    assert_eq!(told["ends"], json!([{ "end": record.session.unwrap().end_reason, "calls": 1 }]));

    let calls = EndedCalls::of(&world).await;
    assert!(calls.insights(&[]).await.does(&job(&outcome.call_sid), 1).await);
    assert_eq!(world.get("/v1/statistics").await.1, told);
}

/// The recording of a call is counted with its bytes, once when it is stored and once when it is deleted.
async fn a_recording_is_counted_while_it_is_stored() {
    let world = World::start().await;
    let outcome = world.call(local::demo::story::caller()).await;
    let record = world.complete_record(&outcome.call_sid).await;
    let bytes = record.recording().bytes.unwrap();
    world.works_everything_off(&["TranscriptsQueue", "InsightsQueue"]).await;
    assert_eq!(sum(&world).await.stored_bytes, bytes);
    let calls = EndedCalls::of(&world).await;
    assert!(calls.insights(&[]).await.does(&job(&outcome.call_sid), 1).await);
    let again = sum(&world).await;
    assert_eq!((again.stored_bytes, again.calls.inbound), (bytes, 1));

    // Once it is deleted it is subtracted, once.
    let kept = async || world.get("/v1/usage").await.1["recordings"].clone();
    assert_eq!(kept().await, json!({ "stored_bytes": bytes, "deleted_bytes": 0, "kept_bytes": bytes }));
    let recording = world.url(&format!("/v1/calls/{}/recording", outcome.call_sid));
    for _ in 0..2 {
        let deleted = world.http.delete(recording.clone()).bearer_auth(world.identity.api_key.expose());
        assert_eq!(deleted.send().await.unwrap().status(), 204);
    }
    world.works_everything_off(&["RecordingsQueue", "InsightsQueue"]).await;
    let gone = json!({ "stored_bytes": bytes, "deleted_bytes": bytes, "kept_bytes": 0 });
    assert_eq!(kept().await, gone);
    assert!(calls.insights(&[]).await.does(&job(&outcome.call_sid), 1).await);
    assert_eq!((kept().await, sum(&world).await.calls), (gone, again.calls));
}

/// Two calls: the first one brings the month to four fifths of a cap, the second one to the cap and beyond. How much each used.
pub(crate) async fn warns_and_reaches(world: &World) -> u64 {
    let calls = EndedCalls::of(world).await;
    let insights = calls.insights(&[]).await;
    let first = calls.call(1, &SAID).await;
    assert!(insights.does(&job(&first), 1).await);
    let used = sum(world).await.micros();
    cap(world, Caps { minutes: None, micros: Some(used * 5 / 4) }).await;
    assert!(insights.does(&job(&first), 1).await);
    let second = calls.call(2, &SAID).await;
    assert!(insights.does(&job(&second), 1).await);
    used
}

/// The business is told at 80 % and at the cap, once each; then calls are refused in its own way.
async fn a_cap_warns_once_and_then_refuses_callers_politely() {
    let world = world().await;
    let calls = EndedCalls::of(&world).await;
    let insights = calls.insights(&[]).await;
    let first = calls.call(1, &SAID).await;
    assert!(insights.does(&job(&first), 1).await);
    let used = sum(&world).await.micros();
    let micros = used * 5 / 4;
    cap(&world, Caps { minutes: None, micros: Some(micros) }).await;
    let near = HttpSandbox::start(&world, "voice-inbound", &[]).await;
    let let_in = near.receives(&world, &Webhook::inbound(&world, &call_sid(20))).await.1;
    assert!(let_in.contains("<Stream"), "{let_in}");
    for _ in 0..3 {
        assert!(insights.does(&job(&first), 1).await);
    }
    let second = calls.call(2, &SAID).await;
    for _ in 0..3 {
        assert!(insights.does(&job(&second), 1).await);
    }
    let events = calls.events().await;
    let told: Vec<_> = events.iter().filter(|event| event["type"] != "call.completed").collect();
    let month = Month::of(world.now(), &world.business.business.zone());
    let links = json!({ "usage": "/v1/usage" });
    let data =
        |used: u64| json!({ "month": month, "meter": "money", "used": used, "cap": micros, "links": links });
    assert_eq!(told.len(), 2, "{told:#?}");
    told.iter().for_each(|event| super::events::fits(event));
    assert_eq!((&told[0]["type"], &told[0]["data"]), (&json!("usage.warning"), &data(used)));
    assert_eq!((&told[1]["type"], &told[1]["data"]), (&json!("usage.cap_reached"), &data(used * 2)));

    let reached = HttpSandbox::start(&world, "voice-inbound", &[]).await;
    for _ in 0..2 {
        let refused = reached.receives(&world, &Webhook::inbound(&world, &call_sid(30))).await.1;
        assert!(refused.contains("cannot take your call") && !refused.contains("<Stream"), "{refused}");
    }
    assert_eq!(world.record(&call_sid(30)).await.refusal, "cap_reached");
    // A call that was let in before goes on being answered as it was.
    let copy = reached.receives(&world, &Webhook::inbound(&world, &call_sid(20))).await.1;
    assert!(copy.contains("<Stream"), "{copy}");
}

acceptance::tests![
    fifty_calls_are_summed_once_however_often_their_jobs_come,
    a_call_that_is_summed_up_again_adds_what_that_cost,
    a_business_reads_what_it_used,
    what_happened_to_a_call_is_in_the_figures_of_its_day,
    a_recording_is_counted_while_it_is_stored,
    a_cap_warns_once_and_then_refuses_callers_politely,
];
