//! What the bridge asks of DynamoDB and of the ECS agent is what its task's role may do: no more, and no less.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acceptance::actions::post;
use acceptance::aws_proxy::{Access, AwsProxy, rows};
use acceptance::outbound::{CALLEE, order, place};
use acceptance::{World, WorldConfig};
use axum::Router;
use axum::extract::State;
use axum::routing::put;
use bridge::LiveEvents;
use domain::tools::HttpTool;
use functions::businesses::provision::NewBusiness;
use serde_json::json;
use serde_yaml_ng::Value;
use simulator::audio::speech;
use simulator::openai::{OpenAiConfig, Reply, Script, Step};
use simulator::twilio::{Callee, CallerScript, CallerStep, EndedBy};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::appointments::offer;

/// A turn with so long an argument in each of its calls does not fit into one item of the table.
const LONG: usize = 15_000;
const CALLS: usize = 6;
const TASK: &str = "task";

/// The actions of the task's role, on tables and on the task itself.
fn allowed() -> BTreeSet<Access> {
    let template: Value = serde_yaml_ng::from_str(&super::structure::read("infra/bridge.yaml")).unwrap();
    let policies = &template["Resources"]["TaskRole"]["Properties"]["Policies"];
    let documents =
        policies.as_sequence().unwrap().iter().map(|policy| &policy["PolicyDocument"]["Statement"]);
    let mut allowed = BTreeSet::new();
    for statement in documents.flat_map(|statements| statements.as_sequence().unwrap()) {
        for resource in super::structure::strings(&statement["Resource"]) {
            // `TurnsTableArn` is the nested stack's parameter for the table's ARN.
            let resource = match resource.strip_suffix("Arn") {
                Some(table) => table.to_owned(),
                None if resource.contains(":task/${Cluster}/") => TASK.to_owned(),
                None => resource,
            };
            let resources = match super::ownership::leading_keys(statement) {
                Some(keys) => keys.iter().map(|keys| rows(&resource, keys)).collect(),
                None => vec![resource],
            };
            for action in super::structure::strings(&statement["Action"]) {
                allowed.extend(resources.iter().map(|resource| (action.clone(), resource.clone())));
            }
        }
    }
    allowed
}

/// What the ECS agent needs of the task's role for its endpoint (Amazon ECS Developer Guide, "Task scale-in protection
/// endpoint"): it asks ECS in the task's name.
#[derive(Clone, Default)]
struct Agent(Arc<Mutex<BTreeSet<Access>>>);

