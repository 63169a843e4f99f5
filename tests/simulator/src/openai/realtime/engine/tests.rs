//! What takes too long to wait for: the clock is an argument here.

use serde_json::json;
use tokio::sync::watch;

use super::*;
use crate::audio::speech;
use crate::openai::inspect::Connection;
use crate::openai::script::Reply;

fn open(now: Instant) -> Engine {
    let (_, record, _) = Connection::open(0, "gpt-realtime-2.1", Vec::new(), watch::Sender::new(0));
    let role = Role {
        index: 0,
        model: "gpt-realtime-2.1".to_owned(),
        script: Script::bicycle_workshop(),
        pace: Pace::default(),
        lifetime: Duration::from_secs(3_600),
    };
    Engine::open(role, record, now)
}

/// Lets time pass and returns the types of the events sent, with repetitions in a row told once.
fn pass(engine: &mut Engine, until: Instant) -> Vec<String> {
    while let Some(at) = engine.due().filter(|at| *at <= until) {
        engine.tick(at);
    }
    let mut kinds: Vec<String> = std::iter::from_fn(|| engine.poll())
        .map(|out| match out {
            Out::Event(event) => event["type"].as_str().unwrap().to_owned(),
            Out::Close { code, .. } => format!("close {code}"),
            Out::Reset => "reset".to_owned(),
            Out::Stall(_) => "stall".to_owned(),
        })
        .collect();
    kinds.dedup();
    kinds
}

fn configure(engine: &mut Engine, idle_timeout_ms: u64, now: Instant) {
    let detection = json!({ "type": "server_vad", "idle_timeout_ms": idle_timeout_ms });
    let session = json!({ "type": "realtime", "audio": { "input": { "turn_detection": detection } } });
    engine.receive(&json!({ "type": "session.update", "session": session }).to_string(), now);
    engine.receive(r#"{"type":"response.create"}"#, now);
}

#[test]
fn silence_is_answered_once_the_reply_was_played_and_the_timeout_has_passed() {
    let now = Instant::now();
    let mut engine = open(now);
    configure(&mut engine, 6_000, now);
    let spoken = now + Duration::from_secs(2);
    assert_eq!(pass(&mut engine, spoken).last().unwrap(), "response.done");

    let played = Duration::from_millis(speech::AGENT_GREETING.duration_ms());
    assert_eq!(pass(&mut engine, now + played + Duration::from_secs(5)), [] as [String; 0]);
    let asked = pass(&mut engine, now + played + Duration::from_secs(8));
    assert_eq!(asked[0], "input_audio_buffer.timeout_triggered");
    assert_eq!(asked[1], "input_audio_buffer.committed");
    assert!(asked.iter().any(|kind| kind == "response.created"));
    assert_eq!(engine.conversation.turns(), 0, "nobody spoke");
}

#[test]
fn no_idle_timeout_without_being_asked_for() {
    let now = Instant::now();
    let mut engine = open(now);
    engine.receive(r#"{"type":"response.create"}"#, now);
    pass(&mut engine, now + Duration::from_secs(60));
    assert_eq!(pass(&mut engine, now + Duration::from_secs(600)), [] as [String; 0]);
}

/// Fault 62.
#[test]
fn an_interrupted_tool_call_is_done_with_broken_arguments() {
    let now = Instant::now();
    let mut engine = open(now);
    engine.role.script.greeting = Reply::call("book", r#"{"time":"half past ten","day":"Thursday"}"#);
    engine.receive(r#"{"type":"response.create"}"#, now);
    let begun = engine.due().unwrap();
    let events = pass(&mut engine, begun);
    assert_eq!(events.last().unwrap(), "response.function_call_arguments.delta");

    engine.receive(r#"{"type":"response.cancel"}"#, begun);
    let events: Vec<Out> = std::iter::from_fn(|| engine.poll()).collect();
    let Some(Out::Event(done)) = events.last() else { panic!("no response.done") };
    let call = &done["response"]["output"][0];
    assert_eq!((&call["status"], &call["arguments"]), (&json!("incomplete"), &json!(r#"{"time":"hal"#)));
    let announced =
        |out: &Out| matches!(out, Out::Event(event) if event["type"] == "response.output_item.done");
    assert!(events.iter().any(announced));
}

/// Fault 59.
#[test]
fn a_session_ends_after_an_hour() {
    let now = Instant::now();
    let mut engine = open(now);
    assert_eq!(pass(&mut engine, now + Duration::from_secs(3_599)), ["session.created"]);
    assert_eq!(pass(&mut engine, now + Duration::from_secs(3_600)), ["error", "close 1001"]);
}

#[test]
fn what_the_last_response_read_is_cached_for_the_next() {
    let now = Instant::now();
    let mut engine = open(now);
    let usage = |engine: &mut Engine, at: Instant| {
        engine.receive(r#"{"type":"response.create"}"#, at);
        while let Some(due) = engine.due().filter(|_| engine.is_answering()) {
            engine.tick(due);
        }
        let events: Vec<Out> = std::iter::from_fn(|| engine.poll()).collect();
        let Some(Out::Event(done)) = events.into_iter().next_back() else { panic!("no response.done") };
        done["response"]["usage"].clone()
    };
    let first = usage(&mut engine, now);
    assert_eq!(first["input_token_details"]["cached_tokens"], 0);
    let second = usage(&mut engine, now + Duration::from_secs(10));
    assert_eq!(second["input_token_details"]["cached_tokens"], first["input_tokens"]);
    assert!(second["input_tokens"].as_u64() > first["input_tokens"].as_u64());
}
