//! Tools that a model calls in a real call: a transfer, a message, and a business's own.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use acceptance::{World, WorldConfig};
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::PhoneNumber;
use domain::tools::{Destination, HttpTool};
use hmac::{Hmac, KeyInit as _, Mac as _};
use providers::tool_http::ToolClient;
use serde_json::{Value, json};
use simulator::audio::speech;
use simulator::openai::{OpenAiConfig, Reply, Script, Step};
use simulator::twilio::{CallEventKind, CallerScript, CallerStep, DialOutcome, EndedBy};

fn listen() -> CallerStep {
    CallerStep::WaitForAgent { quiet_ms: 700, max_ms: 15_000 }
}

fn say(clip: &speech::Clip) -> CallerStep {
    CallerStep::Say { mulaw: clip.mulaw().to_vec(), label: "words".into() }
}

/// Asks once and says goodbye.
fn one_question() -> CallerScript {
    let steps = vec![listen(), say(&speech::CALLER_SERVICE), listen(), say(&speech::CALLER_BYE), listen()];
    CallerScript::new(steps)
}

fn goodbye() -> Step {
    Step::clip(&speech::CALLER_BYE, Reply::say(&speech::AGENT_BYE).and_call("end_call", "{}"))
}

/// A model that answers the first question with `reply`.
fn answering(reply: Reply) -> OpenAiConfig {
    let steps = vec![Step::clip(&speech::CALLER_SERVICE, reply), goodbye()];
    OpenAiConfig {
        script: Script::new(Reply::say(&speech::AGENT_GREETING), steps),
        ..OpenAiConfig::default()
    }
}

fn with_directory(new: &mut functions::businesses::provision::NewBusiness) {
    new.settings.tools.directory = vec![Destination {
        id: "workshop".into(),
        label: "the workshop".into(),
        number: PhoneNumber::parse("+12025550101").unwrap(),
    }];
}

fn dialled(events: &[simulator::twilio::CallEvent]) -> Vec<&'static str> {
    let status = |event: &simulator::twilio::CallEvent| match event.kind {
        CallEventKind::Dialled { status } => Some(status),
        _ => None,
    };
    events.iter().filter_map(status).collect()
}

