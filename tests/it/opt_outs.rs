//! People who are called and want no more calls: the agent records it, says goodbye and hangs up, and no campaign calls them.

use std::sync::Arc;
use std::time::Duration;

use acceptance::aws_proxy::{AwsProxy, Manner};
use acceptance::outbound::{CALLEE, dials, order, place};
use acceptance::webhook::{Webhook, call_sid};
use acceptance::{World, WorldConfig};
use bridge::LiveEvents;
use domain::tools::RECORD_DO_NOT_CALL;
use domain::turn::ToolCall;
use domain::{CallSid, DialId, Speaker, Turn, testing};
use http::Method;
use serde_json::{Value, json};
use simulator::audio::speech;
use simulator::openai::{OpenAiConfig, Reply, Script, Step};
use simulator::twilio::{CallOutcome, Callee, CallerScript, CallerStep, EndedBy, RestFault};
use stores::turns;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::campaigns::{at_a_time_for_calls, checked, completed, entries, file, number, step, wanted, when};
use super::contacts::ask;

const WISH: &str = "Please do not call me again.";

/// A model that understands what the person wants, and never calls `end_call`.
fn understands() -> OpenAiConfig {
    let reply = Reply::call(RECORD_DO_NOT_CALL, json!({ "reason": "wants no calls" }));
    OpenAiConfig {
        script: Script::new(Reply::say(&speech::AGENT_GREETING), vec![Step::text(WISH, reply)]),
        ..OpenAiConfig::default()
    }
}

/// Says what they want and then, whatever comes, does not hang up.
fn person() -> Callee {
    let says = CallerStep::Say { mulaw: speech::CALLER_SERVICE.mulaw().to_vec(), label: "a wish".into() };
    let listens = CallerStep::WaitForAgent { quiet_ms: 700, max_ms: 15_000 };
    Callee::answers(CallerScript::new(vec![listens, says, CallerStep::Pause { ms: 120_000 }]))
}

