//! Conversations that go well.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::audio::mulaw::{self, BYTES_PER_MS};
use simulator::audio::speech;
use simulator::openai::{Ended, OpenAi, OpenAiConfig, Pace, Reply, Script, Step};

use crate::client::{Client, MODEL, PATIENCE, audio, greet, order, session_update};

async fn with_script(script: Script) -> OpenAi {
    OpenAi::start(OpenAiConfig { script, ..OpenAiConfig::default() }).await.unwrap()
}

async fn workshop() -> OpenAi {
    with_script(Script::bicycle_workshop()).await
}

/// A model that speaks little faster than the caller hears it.
async fn slow_workshop() -> OpenAi {
    let pace = Pace { speed: 2.0, min_delta_ms: 100, max_delta_ms: 100, ..Pace::default() };
    OpenAi::start(OpenAiConfig { pace, ..OpenAiConfig::default() }).await.unwrap()
}

#[tokio::test]
async fn the_greeting_is_spoken_in_the_documented_order() {
    let openai = workshop().await;
    let mut client = Client::on_the_phone(&openai).await;
    client.send(greet()).await;
    let events = client.until("response.done").await;

    let kinds = order(&events);
    let (deltas, others): (Vec<&str>, Vec<&str>) = kinds.iter().partition(|kind| kind.ends_with(".delta"));
    assert_eq!(
        others,
        [
            "response.created",
            "rate_limits.updated",
            "response.output_item.added",
            "conversation.item.added",
            "response.content_part.added",
            "response.output_audio.done",
            "response.output_audio_transcript.done",
            "response.content_part.done",
            "conversation.item.done",
            "response.output_item.done",
            "response.done",
        ]
    );
    assert_eq!(deltas[..2], ["response.output_audio_transcript.delta", "response.output_audio.delta"]);
    assert_eq!(audio(&events), speech::AGENT_GREETING.mulaw());

    let done = &events.last().unwrap()["response"];
    assert_eq!(done["status"], "completed");
    assert_eq!(done["metadata"]["kind"], "greeting");
    assert_eq!(done["output"][0]["content"][0]["transcript"], speech::AGENT_GREETING.text);
    assert_eq!(
        done["usage"]["output_token_details"]["audio_tokens"],
        speech::AGENT_GREETING.duration_ms() / 50
    );
    assert_eq!(openai.violations(), []);
}

#[tokio::test]
async fn a_callers_clip_is_a_turn_with_a_transcript_and_a_reply() {
    let openai = workshop().await;
    let mut client = Client::on_the_phone(&openai).await;
    client.speak(speech::CALLER_SERVICE.mulaw()).await;
    let events = client.until("response.created").await;
    assert_eq!(
        order(&events),
        [
            "input_audio_buffer.speech_started",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
            "response.created",
        ]
    );
    let item = events[0]["item_id"].as_str().unwrap();
    assert_eq!(events[0]["audio_start_ms"], 0);
    assert!(events[1..3].iter().all(|event| event["item_id"] == item));
    assert_eq!(events[2]["previous_item_id"], Value::Null);

    let transcript = client.next_of("conversation.item.input_audio_transcription.completed").await;
    assert_eq!(transcript["transcript"], speech::CALLER_SERVICE.text);
    assert_eq!(transcript["item_id"], item);
    assert_eq!(transcript["usage"]["type"], "duration");
    let done = client.next_of("response.done").await;
    assert_eq!(done["response"]["output"][0]["content"][0]["transcript"], speech::AGENT_SLOTS.text);

    let connection = openai.connection(0).unwrap();
    assert!(connection.audio().starts_with(speech::CALLER_SERVICE.mulaw()));
    let remembered = connection.conversation();
    assert_eq!(remembered[0]["content"][0]["transcript"], speech::CALLER_SERVICE.text);
    assert_eq!(openai.violations(), []);
}

#[tokio::test]
async fn a_transcript_may_come_after_its_reply() {
    let step = Step::clip(&speech::CALLER_BYE, Reply::say(&speech::AGENT_SILENCE_PROMPT));
    let step = step.transcribed_after(Duration::from_secs(1));
    let openai = with_script(Script::new(Reply::silence(), vec![step])).await;
    let mut client = Client::on_the_phone(&openai).await;
    client.speak(speech::CALLER_BYE.mulaw()).await;
    let events = client.until("conversation.item.input_audio_transcription.completed").await;
    assert!(events.iter().any(|event| event["type"] == "response.done"));
}

