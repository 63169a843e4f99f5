//! What goes wrong on the way, on purpose.

use std::time::Duration;

use serde_json::json;
use simulator::audio::speech;
use simulator::openai::{
    ConnectionPlan, Ended, Ending, Handshake, Mishap, OpenAi, OpenAiConfig, Pace, Part, Reply, Script, Step,
};
use tokio_tungstenite::tungstenite::Error;

use crate::client::{Client, MODEL, PATIENCE, audio, greet, order};

async fn greeting(reply: Reply) -> OpenAi {
    let script = Script::new(reply, Vec::new());
    OpenAi::start(OpenAiConfig { script, ..OpenAiConfig::default() }).await.unwrap()
}

async fn greeted(openai: &OpenAi) -> Client {
    let mut client = Client::on_the_phone(openai).await;
    client.send(greet()).await;
    client
}

async fn refused(url: &str, headers: &[(&'static str, &str)]) -> u16 {
    match Client::dial(url, headers).await {
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(other) => panic!("an HTTP status was expected, not {other}"),
        Ok(_) => panic!("the handshake should have been refused"),
    }
}

/// Fault 57.
#[tokio::test]
async fn handshakes_are_refused_for_cause_or_by_plan() {
    let plan = |handshake| ConnectionPlan { handshake, ..ConnectionPlan::default() };
    let too_many = Handshake::Refuse { status: 429, code: "rate_limit_exceeded".to_owned() };
    let connections = vec![plan(too_many), plan(Handshake::Delay(Duration::from_millis(5)))];
    let openai = OpenAi::start(OpenAiConfig { connections, ..OpenAiConfig::default() }).await.unwrap();
    let url = format!("{}?model={MODEL}", openai.realtime_url);
    let key = ("authorization", "Bearer simulated");

    assert_eq!(refused(&url, &[key]).await, 429);
    Client::connect(&openai).await;
    assert_eq!(refused(&url, &[]).await, 401);
    assert_eq!(refused(&url, &[("authorization", "Bearer other")]).await, 401);
    assert_eq!(refused(&openai.realtime_url, &[key]).await, 400);
    assert_eq!(refused(&format!("{}?model=gpt-9", openai.realtime_url), &[key]).await, 404);
    assert_eq!(refused(&format!("{}?model=gpt-transcribe", openai.realtime_url), &[key]).await, 400);
    let seen: Vec<u16> = openai.requests().iter().map(|request| request.status).collect();
    assert_eq!(seen, [429, 101, 401, 401, 400, 404, 400]);
}

#[tokio::test]
async fn the_beta_header_gets_the_beta_error() {
    let openai = OpenAi::start(OpenAiConfig::default()).await.unwrap();
    let url = format!("{}?model={MODEL}", openai.realtime_url);
    let headers = [("authorization", "Bearer simulated"), ("openai-beta", "realtime=v1")];
    let mut client = Client::dial(&url, &headers).await.unwrap();
    assert_eq!(client.next().await["error"]["code"], "beta_api_shape_disabled");
    assert_eq!(client.close_code().await, Some(4_000));
}

/// Fault 58.
#[tokio::test]
async fn a_close_in_mid_sentence_happens_once() {
    let mishap = Mishap::Close { code: 1011, reason: "keepalive ping timeout".to_owned() };
    let openai = greeting(Reply::say(&speech::AGENT_GREETING).fault(3, mishap)).await;
    let mut client = greeted(&openai).await;
    for _ in 0..3 {
        client.until("response.output_audio.delta").await;
    }
    assert_eq!(client.close_code().await, Some(1011));
    let mut again = greeted(&openai).await;
    assert_eq!(audio(&again.until("response.done").await), speech::AGENT_GREETING.mulaw());
}

/// Fault 58.
#[tokio::test]
async fn a_reset_comes_without_a_close_frame() {
    let openai = greeting(Reply::say(&speech::AGENT_GREETING).fault(2, Mishap::Reset)).await;
    let mut client = greeted(&openai).await;
    assert_eq!(client.close_code().await, None);
    let ended = openai.wait_for(PATIENCE, |openai| openai.connection(0)?.ended()).await.unwrap();
    assert_eq!(ended.1, Ended::Reset);
}

/// Fault 59.
#[tokio::test]
async fn an_expired_session_says_so_and_closes() {
    let session_lifetime = Duration::from_millis(30);
    let openai = OpenAi::start(OpenAiConfig { session_lifetime, ..OpenAiConfig::default() }).await.unwrap();
    let mut client = Client::connect(&openai).await;
    assert_eq!(client.next_of("error").await["error"]["code"], "session_expired");
    assert_eq!(client.close_code().await, Some(1001));
    assert_eq!(openai.violations(), [], "the end of a session is nobody's mistake");
}

/// Fault 60.
#[tokio::test]
async fn gaps_and_stalls_delay_a_reply_without_losing_any_of_it() {
    let pause = Duration::from_millis(30);
    let reply =
        Reply::say(&speech::AGENT_GREETING).fault(1, Mishap::Gap(pause)).fault(2, Mishap::Stall(pause));
    let openai = greeting(reply).await;
    let mut client = greeted(&openai).await;
    assert_eq!(audio(&client.until("response.done").await), speech::AGENT_GREETING.mulaw());
}

/// Fault 61.
#[tokio::test]
async fn unknown_events_and_errors_come_in_between() {
    let unknown = json!({ "type": "response.output_emotion.delta", "delta": { "joy": [1, 2] } });
    let error = json!({ "type": "server_error", "code": null, "message": "Oops", "param": null });
    let reply = Reply::say(&speech::AGENT_GREETING)
        .fault(1, Mishap::Events(vec![unknown]))
        .fault(2, Mishap::Error(error));
    let openai = greeting(reply).await;
    let mut client = greeted(&openai).await;
    let events = client.until("response.done").await;
    let kinds = order(&events);
    assert!(kinds.contains(&"response.output_emotion.delta") && kinds.contains(&"error"));
    assert_eq!(audio(&events), speech::AGENT_GREETING.mulaw());
    assert_eq!(openai.violations(), []);
}

/// Fault 61.
#[tokio::test]
async fn audio_under_way_arrives_after_the_cancel() {
    let mut reply = Reply::say(&speech::AGENT_SLOTS);
    reply.late_deltas = 3;
    let script = Script::new(reply, Vec::new());
    let pace = Pace { speed: 1.0, ..Pace::default() };
    let openai = OpenAi::start(OpenAiConfig { script, pace, ..OpenAiConfig::default() }).await.unwrap();
    let mut client = greeted(&openai).await;
    client.until("response.output_audio.delta").await;
    client.append(speech::CALLER_BARGE_IN.mulaw()).await;
    client.until("input_audio_buffer.speech_started").await;
    let before_done = client.until("response.done").await;
    let deltas = before_done.iter().filter(|event| event["type"] == "response.output_audio.delta");
    assert_eq!(deltas.count(), 2);
    let late = client.next().await;
    assert_eq!(late["type"], "response.output_audio.delta");
    assert_eq!(late["response_id"], before_done.last().unwrap()["response"]["id"]);
}

#[tokio::test]
async fn a_response_can_fail_or_stay_incomplete() {
    let failed = Reply::silence().ending(Ending::Failed { code: "rate_limit_exceeded".to_owned() });
    let mut cut =
        Reply::say(&speech::AGENT_BYE).ending(Ending::Incomplete { reason: "content_filter".to_owned() });
    cut.without_usage = true;
    let mut script = Script::new(failed, vec![Step::text("Hello?", cut)]);
    script.otherwise = Reply::silence();
    let openai = OpenAi::start(OpenAiConfig { script, ..OpenAiConfig::default() }).await.unwrap();
    let mut client = greeted(&openai).await;
    let done = client.next_of("response.done").await;
    assert_eq!(done["response"]["status"], "failed");
    assert_eq!(done["response"]["status_details"]["error"]["code"], "rate_limit_exceeded");

    client.speak(speech::CALLER_BYE.mulaw()).await;
    let done = client.next_of("response.done").await;
    assert_eq!(done["response"]["status_details"]["reason"], "content_filter");
    assert_eq!(done["response"]["output"][0]["status"], "incomplete");
    assert!(done["response"]["usage"].is_null());
}

/// Fault 62.
#[tokio::test]
async fn a_tool_call_can_be_announced_twice_with_broken_arguments() {
    let mut reply = Reply::call("book", "{\"time\":");
    for part in &mut reply.parts {
        if let Part::ToolCall(call) = part {
            call.announced_twice = true;
        }
    }
    let openai = greeting(reply).await;
    let mut client = greeted(&openai).await;
    let events = client.until("response.done").await;
    let announced: Vec<_> =
        events.iter().filter(|event| event["type"] == "response.output_item.done").collect();
    assert_eq!(announced.len(), 2);
    assert_eq!(announced[0]["item"]["call_id"], announced[1]["item"]["call_id"]);
    assert_eq!(announced[0]["item"]["arguments"], "{\"time\":");
}

#[tokio::test]
async fn a_test_can_steer_a_live_connection() {
    let openai = OpenAi::start(OpenAiConfig::default()).await.unwrap();
    let mut client = Client::on_the_phone(&openai).await;
    let connection = openai.connection(0).unwrap();
    connection
        .inject(json!({ "type": "input_audio_buffer.speech_started", "item_id": "x", "audio_start_ms": 7 }))
        .unwrap();
    let injected = client.next().await;
    assert_eq!(injected["audio_start_ms"], 7);
    assert!(injected["event_id"].is_string());
    connection.close(1013, "try again later").unwrap();
    assert_eq!(client.close_code().await, Some(1013));
    openai.wait_for(PATIENCE, |_| connection.ended()).await.unwrap();
    assert!(connection.reset().is_err(), "a connection that is over takes no commands");
}

#[tokio::test]
async fn stopping_the_api_cuts_its_connections() {
    let openai = OpenAi::start(OpenAiConfig::default()).await.unwrap();
    let mut client = Client::on_the_phone(&openai).await;
    let url = openai.realtime_url.clone();
    drop(openai);
    assert_eq!(client.close_code().await, None);
    assert!(Client::dial(&url, &[]).await.is_err());
}