/// Says what they want and hangs up before the agent has said a word of it.
fn hangs_up() -> Callee {
    let says = CallerStep::Say { mulaw: speech::CALLER_SERVICE.mulaw().to_vec(), label: "a wish".into() };
    let listens = CallerStep::WaitForAgent { quiet_ms: 700, max_ms: 15_000 };
    let hears = CallerStep::BargeIn { after_agent_ms: 200 };
    Callee::answers(CallerScript::new(vec![listens, says, hears, CallerStep::HangUp]))
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

fn path(number: &str) -> String {
    format!("/v1/do-not-call/{}", number.replace('+', "%2B"))
}

/// The number's entry of the list, once there is one.
async fn listed(world: &World, number: &str) -> Value {
    let path = path(number);
    world
        .until(|| async {
            let (status, entry) = world.get(&path).await;
            (status == 200).then_some(entry)
        })
        .await
}

/// How often the model was told this, in an answer of a tool.
fn told(world: &World, what: &str) -> usize {
    let heard = world.openai.connections();
    let items = heard.iter().flat_map(|one| one.received_of("conversation.item.create"));
    items.filter(|item| item.value["item"]["output"].as_str().is_some_and(|told| told.contains(what))).count()
}

/// The agent hangs up by itself, the number is on the list with the call, and the person's entry in another campaign, which was
/// checked before, is skipped when it is looked at next.
async fn a_person_who_wants_no_more_calls_gets_none() {
    let world = world().await;
    world.twilio.set_callee(number(700), person());
    let (first, _) = checked(&world, "first", &file([700]), wanted(&world)).await;
    let (second, ready) = checked(&world, "second", &file([700]), wanted(&world)).await;
    assert_eq!(ready["report"]["valid"], 1, "{ready:#}");
    assert_eq!(step(&world, &first, "start").await.0, 202);
    let outcome = world.twilio.nth_call(0).await.unwrap().finished().await;
    assert_eq!(outcome.ended_by, EndedBy::Rest, "the agent hung up");
    let record = world.record_when(&outcome.call_sid, |record| record.session.is_some()).await;
    assert_eq!(record.end_reason(), "opted_out");
    assert_eq!(told(&world, "it is recorded that"), 1);
    let entry = listed(&world, &number(700)).await;
    assert_eq!(
        (&entry["source"], &entry["call"], &entry["reason"]),
        (&json!("call"), &json!(outcome.call_sid), &json!("wants no calls")),
        "{entry:#}"
    );
    let (_, list) = world.get("/v1/do-not-call").await;
    assert_eq!(list["numbers"], json!([entry]));

    let done = completed(&world, &first).await;
    let all = entries(&world, &first).await;
    assert_eq!((all[0].1.as_str(), all[0].2.as_str(), all[0].3), ("done", "opted_out", 1), "{all:?}");
    assert_eq!(
        (&done["progress"]["answer_rate"], &done["progress"]["done"]["opted_out"]),
        (&json!(100), &json!(1))
    );
    assert_eq!(step(&world, &second, "start").await.0, 202);
    when(&world, &second, "completed").await;
    let all = entries(&world, &second).await;
    assert_eq!((all[0].1.as_str(), all[0].2.as_str(), all[0].3), ("skipped", "do_not_call", 0), "{all:?}");
    assert_eq!(dials(&world), 1);
}

/// A person who hangs up first has said so all the same.
async fn a_person_who_says_so_and_hangs_up_is_not_called_again() {
    let world = world().await;
    world.twilio.set_callee(number(701), hangs_up());
    let (id, _) = checked(&world, "one", &file([701]), wanted(&world)).await;
    assert_eq!(step(&world, &id, "start").await.0, 202);
    let outcome = world.twilio.nth_call(0).await.unwrap().finished().await;
    assert_eq!(listed(&world, &number(701)).await["call"], json!(outcome.call_sid));
    completed(&world, &id).await;
    let all = entries(&world, &id).await;
    assert_eq!((all[0].1.as_str(), all[0].2.as_str()), ("done", "opted_out"), "{all:?}");
    let mut again = order(&world);
    again["to"] = json!(number(701));
    let refused = place(&world, "again", &again).await;
    assert_eq!((refused.status, &refused.body["code"]), (422, &json!("do_not_call")));
}

/// A single call through a bridge of its own, whose list is as `manner` says.
async fn called_while(manner: Manner) -> (World, Arc<CallOutcome>) {
    let media = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream_url = format!("ws://{}/twilio/stream", media.local_addr().unwrap());
    let world = World::with(WorldConfig {
        openai: understands(),
        stream_url: Some(stream_url.parse().unwrap()),
        ..WorldConfig::default()
    })
    .await;
    let proxy = AwsProxy::of(&world).await;
    let mut env = world.env(world.system.environment.clone());
    env.vars.0.extend(proxy.everywhere().map(|(name, value)| (name.to_owned(), value.to_owned())));
    let bridge = bridge::app::load(&env, LiveEvents::default()).await.unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(bridge.run(media, stop.clone()));
    proxy.set(manner);
    world.twilio.set_callee(CALLEE, person());
    assert_eq!(place(&world, "order", &order(&world)).await.status, 201);
    let outcome = world.twilio.nth_call(0).await.unwrap().finished().await;
    stop.cancel();
    running.await.unwrap();
    (world, outcome)
}

/// Fault 73. The list refuses during the call: the agent is told to promise nothing, and what follows the call records it. Once the
/// business has taken the number off, no look at the call puts it there again.
async fn a_wish_that_the_call_could_not_record_is_recorded_behind_it_once() {
    let (world, outcome) = Box::pin(called_while(Manner::ThrottlesKey("business#"))).await;
    let sid = &outcome.call_sid;
    assert_eq!(outcome.ended_by, EndedBy::Rest, "the agent hung up all the same");
    assert_eq!((told(&world, "not_recorded"), told(&world, "it is recorded that")), (1, 0));
    let entry = listed(&world, CALLEE).await;
    assert_eq!(
        (&entry["source"], &entry["call"], &entry["reason"]),
        (&json!("call"), &json!(sid), &json!("wants no calls"))
    );
    let record = world.complete_record(sid).await;
    assert_eq!(record.end_reason(), "opted_out");
    let status = ask(&world, Method::DELETE, &path(CALLEE), ("x", "y"), &json!(null)).await.0;
    assert_eq!(status, 204);
    looked_at_again(&world, sid).await;
    assert_eq!(world.get(&path(CALLEE)).await.0, 404);
}

/// The transcript of a call is made again, and the call's end is told again.
async fn looked_at_again(world: &World, sid: &str) {
    assert_eq!(Webhook::status(world, sid, "completed", 3).send(world).await.0, 204);
    let stages = json!({ "stages": ["transcript", "summary"] });
    let asked = format!("/v1/calls/{sid}/reprocess");
    let (status, run) = ask(world, Method::POST, &asked, ("x", "y"), &stages).await;
    assert_eq!(status, 202, "{run}");
    let run = format!("{asked}/{}", run["run"]);
    world.until(|| async { (world.get(&run).await.1["state"] != "running").then_some(()) }).await;
}

/// A call that was placed, in which the person's wish was not recorded. No agent has carried it.
pub(crate) async fn unrecorded(world: &World) -> String {
    let sid = call_sid(0x0d);
    let fault = RestFault { status: 500, code: 20_500, retry_after_s: None, carried_out: false };
    world.twilio.fail_next_request(fault);
    assert_eq!(place(world, "unrecorded", &order(world)).await.status, 503);
    let dial = DialId::of(&world.business.business.id, "unrecorded");
    let at = format!("/twilio/voice/status?dial={dial}");
    assert_eq!(Webhook::status(world, &sid, "initiated", 0).at(&at).send(world).await.0, 204);
    let call = CallSid::parse(&sid).unwrap();
    let [table, leases] = ["TurnsTable", "LeasesTable"].map(|name| world.system.name(name).unwrap());
    let asked = ToolCall {
        call_id: "call_1".into(),
        name: RECORD_DO_NOT_CALL.into(),
        arguments: "{}".into(),
        output: None,
    };
    let turn = Turn { call, tool_calls: vec![asked], ..testing::turn(Speaker::Agent, "I see.") };
    turns::Writer::new(&world.system.aws, table, leases).put_turns(&[turn]).await.unwrap();
    sid
}

acceptance::tests![
    a_person_who_wants_no_more_calls_gets_none,
    a_person_who_says_so_and_hangs_up_is_not_called_again,
    a_wish_that_the_call_could_not_record_is_recorded_behind_it_once,
];