#[tokio::test]
async fn a_failed_transcription_names_its_item() {
    let step = Step::clip(&speech::CALLER_BYE, Reply::silence()).transcription_fails();
    let openai = with_script(Script::new(Reply::silence(), vec![step])).await;
    let mut client = Client::on_the_phone(&openai).await;
    client.speak(speech::CALLER_BYE.mulaw()).await;
    let failed = client.next_of("conversation.item.input_audio_transcription.failed").await;
    assert_eq!(failed["error"]["code"], "audio_unintelligible");
    assert_eq!(failed["item_id"], openai.connection(0).unwrap().conversation()[0]["id"]);
}

#[tokio::test]
async fn speech_cancels_the_reply_and_the_client_truncates_it() {
    let openai = slow_workshop().await;
    let mut client = Client::on_the_phone(&openai).await;
    client.speak(speech::CALLER_SERVICE.mulaw()).await;
    let mut sent = Vec::new();
    for _ in 0..3 {
        sent.extend(client.until("response.output_audio.delta").await);
    }
    let item = sent.last().unwrap()["item_id"].clone();
    client.speak(speech::CALLER_BARGE_IN.mulaw()).await;

    sent.extend(client.until("input_audio_buffer.speech_started").await);
    let sent_ms = mulaw::duration_ms(&audio(&sent));
    let done = client.until("response.done").await;
    assert!(audio(&done).is_empty(), "no audio after the interruption");
    let response = &done.last().unwrap()["response"];
    assert_eq!(response["status"], "cancelled");
    assert_eq!(response["status_details"]["reason"], "turn_detected");
    assert_eq!(response["output"][0]["status"], "incomplete");
    assert!(response["usage"]["output_tokens"].as_u64() > Some(0));

    let truncate = |ms: u64| {
        json!({
            "type": "conversation.item.truncate", "item_id": item, "content_index": 0, "audio_end_ms": ms,
        })
    };
    client.send(truncate(sent_ms + 1)).await;
    let error = client.next_of("error").await;
    let message = format!("Audio content of {sent_ms}ms is already shorter than {}ms", sent_ms + 1);
    assert_eq!(error["error"]["message"], message);
    client.send(truncate(sent_ms - 50)).await;
    assert_eq!(client.next_of("conversation.item.truncated").await["audio_end_ms"], sent_ms - 50);
    let spoken = openai.connection(0).unwrap().conversation();
    let cut = spoken.iter().find(|value| value["id"] == item).unwrap();
    assert_eq!(cut["content"][0], json!({ "type": "output_audio" }), "its transcript is gone");

    let next = client.next_of("response.done").await;
    assert_eq!(next["response"]["output"][0]["content"][0]["transcript"], speech::AGENT_CONFIRM.text);
}

#[tokio::test]
async fn an_uninterruptible_reply_goes_on_and_the_turn_gets_none() {
    let openai = slow_workshop().await;
    let mut client = Client::connect(&openai).await;
    client.send(session_update(json!({ "interrupt_response": false }))).await;
    client.send(greet()).await;
    client.until("response.output_audio.delta").await;
    client.speak(speech::CALLER_BARGE_IN.mulaw()).await;
    let events = client.until("response.done").await;
    assert!(order(&events).contains(&"input_audio_buffer.committed"));
    assert_eq!(events.last().unwrap()["response"]["status"], "completed");
    client.send(json!({ "type": "input_audio_buffer.clear" })).await;
    let after = client.until("input_audio_buffer.cleared").await;
    assert!(!order(&after).contains(&"response.created"));
}