impl Agent {
    async fn start(&self) -> String {
        let protect = async |State(agent): State<Self>| {
            let actions = ["ecs:GetTaskProtection", "ecs:UpdateTaskProtection"];
            agent.0.lock().unwrap().extend(actions.map(|action| (action.to_owned(), TASK.to_owned())));
            "{}"
        };
        let router =
            Router::new().route("/task/task-protection/v1/state", put(protect)).with_state(self.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/task", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }
}

fn with_a_tool(new: &mut NewBusiness) {
    new.settings.tools.appointments = true;
    new.settings.tools.send_message = true;
    new.settings.tools.http = vec![HttpTool {
        name: "book".into(),
        description: "Books a service.".into(),
        parameters: r#"{"type":"object","properties":{"day":{"type":"string"}}}"#.into(),
        // Nothing listens there: that the tool did nothing is recorded as well.
        url: "http://127.0.0.1:1/book".into(),
        timeout: Duration::from_secs(2),
        once: true,
    }];
}

/// Books in very many words, takes a message, makes and moves an appointment, sends the way, records that the person wants no more
/// calls, and hangs up.
fn model() -> OpenAiConfig {
    let goodbye = Reply::call("record_do_not_call", "{}");
    let way = Reply::call("send_message", json!({ "text": "https://harbour.example/way" })).then(goodbye);
    let list = Reply::call("my_appointments", "{}").then(way);
    let to = json!({
        "appointment": "{{book_appointment/appointment}}", "slot": "{{find_slots/slots/2/slot}}",
    });
    let moved = Reply::call("reschedule_appointment", to).then(list);
    let slot = json!({ "slot": "{{find_slots/slots/1/slot}}", "name": "Maria" });
    let booked = Reply::call("book_appointment", slot).then(moved);
    let found = Reply::call("find_slots", "{}").then(booked);
    let message = Reply::call("take_message", json!({ "message": "The wheel is bent." })).then(found);
    let day = |call: usize| json!({ "day": call.to_string().repeat(LONG) });
    let book = (1..CALLS).fold(Reply::call("book", day(0)), |reply, call| reply.and_call("book", day(call)));
    let steps = vec![Step::clip(&speech::CALLER_SERVICE, book.then(message))];
    OpenAiConfig {
        script: Script::new(Reply::say(&speech::AGENT_GREETING), steps),
        ..OpenAiConfig::default()
    }
}

/// Asks once and waits until the agent hangs up.
fn callee() -> Callee {
    let question =
        CallerStep::Say { mulaw: speech::CALLER_SERVICE.mulaw().to_vec(), label: "a question".into() };
    let greeting = CallerStep::WaitForAgent { quiet_ms: 700, max_ms: 15_000 };
    Callee::answers(CallerScript::new(vec![greeting, question, CallerStep::Pause { ms: 120_000 }]))
}

/// Fault 25. One call that we place, so that the verdict of machine detection is looked for as well.
async fn the_role_of_the_bridge_fits() {
    let media = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream_url = format!("ws://{}/twilio/stream", media.local_addr().unwrap());
    let world = World::with(WorldConfig {
        openai: model(),
        business: with_a_tool,
        stream_url: Some(stream_url.parse().unwrap()),
        ..WorldConfig::default()
    })
    .await;
    let (proxy, agent) = (AwsProxy::of(&world).await, Agent::default());
    let mut env = world.env(world.system.environment.clone());
    env.vars.0.extend(proxy.everywhere().map(|(name, value)| (name.to_owned(), value.to_owned())));
    env.vars.0.insert("ECS_AGENT_URI".to_owned(), agent.start().await);
    let bridge = bridge::app::load(&env, LiveEvents::default()).await.unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(bridge.run(media, stop.clone()));

    offer(&world).await;
    world.twilio.set_callee(CALLEE, callee());
    let placed = place(&world, "order", &order(&world)).await;
    assert_eq!(placed.status, 201, "{placed:?}");
    let call = world.twilio.nth_call(0).await.unwrap();
    // What a business asks of the call meanwhile is taken by the bridge that carries it.
    world.record_when(call.sid(), |record| record.status == "in-progress").await;
    let note = json!({ "action": "note_to_agent", "text": "The wheel is bent." });
    assert_eq!(post(&world, (call.sid(), "actions"), "note", &note).await.0, 202);
    let outcome = call.finished().await;
    assert_eq!(outcome.ended_by, EndedBy::Rest, "the agent hung up");
    stop.cancel();
    running.await.unwrap();

    let record = world.record(&outcome.call_sid).await;
    assert_eq!(record.messages.len(), 1, "the call was carried by this bridge");
    let used: BTreeSet<Access> = proxy.seen().union(&agent.0.lock().unwrap()).cloned().collect();
    let allowed = allowed();
    let refused: Vec<_> = used.difference(&allowed).collect();
    assert!(refused.is_empty(), "the bridge would be refused: {refused:?}");
    assert!(proxy.stale_reads().is_empty(), "the bridge may read what is past: {:?}", proxy.stale_reads());
    let idle: Vec<_> = allowed.difference(&used).collect();
    assert!(idle.is_empty(), "the bridge may do what it never does: {idle:?}");
}

acceptance::tests![the_role_of_the_bridge_fits];
