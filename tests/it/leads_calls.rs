//! People whose lead asks for it are called at once: each once, and only if they may be called now.

use std::time::Duration;

use acceptance::outbound::{CALLEE, dials};
use acceptance::sandbox::{HttpSandbox, QueueSandbox, ScheduleSandbox};
use acceptance::{World, WorldConfig};
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use simulator::twilio::{Callee, CallerScript, CallerStep};

use super::campaigns::at_a_time_for_calls;
use super::endpoints::ask;
use super::leads::{Answered, Source, events, source, wanted};
use super::permissions::aside;

/// A person who picks up and hangs up at once.
fn silent() -> Callee {
    Callee::answers(CallerScript::new(vec![CallerStep::Pause { ms: 200 }, CallerStep::HangUp]))
}

/// A world in which people in New York may be called, and the one who is does not talk long.
async fn calling_world() -> World {
    let world = World::with(WorldConfig {
        twilio: |twilio| twilio.dials_every = Duration::ZERO,
        ..WorldConfig::default()
    })
    .await;
    at_a_time_for_calls(&world);
    world.twilio.set_callee(CALLEE, silent());
    world
}

fn calls(world: &World) -> Value {
    json!({ "call_now": { "from": world.business.number.as_e164() } })
}

/// The lead's call, once it is in this state.
async fn call_when(world: &World, source: &Source, answered: &Answered, state: &str) -> Value {
    world
        .until(|| async {
            let lead = source.lead(world, answered).await;
            (lead["call"]["state"] == state).then(|| lead["call"].clone())
        })
        .await
}

/// Twenty copies of one request come at once, as from a sender that hears no answer.
async fn twenty_copies_are_one_contact_and_one_call() {
    let world = calling_world().await;
    let source = source(&world, "copies", calls(&world)).await;
    let body = wanted("Dana Levi");
    let answers = join_all((0..20).map(|_| source.sends(&world, &body))).await;
    let leads: Vec<&str> = answers.iter().map(|one| one.body["lead"].as_str().unwrap()).collect();
    assert!(answers.iter().all(|one| one.status == 202));
    assert!(leads.iter().all(|lead| *lead == leads[0]), "{leads:?}");
    assert_eq!(answers.iter().filter(|one| !one.replayed).count(), 1);
    let call = call_when(&world, &source, &answers[0], "placed").await;
    let sid = call["call"].as_str().unwrap();
    world
        .until(|| async {
            (world.get(&format!("/v1/calls/{sid}")).await.1["status"] == "completed").then_some(())
        })
        .await;
    let again = source.sends(&world, &body).await;
    assert!(again.replayed && again.body["call"]["state"] == "placed", "{}", again.body);
    assert_eq!(dials(&world), 1);
    assert_eq!(events(&world, "contact.created").await.len(), 1);
    let (_, shown) = world.get(&format!("/v1/calls/{sid}")).await;
    assert_eq!(shown["contact_id"], answers[0].body["contact"], "{shown:#}");
    assert_eq!(source.leads(&world).await.len(), 1);
    let (_, listed) = world.get("/v1/contacts").await;
    assert_eq!(listed["contacts"].as_array().unwrap().len(), 1);
}

/// A person who may not be called now is not called later either, and the sender and the log say why.
async fn who_may_not_be_called_now_is_not_called() {
    let world = calling_world().await;
    let source = source(&world, "calls", calls(&world)).await;
    let listed = json!({ "reason": "asked for it" });
    let number = "+12025550156";
    assert_eq!(ask(&world, Method::PUT, &format!("/v1/do-not-call/{number}"), &[], listed).await.0, 200);
    let why = |answered: &Answered| answered.body["call"]["why"].as_str().unwrap_or_default().to_owned();
    let of = |phone: &str| json!({ "phone": phone, "time_zone": "America/New_York" });
    let listed = source.sends(&world, &of(number)).await;
    assert_eq!(
        (listed.status, why(&listed)),
        (202, "do_not_call".to_owned()),
        "the lead is taken all the same"
    );
    assert_eq!(why(&source.sends(&world, &json!({ "email": "dana@example.org" })).await), "no_number");
    assert_eq!(why(&source.sends(&world, &of("+819012345678")).await), "no_rule", "no law is known there");
    world.time_passes(Duration::from_secs(14 * 3_600));
    let late = source.sends(&world, &of("+12025550157")).await;
    assert_eq!(why(&late), "hours", "{}", late.body);
    assert!(late.body["call"]["detail"].as_str().unwrap().contains("hours"));
    assert_eq!(source.lead(&world, &late).await["call"]["why"], "hours");
    world.time_passes(Duration::from_secs(10 * 3_600));
    let sweep = ScheduleSandbox::start(&world, "lead-sweep", &[]).await;
    assert!(sweep.ticks(world.now()).await);
    assert_eq!(dials(&world), 0);
}

