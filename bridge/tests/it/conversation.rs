use bridge::LiveKind;
use domain::Speaker;
use serde_json::{Value, json};
use session::output::Event;

use crate::framing::frame;
use crate::support::{Caller, Closed, Harness, soon};

#[tokio::test]
async fn a_call_is_carried_from_its_greeting_to_its_report() {
    let mut harness = Harness::start().await;
    let planned = harness.plan_with(|_| {});
    let mut caller = Caller::connect(&harness).await;
    caller.start(&planned).await;

    let mut model = harness.model.accept().await;
    assert_eq!(model.uri.query(), Some("model=gpt-realtime-2.1"));
    assert_eq!(model.headers["authorization"], "Bearer test-key");
    assert_eq!(model.headers["openai-safety-identifier"], "opaque");
    assert!(!model.headers.contains_key("openai-beta"));
    let session = model.configure().await;
    assert_eq!(session["instructions"], "You are Robin.");
    assert_eq!(session["audio"]["input"]["format"], json!({ "type": "audio/pcmu" }));

    let greeting = model.next().await;
    assert_eq!(greeting["type"], "response.create");
    let metadata = greeting["response"]["metadata"].clone();
    assert_eq!(metadata, json!({ "kind": "greeting" }));
    model.begin("resp_1", "item_1", metadata).await;

    // Down: every delta as it is, whatever its length, and a mark behind each.
    let mut marks = vec![];
    for payload in [frame(1), frame(2).repeat(40).replace('=', "/"), "/w==".to_owned()] {
        model.delta("resp_1", "item_1", &payload).await;
        assert_eq!(caller.next_audio().await, payload);
        marks.push(caller.next_mark().await);
    }
    model.finish("resp_1", "item_1", "Harbour Bicycle Workshop, good day.").await;
    for mark in &marks {
        caller.mark(mark).await;
    }

    // Up: every frame as it is.
    for n in 0..100 {
        caller.media(&frame(n)).await;
        assert_eq!(model.next_audio().await, frame(n));
    }

    caller.stop(&planned).await;
    assert_eq!(caller.closed().await, Closed::With(1000));
    model.gone().await;
    let (report, turns) = harness.store.report(&planned.call).await;
    assert_eq!(report.end.as_str(), "caller_hang_up");
    assert_eq!((report.frames_in, report.frames_forwarded, report.frames_dropped), (100, 100, 0));
    assert_eq!((report.turns, report.usage.responses, report.usage.output_audio), (1, 1, 8));
    assert_eq!(report.agent_audio_heard, report.agent_audio_sent, "every mark came back");
    assert!(report.greeting_heard.is_some() && report.added_up_p99_us.is_some());
    assert!(report.added_down_p99_us.is_some());
    assert_eq!(turns[0].speaker, Speaker::Agent);
    assert_eq!(turns[0].text, "Harbour Bicycle Workshop, good day.");
}

#[tokio::test]
async fn marks_have_names_that_name_their_generation() {
    let mut harness = Harness::start().await;
    let (mut caller, mut model, _) = harness.live().await;
    model.begin("resp_1", "item_1", Value::Null).await;
    let mut names = vec![];
    for n in 0..3 {
        model.delta("resp_1", "item_1", &frame(n)).await;
        caller.next_audio().await;
        names.push(caller.next_mark().await);
    }
    let sequence = |name: &String| name.strip_prefix("g0:s").unwrap().parse::<u32>().unwrap();
    let sequences: Vec<_> = names.iter().map(sequence).collect();
    assert!(sequences.is_sorted_by(|a, b| a < b), "{names:?}");
}

#[tokio::test]
async fn what_the_caller_says_while_the_model_connects_is_not_lost() {
    let mut harness = Harness::start().await;
    let planned = harness.plan();
    let mut caller = Caller::connect(&harness).await;
    caller.start(&planned).await;
    let mut model = harness.model.accept().await;
    for n in 0..50 {
        caller.media(&frame(n)).await;
    }
    model.configure().await;
    for n in 50..60 {
        caller.media(&frame(n)).await;
    }
    for n in 0..60 {
        assert_eq!(model.next_audio().await, frame(n));
    }
}

