//! People who are called by a campaign at a bad moment and say when to call again: they are promised a call at that time, and get it.

use std::time::Duration;

use acceptance::outbound::dials;
use acceptance::{World, WorldConfig};
use domain::tools::PROMISE_CALL_BACK;
use http::Method;
use serde_json::{Value, json};
use simulator::audio::speech;
use simulator::openai::{OpenAiConfig, Reply, Script, Step};
use simulator::twilio::{Callee, CallerScript, CallerStep};

use super::campaigns::{
    CAMPAIGNS, at_a_time_for_calls, checked, completed, entries, file, number, speaks, step, wanted, when,
};
use super::contacts::ask;

const BAD_MOMENT: &str = "Call me in an hour, please.";
const HOUR: Duration = Duration::from_secs(3_600);

/// A model that understands when the person is to be called, and says so once it is kept.
fn understands() -> OpenAiConfig {
    let reply = Reply::call(PROMISE_CALL_BACK, json!({ "in_minutes": 60 }));
    let reply = reply.then(Reply::say(&speech::AGENT_GREETING));
    OpenAiConfig {
        script: Script::new(Reply::say(&speech::AGENT_GREETING), vec![Step::text(BAD_MOMENT, reply)]),
        ..OpenAiConfig::default()
    }
}

/// Says that it is a bad moment, listens to the answer, and hangs up.
fn busy() -> Callee {
    let says =
        CallerStep::Say { mulaw: speech::CALLER_SERVICE.mulaw().to_vec(), label: "a bad moment".into() };
    let listens = || CallerStep::WaitForAgent { quiet_ms: 700, max_ms: 15_000 };
    Callee::answers(CallerScript::new(vec![listens(), says, listens(), CallerStep::HangUp]))
}

async fn world() -> World {
    let world = World::with(WorldConfig {
        openai: understands(),
        twilio: |twilio| twilio.dials_every = Duration::ZERO,
        ..WorldConfig::default()
    })
    .await;
    at_a_time_for_calls(&world);
    world
}

/// A campaign that tries people twice: in the second call nothing is promised, whatever the model asks for.
fn twice(world: &World) -> Value {
    let mut wanted = wanted(world);
    wanted["attempts"] = json!({ "total": 2, "per_day": 2, "per_week": 2 });
    wanted
}

async fn entry(world: &World, id: &str, place: usize) -> Value {
    let (status, page) = world.get(&format!("{CAMPAIGNS}/{id}/entries")).await;
    assert_eq!(status, 200, "{page}");
    page["entries"][place].clone()
}

/// The entry once its person was promised a call and the call is over.
async fn promised(world: &World, id: &str, place: usize) -> Value {
    world
        .until(|| async {
            let entry = entry(world, id, place).await;
            (entry["waiting_for"] == "call_back").then_some(entry)
        })
        .await
}

/// How often the model was told this, in an answer of a tool.
fn told(world: &World, what: &str) -> usize {
    let heard = world.openai.connections();
    let items = heard.iter().flat_map(|one| one.received_of("conversation.item.create"));
    items.filter(|item| item.value["item"]["output"].as_str().is_some_and(|told| told.contains(what))).count()
}

/// Fault 74. The person is called at the time that was promised and not before, once.
async fn a_person_who_asks_for_another_time_is_called_then() {
    let world = world().await;
    world.twilio.set_callee(number(710), busy());
    let (id, _) = checked(&world, "one", &file([710]), twice(&world)).await;
    assert_eq!(step(&world, &id, "start").await.0, 202);
    let waits = promised(&world, &id, 0).await;
    assert_eq!(told(&world, "it is kept that the person is called then"), 1);
    let first = &waits["attempts"][0];
    assert_eq!(
        (&first["outcome"], &first["call_back_at"]),
        (&json!("callback_requested"), &waits["next_at"])
    );
    world.twilio.set_callee(number(710), speaks());
    world.time_passes(HOUR - Duration::from_secs(180));
    assert_eq!(step(&world, &id, "resume").await.0, 202, "a worker looks");
    assert_eq!(entry(&world, &id, 0).await["waiting_for"], "call_back");
    assert_eq!(dials(&world), 1, "not before it");
    world.time_passes(Duration::from_secs(240));
    let done = completed(&world, &id).await;
    let all = entries(&world, &id).await;
    assert_eq!((all[0].1.as_str(), all[0].2.as_str(), all[0].3), ("done", "human", 2), "{all:?}");
    assert_eq!(
        (&done["progress"]["outcomes"], &done["progress"]["answer_rate"]),
        (&json!({ "callback_requested": 1, "human": 1 }), &json!(100))
    );
    assert_eq!(dials(&world), 2);
}

