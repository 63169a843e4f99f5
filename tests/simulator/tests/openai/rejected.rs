//! Every client event that the reference calls wrong.

use serde_json::{Value, json};
use simulator::audio::speech;
use simulator::openai::{OpenAi, OpenAiConfig, Reply, Script, Step};

use crate::client::{Client, greet};

fn event(kind: &str, more: Value) -> Value {
    let mut event = json!({ "type": kind, "event_id": "mine" });
    for (key, value) in more.as_object().unwrap() {
        event[key] = value.clone();
    }
    event
}

fn wrong_events() -> Vec<(Value, &'static str)> {
    let text = json!({ "type": "message", "role": "user", "content": [{ "type": "input_text" }] });
    let truncate = |ms: i64| json!({ "item_id": "nobody", "content_index": 0, "audio_end_ms": ms });
    let output = json!({ "type": "function_call_output", "call_id": "call_9", "output": "{}" });
    let rate = json!({ "audio": { "input": { "format": { "type": "audio/pcmu", "rate": 8_000 } } } });
    let mut with_rate = rate;
    with_rate["type"] = json!("realtime");
    vec![
        (event("session.refresh", json!({})), "invalid_value"),
        (event("transcription_session.update", json!({ "session": {} })), "invalid_value"),
        (json!({ "event_id": "mine" }), "missing_required_parameter"),
        (event("session.update", json!({})), "missing_required_parameter"),
        (
            event("session.update", json!({ "session": { "instructions": "x" } })),
            "missing_required_parameter",
        ),
        (event("session.update", json!({ "session": with_rate })), "unknown_parameter"),
        (
            event("session.update", json!({ "session": { "type": "realtime", "voice": "ash" } })),
            "unknown_parameter",
        ),
        (event("input_audio_buffer.append", json!({})), "missing_required_parameter"),
        (event("input_audio_buffer.append", json!({ "audio": "***" })), "invalid_value"),
        (event("input_audio_buffer.append", json!({ "audio": "AAAA", "ms": 1 })), "unknown_parameter"),
        (event("input_audio_buffer.commit", json!({})), "input_audio_buffer_commit_empty"),
        (event("conversation.item.create", json!({})), "missing_required_parameter"),
        (event("conversation.item.create", json!({ "item": text })), "missing_required_parameter"),
        (event("conversation.item.create", json!({ "item": output })), "invalid_tool_call_id"),
        (event("conversation.item.retrieve", json!({ "item_id": "nobody" })), "invalid_value"),
        (event("conversation.item.delete", json!({})), "missing_required_parameter"),
        (event("conversation.item.truncate", truncate(0)), "invalid_value"),
        (event("conversation.item.truncate", truncate(-1)), "invalid_value"),
        (event("response.create", json!({ "response": { "modalities": ["audio"] } })), "unknown_parameter"),
        (event("response.create", json!({ "metadata": {} })), "unknown_parameter"),
        (event("response.cancel", json!({})), "response_cancel_not_active"),
        (event("response.cancel", json!({ "response_id": "resp_none" })), "response_cancel_not_active"),
        (event("output_audio_buffer.clear", json!({})), "invalid_event"),
    ]
}

#[tokio::test]
async fn each_wrong_event_is_answered_with_its_code_and_the_session_goes_on() {
    let openai = OpenAi::start(OpenAiConfig::default()).await.unwrap();
    let mut client = Client::on_the_phone(&openai).await;
    for (wrong, code) in wrong_events() {
        client.send(wrong.clone()).await;
        let answer = client.next().await;
        assert_eq!(answer["type"], "error", "{wrong}");
        assert_eq!(answer["error"]["code"], code, "{wrong}");
        assert_eq!(answer["error"]["event_id"], "mine", "{wrong}");
        assert_eq!(answer["error"]["type"], "invalid_request_error");
    }
    let violations = openai.violations();
    assert_eq!(violations.len(), wrong_events().len());
    assert!(violations.iter().all(|violation| violation.event_id.as_deref() == Some("mine")));
    client.send(greet()).await;
    assert_eq!(client.next_of("response.done").await["response"]["status"], "completed");
}

#[tokio::test]
async fn text_that_is_not_json_is_an_error_and_not_the_end() {
    let openai = OpenAi::start(OpenAiConfig::default()).await.unwrap();
    let mut client = Client::on_the_phone(&openai).await;
    client.send_text("{\"type\":".to_owned()).await;
    assert_eq!(client.next().await["error"]["code"], "invalid_event");
    client.send(greet()).await;
    client.until("response.done").await;
}

#[tokio::test]
async fn a_second_response_waits_for_the_first() {
    let openai = OpenAi::start(OpenAiConfig::default()).await.unwrap();
    let mut client = Client::on_the_phone(&openai).await;
    client.send(greet()).await;
    client.send(greet()).await;
    let error = client.next_of("error").await;
    assert_eq!(error["error"]["code"], "conversation_already_has_active_response");
    assert_eq!(error["error"]["event_id"], "greet");
    assert_eq!(client.next_of("response.done").await["response"]["status"], "completed");
}

#[tokio::test]
async fn a_client_can_cancel_once() {
    let openai = OpenAi::start(OpenAiConfig::default()).await.unwrap();
    let mut client = Client::on_the_phone(&openai).await;
    client.send(greet()).await;
    client.until("response.created").await;
    client.send(json!({ "type": "response.cancel" })).await;
    client.send(json!({ "type": "response.cancel" })).await;
    let done = client.next_of("response.done").await;
    assert_eq!(done["response"]["status_details"]["reason"], "client_cancelled");
    assert_eq!(client.next_of("error").await["error"]["code"], "response_cancel_not_active");
}

#[tokio::test]
async fn a_cancelled_reply_keeps_only_what_was_begun() {
    let reply = Reply::say(&speech::AGENT_BYE).and_call("book", json!({ "time": "half past ten" }));
    let script = Script::new(Reply::silence(), vec![Step::text("Book it.", reply)]);
    let openai = OpenAi::start(OpenAiConfig { script, ..OpenAiConfig::default() }).await.unwrap();
    let mut client = Client::on_the_phone(&openai).await;
    let item = json!({ "type": "message", "role": "user", "content": [{ "type": "input_text", "text": "Book it." }] });
    client.send(json!({ "type": "conversation.item.create", "item": item })).await;
    client.send(json!({ "type": "response.create" })).await;
    client.until("response.output_audio.delta").await;
    client.send(json!({ "type": "response.cancel" })).await;
    let done = client.next_of("response.done").await;
    let output = done["response"]["output"].as_array().unwrap();
    assert_eq!(output.len(), 1, "the tool was not called yet");
    assert_eq!((&output[0]["type"], &output[0]["status"]), (&json!("message"), &json!("incomplete")));
}