#[tokio::test]
async fn an_interrupted_agent_is_silent_at_once_and_for_good() {
    let mut harness = Harness::start().await;
    let (mut caller, mut model, planned) = harness.live().await;
    model.begin("resp_1", "item_1", Value::Null).await;
    // More than a busy machine takes to pass it on.
    let second = frame(7).repeat(50).replace('=', "/");
    for _ in 0..60 {
        model.delta("resp_1", "item_1", &second).await;
    }
    for _ in 0..60 {
        caller.next_audio().await;
        caller.next_mark().await;
    }
    model.speech_started("item_2").await;
    assert_eq!(caller.next().await["event"], "clear");
    assert_eq!(model.next_command().await["type"], "response.cancel");
    let truncate = model.next_command().await;
    assert_eq!(truncate["type"], "conversation.item.truncate");
    assert_eq!(truncate["item_id"], "item_1");
    assert!(
        truncate["audio_end_ms"].as_u64().unwrap() < 60_000,
        "the line has not played it all: {truncate}"
    );

    // What was under way when the cancellation went out is not for the caller's ears.
    model.delta("resp_1", "item_1", &frame(666)).await;
    model
        .send(&json!({ "type": "response.done", "event_id": "e",
        "response": { "id": "resp_1", "status": "cancelled", "output": [] } }))
        .await;
    model
        .send(&json!({ "type": "input_audio_buffer.speech_stopped", "event_id": "e", "item_id": "item_2",
        "audio_end_ms": 900 }))
        .await;
    model.begin("resp_2", "item_3", Value::Null).await;
    model.delta("resp_2", "item_3", &frame(200)).await;
    assert_eq!(caller.next_audio().await, frame(200));
    assert!(caller.next_mark().await.starts_with("g1:"));

    caller.stop(&planned).await;
    let (report, _) = harness.store.report(&planned.call).await;
    assert_eq!(report.barge_ins, 1);
    assert!(report.barge_in_clear_max_us.is_some());
    assert!(report.agent_audio_heard < report.agent_audio_sent);
}

#[tokio::test]
async fn an_unknown_tool_gets_an_answer_the_model_can_speak_about() {
    let mut harness = Harness::start().await;
    let (_caller, mut model, _) = harness.live().await;
    model.begin("resp_1", "item_1", Value::Null).await;
    call_tool(&mut model, "resp_1", "book").await;
    let output = model.next_command().await;
    assert_eq!(output["item"]["type"], "function_call_output");
    assert_eq!(output["item"]["call_id"], "call_1");
    assert!(output["item"]["output"].as_str().unwrap().contains("unknown_tool"));
    model.finish("resp_1", "item_1", "").await;
    let answer = model.next_command().await;
    assert_eq!(answer["response"]["metadata"], json!({ "kind": "tool_output" }));
}

#[tokio::test]
async fn the_agent_hangs_up_once_its_goodbye_was_heard() {
    let mut harness = Harness::start().await;
    let (mut caller, mut model, planned) = harness.live().await;
    model.begin("resp_1", "item_1", Value::Null).await;
    model.delta("resp_1", "item_1", &frame(1)).await;
    caller.next_audio().await;
    let mark = caller.next_mark().await;
    call_tool(&mut model, "resp_1", "end_call").await;
    assert_eq!(model.next_command().await["item"]["type"], "function_call_output");
    model.finish("resp_1", "item_1", "Goodbye.").await;
    assert!(harness.store.hang_ups().is_empty(), "the caller has not heard the goodbye yet");
    caller.mark(&mark).await;

    harness.store.hung_up(&planned.call).await;
    caller.stop(&planned).await;
    assert_eq!(caller.closed().await, Closed::With(1000));
    let (report, _) = harness.store.report(&planned.call).await;
    assert_eq!(report.end.as_str(), "agent_hang_up");
    assert_eq!(harness.store.hang_ups(), [planned.call]);
}

pub(crate) async fn call_tool(model: &mut crate::support::Model, response: &str, name: &str) {
    model
        .send(&json!({ "type": "response.output_item.done", "event_id": "e", "response_id": response,
            "output_index": 1, "item": { "id": "item_9", "type": "function_call", "status": "completed",
            "call_id": "call_1", "name": name, "arguments": "{}" } }))
        .await;
}

#[tokio::test]
async fn a_watcher_sees_what_happens_and_what_is_said() {
    let mut harness = Harness::start().await;
    let (_caller, mut model, planned) = harness.live().await;
    model
        .send(&json!({ "type": "conversation.item.input_audio_transcription.completed", "event_id": "e",
            "item_id": "item_1", "content_index": 0, "transcript": "Is my bicycle ready?" }))
        .await;
    let mut seen = vec![];
    let said = loop {
        let event = soon("a live event", harness.live_events.recv()).await.unwrap();
        assert_eq!(event.call, planned.call);
        match event.kind {
            LiveKind::Event(event) => seen.push(event),
            LiveKind::Said { speaker, text } => break (speaker, text),
        }
    };
    assert!(
        matches!(seen.as_slice(), [Event::Authorised, Event::ModelReady { .. }]),
        "{} events",
        seen.len()
    );
    assert_eq!(said, (Speaker::Caller, "Is my bicycle ready?".to_owned()));
}