#[tokio::test]
async fn a_tool_call_is_answered_and_followed_up() {
    let reply = Reply::say(&speech::AGENT_SILENCE_PROMPT)
        .and_call("book", json!({ "time": "10:30" }))
        .then(Reply::say(&speech::AGENT_CONFIRM));
    let openai =
        with_script(Script::new(Reply::silence(), vec![Step::clip(&speech::CALLER_BARGE_IN, reply)])).await;
    let mut client = Client::on_the_phone(&openai).await;
    client.speak(speech::CALLER_BARGE_IN.mulaw()).await;
    let events = client.until("response.done").await;
    let is_call = |event: &&Value| event["item"]["type"] == "function_call";
    let call =
        events.iter().filter(is_call).find(|event| event["type"] == "response.output_item.done").unwrap();
    assert_eq!(call["item"]["arguments"], r#"{"time":"10:30"}"#);
    assert_eq!(call["output_index"], 1);

    let output =
        json!({ "type": "function_call_output", "call_id": call["item"]["call_id"], "output": "{}" });
    client.send(json!({ "type": "conversation.item.create", "item": output })).await;
    client.send(json!({ "type": "response.create" })).await;
    let done = client.next_of("response.done").await;
    assert_eq!(done["response"]["output"][0]["content"][0]["transcript"], speech::AGENT_CONFIRM.text);
    assert_eq!(openai.violations(), []);
}

/// Fault 58.
#[tokio::test]
async fn replayed_history_goes_on_where_the_conversation_was() {
    let openai = workshop().await;
    let mut client = Client::on_the_phone(&openai).await;
    let replay = [
        ("assistant", "output_text", speech::AGENT_GREETING.text),
        ("user", "input_text", speech::CALLER_SERVICE.text),
        ("assistant", "output_text", speech::AGENT_SLOTS.text),
        ("user", "input_text", speech::CALLER_BARGE_IN.text),
    ];
    for (role, kind, text) in replay {
        let item = json!({ "type": "message", "role": role, "content": [{ "type": kind, "text": text }] });
        client.send(json!({ "type": "conversation.item.create", "item": item })).await;
        client.until("conversation.item.done").await;
    }
    client.send(json!({ "type": "response.create", "response": { "instructions": "Go on." } })).await;
    let done = client.next_of("response.done").await;
    assert_eq!(done["response"]["output"][0]["content"][0]["transcript"], speech::AGENT_CONFIRM.text);
    assert_eq!(openai.violations(), []);
}

#[tokio::test]
async fn an_out_of_band_response_leaves_no_trace_in_the_conversation() {
    let openai = workshop().await;
    let mut client = Client::on_the_phone(&openai).await;
    let response = json!({ "conversation": "none", "metadata": { "kind": "goodbye" } });
    client.send(json!({ "type": "response.create", "response": response })).await;
    let events = client.until("response.done").await;
    assert_eq!(audio(&events), speech::AGENT_BYE.mulaw());
    assert!(!order(&events).contains(&"conversation.item.added"));
    assert_eq!(events.last().unwrap()["response"]["conversation_id"], Value::Null);
    assert_eq!(openai.connection(0).unwrap().conversation(), [] as [Value; 0]);
}

#[tokio::test]
async fn a_client_may_commit_turns_itself() {
    let openai = workshop().await;
    let mut client = Client::connect(&openai).await;
    let mut update = session_update(json!({}));
    update["session"]["audio"]["input"]["turn_detection"] = Value::Null;
    client.send(update).await;
    client.speak(speech::CALLER_BYE.mulaw()).await;
    client.send(json!({ "type": "input_audio_buffer.commit" })).await;
    let events = client.until("conversation.item.input_audio_transcription.completed").await;
    let kinds = order(&events);
    assert!(kinds.contains(&"input_audio_buffer.committed"));
    assert!(!kinds.contains(&"response.created") && !kinds.contains(&"input_audio_buffer.speech_started"));
}

#[tokio::test]
async fn a_session_that_was_never_configured_speaks_pcm() {
    let openai = workshop().await;
    let mut client = Client::connect(&openai).await;
    client.append(&[mulaw::SILENCE; 20 * BYTES_PER_MS]).await;
    client.send(greet()).await;
    let events = client.until("response.done").await;
    assert_eq!(audio(&events).len(), speech::AGENT_GREETING.mulaw().len() * 6);
    let codes: Vec<String> = openai.violations().into_iter().map(|violation| violation.code).collect();
    assert_eq!(codes, ["audio_before_session_updated"]);
}

#[tokio::test]
async fn sessions_are_counted_and_know_how_they_ended() {
    let openai = workshop().await;
    let first = Client::on_the_phone(&openai).await;
    let second = Client::connect(&openai).await;
    assert_eq!(openai.open_sessions(), 2);
    first.hang_up().await;
    drop(second);
    let ended = |openai: &OpenAi| (openai.open_sessions() == 0).then(|| openai.connections());
    let connections = openai.wait_for(PATIENCE, ended).await.unwrap();
    let how: Vec<Ended> = connections.iter().map(|connection| connection.ended().unwrap().1).collect();
    assert_eq!(how, [Ended::ByClient(None), Ended::ClientVanished]);
    assert_eq!(connections[0].model(), MODEL);
    assert_eq!(connections[0].header("authorization"), Some("<redacted>"));
    assert_eq!(connections[0].received_of("session.update").len(), 1);
    assert_eq!(connections[0].session()["audio"]["output"]["format"], json!({ "type": "audio/pcmu" }));
}