/// A person who asks not to be called between the form and the call is not called: the worker looks again.
async fn a_wish_that_comes_before_the_call_is_kept() {
    let world = calling_world().await;
    let queue = aside(&world, "LeadsQueue").await;
    let door = HttpSandbox::start(&world, "leads", &[("QUEUE_LEADS", &queue)]).await;
    let source = source(&world, "wish", calls(&world)).await;
    let body = wanted("Dana Levi");
    let headers = [("x-webhook-secret", source.secret.as_str())];
    let taken = door.asked(&world, (Method::POST, &source.url), &headers, &body).await;
    assert_eq!(taken["call"]["state"], "ordered", "{taken}");
    let number = format!("/v1/do-not-call/{CALLEE}");
    assert_eq!(ask(&world, Method::PUT, &number, &[], json!({})).await.0, 200);
    // The job is lost with its queue: the sweep finds it.
    world.time_passes(Duration::from_secs(60));
    let sweep = ScheduleSandbox::start(&world, "lead-sweep", &[]).await;
    assert!(sweep.ticks(world.now()).await);
    let answered = Answered { status: 202, body: taken, replayed: false };
    let call = call_when(&world, &source, &answered, "not_called").await;
    assert_eq!((&call["why"], dials(&world)), (&json!("do_not_call"), 0));
}

/// Five workers have the same job, whose lead's time is over or not: one call, or none for good.
async fn a_job_that_comes_many_times_calls_once() {
    let world = calling_world().await;
    let queue = aside(&world, "LeadsQueue").await;
    let door = HttpSandbox::start(&world, "leads", &[("QUEUE_LEADS", &queue)]).await;
    let source = source(&world, "many", calls(&world)).await;
    let headers = [("x-webhook-secret", source.secret.as_str())];
    let workers = join_all((0..5).map(|_| QueueSandbox::start(&world, "lead-calls", &[]))).await;
    let business = world.business.business.id.to_string();
    let id = source.path.rsplit('/').next().unwrap();
    let job =
        |taken: &Value| json!({ "job": "call", "business": business, "source": id, "lead": taken["lead"] });
    let taken = door.asked(&world, (Method::POST, &source.url), &headers, &wanted("Dana Levi")).await;
    let first = job(&taken);
    join_all(workers.iter().map(|worker| worker.does(&first, 1))).await;
    let answered = Answered { status: 202, body: taken, replayed: false };
    world
        .until(|| async {
            workers[0].does(&first, 2).await;
            (source.lead(&world, &answered).await["call"]["state"] == "placed").then_some(())
        })
        .await;
    assert_eq!(dials(&world), 1);
    // Too late: the person is not called, now or later.
    let late = json!({ "phone": "+12025550158", "time_zone": "America/New_York" });
    let taken = door.asked(&world, (Method::POST, &source.url), &headers, &late).await;
    world.time_passes(Duration::from_secs(11 * 60));
    let second = job(&taken);
    let answered = Answered { status: 202, body: taken, replayed: false };
    let lead = world
        .until(|| async {
            join_all(workers.iter().map(|worker| worker.does(&second, 1))).await;
            let lead = source.lead(&world, &answered).await;
            (lead["call"]["state"] == "not_called").then_some(lead)
        })
        .await;
    assert_eq!(lead["call"]["why"], "late");
    assert_eq!(dials(&world), 1);
}

acceptance::tests![
    twenty_copies_are_one_contact_and_one_call,
    who_may_not_be_called_now_is_not_called,
    a_wish_that_comes_before_the_call_is_kept,
    a_job_that_comes_many_times_calls_once,
];