/// Who was promised a call goes before people who have waited longer, and nothing is promised in the last call that a person gets.
async fn a_call_that_was_promised_goes_before_others() {
    let world = world().await;
    world.twilio.set_callee(number(720), busy());
    let mut wanted = twice(&world);
    wanted["at_once"] = json!(1);
    let (id, _) = checked(&world, "one", &file(720..723), wanted).await;
    assert_eq!(step(&world, &id, "start").await.0, 202);
    let call = world.twilio.nth_call(0).await.unwrap();
    assert_eq!(step(&world, &id, "pause").await.0, 202);
    call.finished().await;
    promised(&world, &id, 0).await;
    world.time_passes(HOUR + Duration::from_secs(60));
    assert_eq!((dials(&world), told(&world, "it is kept that")), (1, 1));
    assert_eq!(step(&world, &id, "resume").await.0, 202);
    world.twilio.nth_call(1).await.unwrap().finished().await;
    let dialled: Vec<String> = world
        .twilio
        .requests()
        .iter()
        .filter(|asked| asked.method == "POST" && asked.path.ends_with("/Calls.json"))
        .map(|asked| asked.param("To").unwrap_or_default().to_owned())
        .collect();
    assert_eq!(dialled[..2], [number(720), number(720)], "and the others behind it");
    let done = world
        .until(|| async {
            let entry = entry(&world, &id, 0).await;
            (entry["state"] == "done").then_some(entry)
        })
        .await;
    assert_eq!(done["attempts"].as_array().unwrap().len(), 2, "{done:#}");
    assert_eq!(done["attempts"][1]["call_back_at"], json!(null), "its last call offers no tool for it");
}

/// Fault 74. A wish not to be called that comes later stands above the promise; a campaign that is stopped keeps none, and says so by a word of
/// its own.
async fn a_later_wish_and_an_end_stand_above_a_promise() {
    let world = world().await;
    for n in [730, 731] {
        world.twilio.set_callee(number(n), busy());
    }
    let (first, _) = checked(&world, "first", &file([730]), twice(&world)).await;
    let (second, _) = checked(&world, "second", &file([731]), twice(&world)).await;
    for id in [&first, &second] {
        assert_eq!(step(&world, id, "start").await.0, 202);
        promised(&world, id, 0).await;
    }
    let path = format!("/v1/do-not-call/{}", number(730).replace('+', "%2B"));
    assert_eq!(ask(&world, Method::PUT, &path, ("x", "y"), &json!({})).await.0, 200);
    assert_eq!(step(&world, &second, "stop").await.0, 202);
    when(&world, &second, "stopped").await;
    let all = entries(&world, &second).await;
    assert_eq!((all[0].1.as_str(), all[0].2.as_str()), ("skipped", "call_back_dropped"), "{all:?}");
    world.time_passes(HOUR + Duration::from_secs(60));
    completed(&world, &first).await;
    let all = entries(&world, &first).await;
    assert_eq!((all[0].1.as_str(), all[0].2.as_str()), ("skipped", "do_not_call"), "{all:?}");
    assert_eq!(dials(&world), 2);
}

acceptance::tests![
    a_person_who_asks_for_another_time_is_called_then,
    a_call_that_was_promised_goes_before_others,
    a_later_wish_and_an_end_stand_above_a_promise,
];