async fn a_caller_who_asks_for_a_person_is_connected_after_the_words_that_say_so() {
    let reply = Reply::say(&speech::AGENT_CONFIRM).and_call("transfer_call", r#"{"to":"workshop"}"#);
    let config = WorldConfig { openai: answering(reply), business: with_directory, ..WorldConfig::default() };
    let world = World::with(config).await;
    let mut spec = world.spec(one_question());
    spec.dial = DialOutcome::Answered(Duration::from_millis(400));
    let outcome = world.twilio.call(spec).finished().await;
    assert_eq!(dialled(&outcome.events), ["completed"]);
    assert_eq!(outcome.debugger_codes(), Vec::<u32>::new());
    let record = world.record_when(&outcome.call_sid, |record| record.status == "completed").await;
    assert_eq!(record.end_reason(), "transfer");
    assert_eq!(record.session().transfer_to, "workshop");
    let last = record.turns.last().unwrap();
    assert_eq!((last.speaker.as_str(), last.state.as_str()), ("agent", "complete"), "heard out");
}

async fn a_caller_whose_transfer_fails_talks_to_the_agent_again() {
    back_with_the_agent(0).await;
}

/// The same with sockets that were kept ready: the second session is told what was on one that heard nothing of it.
async fn a_caller_whose_transfer_fails_talks_to_the_agent_again_on_a_socket_that_was_kept_ready() {
    back_with_the_agent(2).await;
}

async fn back_with_the_agent(warm: usize) {
    let reply = Reply::say(&speech::AGENT_CONFIRM).and_call("transfer_call", r#"{"to":"workshop"}"#);
    let config = WorldConfig { openai: answering(reply), business: with_directory, ..WorldConfig::default() };
    let world = World::with(config.warm(warm)).await;
    world.warmed_up(warm).await;
    let mut spec = world.spec(one_question());
    spec.dial = DialOutcome::NoAnswer(Duration::from_millis(300));
    let outcome = world.twilio.call(spec).finished().await;
    let connections = world.sessions();
    let told =
        connections.last().map(|connection| serde_json::to_string(&connection.conversation()).unwrap());
    assert_eq!(dialled(&outcome.events), ["no-answer"], "the second session knew {told:?}");
    assert_eq!(outcome.ended_by, EndedBy::Rest, "the agent went on to the goodbye");
    assert_eq!(connections.len(), 2);
    assert_eq!(world.warm_sessions(), warm);
    let kinds: Vec<String> = connections
        .iter()
        .flat_map(|connection| connection.received_of("response.create"))
        .filter_map(|create| create.value["response"]["metadata"]["kind"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "greeting").count(), 1, "{kinds:?}");
    let told = serde_json::to_string(&connections[1].conversation()).unwrap();
    assert!(told.contains("nobody answered"), "the agent knows why the caller is back");
}

async fn a_message_that_a_caller_leaves_is_in_the_record() {
    let arguments = json!({ "for": "Ms Byrne", "message": "The wheel is bent.", "callback": "this number" });
    let reply = Reply::call("take_message", arguments).then(Reply::say(&speech::AGENT_CONFIRM));
    let world = World::with(WorldConfig { openai: answering(reply), ..WorldConfig::default() }).await;
    let outcome = world.call(one_question()).await;
    let record = world.record_when(&outcome.call_sid, |record| record.status == "completed").await;
    let messages = &record.messages;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].r#for.as_deref(), Some("Ms Byrne"));
    assert_eq!(messages[0].message, "The wheel is bent.");
}

/// Where the one test's server listens: a business is changed by a plain function.
static DESK: OnceLock<String> = OnceLock::new();

/// What a business's own server got.
#[derive(Clone, Default)]
struct Desk(Arc<Mutex<Vec<(HeaderMap, String)>>>);

async fn book(State(desk): State<Desk>, headers: HeaderMap, body: String) -> Json<Value> {
    desk.0.lock().unwrap().push((headers, body));
    Json(json!({ "booked": true }))
}

async fn desk() -> (Desk, String) {
    let desk = Desk::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/book", listener.local_addr().unwrap());
    let router = Router::new().route("/book", post(book)).with_state(desk.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (desk, url)
}

/// A business adds a tool without code. It acts once, however often the model asks.
async fn a_tool_of_the_business_is_asked_once_and_can_tell_who_asks() {
    let (desk, url) = desk().await;
    let arguments = json!({ "day": "Thursday" });
    let again = Reply::call("book", &arguments).then(Reply::say(&speech::AGENT_CONFIRM));
    let reply = Reply::call("book", &arguments).and_call("book", &arguments).then(again);
    DESK.set(url).unwrap();
    let business = |new: &mut functions::businesses::provision::NewBusiness| {
        new.settings.tools.http = vec![HttpTool {
            name: "book".into(),
            description: "Books a service.".into(),
            parameters: r#"{"type":"object","properties":{"day":{"type":"string"}},"required":["day"]}"#
                .into(),
            url: DESK.get().unwrap().clone(),
            timeout: Duration::from_secs(5),
            once: true,
        }];
    };
    let world =
        World::with(WorldConfig { openai: answering(reply), business, ..WorldConfig::default() }).await;
    let outcome = world.call(one_question()).await;

    let asked = desk.0.lock().unwrap().clone();
    assert_eq!(asked.len(), 1, "one booking");
    let (headers, body) = &asked[0];
    let sent: Value = serde_json::from_str(body).unwrap();
    assert_eq!((&sent["tool"], &sent["arguments"]["day"]), (&json!("book"), &json!("Thursday")));
    assert_eq!(sent["call"], outcome.call_sid.as_str());

    let header = |name: &str| headers[name].to_str().unwrap();
    let key = domain::token::TokenKey::new(world.identity.stream_token_key.clone()).unwrap();
    let secret = ToolClient::signing_key(&key, &world.business.business.id);
    let secret = STANDARD.decode(secret.expose().strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&secret).unwrap();
    mac.update(format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp")).as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(header("webhook-signature"), expected, "as Standard Webhooks sign");

    let connection = &world.openai.connections()[0];
    let outputs: Vec<String> = connection
        .received_of("conversation.item.create")
        .iter()
        .filter_map(|create| create.value["item"]["output"].as_str().map(str::to_owned))
        .collect();
    assert!(outputs.iter().filter(|output| output.contains("booked")).count() >= 2, "{outputs:?}");
    assert_eq!(world.openai.violations(), vec![]);
}

static ODD_DESK: OnceLock<String> = OnceLock::new();

/// A desk that does what it is asked and says so in no JSON, moves away, or refuses with a reason.
async fn odd_desk() -> (Arc<Mutex<Vec<String>>>, String) {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut router = Router::new();
    for (name, status, body) in [
        ("book", StatusCode::OK, "Accepted"),
        ("order", StatusCode::FOUND, ""),
        ("move", StatusCode::CONFLICT, r#"{"reason":"taken"}"#),
    ] {
        let asked = Arc::clone(&asked);
        let act = move || async move {
            asked.lock().unwrap().push(name.to_owned());
            (status, [(LOCATION, "/elsewhere")], body)
        };
        router = router.route(&format!("/{name}"), post(act));
    }
    tokio::spawn(async move { axum::serve(listener, router).await });
    (asked, url)
}

/// Cases C11 and B09. Each acted once, though the model asks twice, and the model is told what is known.
async fn a_tool_that_answers_oddly_acts_once_and_the_model_is_told_what_is_known() {
    let (asked, url) = odd_desk().await;
    ODD_DESK.set(url).unwrap();
    let names = ["book", "order", "move"];
    let all = |reply: Reply| names.iter().fold(reply, |reply, name| reply.and_call(name, "{}"));
    let reply = all(Reply::silence()).then(all(Reply::silence()).then(Reply::say(&speech::AGENT_CONFIRM)));
    let business = |new: &mut functions::businesses::provision::NewBusiness| {
        let tool = |name: &str| HttpTool {
            name: name.into(),
            description: "Does something.".into(),
            parameters: r#"{"type":"object"}"#.into(),
            url: format!("{}/{name}", ODD_DESK.get().unwrap()),
            timeout: Duration::from_secs(20),
            once: true,
        };
        new.settings.tools.http = ["book", "order", "move"].map(tool).into();
    };
    let world =
        World::with(WorldConfig { openai: answering(reply), business, ..WorldConfig::default() }).await;
    world.call(one_question()).await;

    let mut acted = asked.lock().unwrap().clone();
    acted.sort();
    assert_eq!(acted, ["book", "move", "order"], "each once");
    let connection = &world.openai.connections()[0];
    let outputs: Vec<Value> = connection
        .received_of("conversation.item.create")
        .iter()
        .filter_map(|create| create.value["item"]["output"].as_str().map(|text| text.parse().unwrap()))
        .collect();
    let told = |key: &str, value: &str| outputs.iter().filter(|output| output[key] == value).count();
    assert_eq!(told("text", "Accepted"), 2, "{outputs:?}");
    assert_eq!(told("error", "unknown"), 2, "{outputs:?}");
    assert_eq!(told("error", "refused"), 2, "{outputs:?}");
    assert!(
        outputs.iter().filter(|output| output["answer"]["reason"] == "taken").count() == 2,
        "{outputs:?}"
    );
}

acceptance::tests![
    a_caller_who_asks_for_a_person_is_connected_after_the_words_that_say_so,
    a_caller_whose_transfer_fails_talks_to_the_agent_again,
    a_caller_whose_transfer_fails_talks_to_the_agent_again_on_a_socket_that_was_kept_ready,
    a_message_that_a_caller_leaves_is_in_the_record,
    a_tool_of_the_business_is_asked_once_and_can_tell_who_asks,
    a_tool_that_answers_oddly_acts_once_and_the_model_is_told_what_is_known,
];
