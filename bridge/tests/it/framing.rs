//! What a peer can do wrong on the caller's socket, and what it is told.

use futures_util::SinkExt as _;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::support::{Caller, Closed, Harness};

/// 20 ms that can be told from other 20 ms.
pub(crate) fn frame(n: u32) -> String {
    use base64::Engine as _;
    let mut audio = [0xFF; 160];
    audio[..4].copy_from_slice(&n.to_be_bytes());
    base64::engine::general_purpose::STANDARD.encode(audio)
}

/// Fault 49.
#[tokio::test]
async fn a_little_nonsense_is_forgiven() {
    let mut harness = Harness::start().await;
    let planned = harness.plan();
    let mut caller = Caller::connect(&harness).await;
    for nonsense in ["", "null", "{}", "[]", "{\"event\":7}", "{\"event\":\"mark\"}", &"[".repeat(10_000)] {
        caller.send_text(nonsense).await;
    }
    caller.socket.send(Message::binary(vec![0u8; 100])).await.unwrap();
    caller.send(&json!({ "event": "hologram", "streamSid": "?" })).await;
    caller.start(&planned).await;
    let mut model = harness.model.accept().await;
    model.configure().await;
    caller.media(&frame(1)).await;
    assert_eq!(model.next_audio().await, frame(1));
}

/// Fault 49.
#[tokio::test]
async fn a_lot_of_nonsense_ends_the_stream() {
    let mut harness = Harness::start().await;
    let (mut caller, mut model, planned) = harness.live().await;
    for _ in 0..100 {
        // It may have left before the last of them.
        let _ = caller.socket.send(Message::text("nonsense")).await;
    }
    assert_eq!(caller.closed().await, Closed::With(1008));
    model.gone().await;
    let (report, _) = harness.store.report(&planned.call).await;
    assert_eq!(report.end.as_str(), "protocol");
}

/// Fault 48.
#[tokio::test]
async fn audio_without_a_start_is_no_call() {
    let harness = Harness::start().await;
    let mut caller = Caller::connect(&harness).await;
    for n in 0..100 {
        let media = caller.media_text(&frame(n));
        let _ = caller.socket.send(Message::text(media)).await;
    }
    assert_eq!(caller.closed().await, Closed::With(1008));
    assert_eq!(harness.model.accepted(), 0);
}

/// Fault 48.
#[tokio::test]
async fn a_second_start_changes_nothing() {
    let mut harness = Harness::start().await;
    let other = harness.plan();
    let (mut caller, mut model, _) = harness.live().await;
    caller.start(&other).await;
    caller.media(&frame(1)).await;
    assert_eq!(model.next_audio().await, frame(1));
    assert_eq!(harness.model.accepted(), 1, "and asks for nothing");
}

/// Fault 48.
#[tokio::test]
async fn another_streams_messages_are_not_this_calls() {
    let mut harness = Harness::start().await;
    let (mut caller, mut model, planned) = harness.live().await;
    let foreign = |text: String| text.replace(&"5".repeat(32), &"6".repeat(32));
    let media = foreign(caller.media_text(&frame(1)));
    caller.send_text(media).await;
    let spaced = foreign(caller.media_text(&frame(2))).replace("\":", "\": ");
    caller.send_text(spaced).await;
    let stop = json!({ "event": "stop", "streamSid": format!("MZ{}", "6".repeat(32)),
        "stop": { "callSid": planned.call.as_str() } });
    caller.send(&stop).await;
    caller.media(&frame(3)).await;
    assert_eq!(model.next_audio().await, frame(3));
}

/// Fault 50.
#[tokio::test]
async fn invalid_audio_never_reaches_the_model() {
    let mut harness = Harness::start().await;
    let (mut caller, mut model, _) = harness.live().await;
    let too_long = "A".repeat(40_000);
    for payload in ["", "AAA", "AA\\\"A", "@@@@", "AA==AAAA", &too_long] {
        caller.media(payload).await;
    }
    caller.media(&frame(9)).await;
    assert_eq!(model.next_audio().await, frame(9));
}

/// Fault 51.
#[tokio::test]
async fn each_breach_of_the_websocket_protocol_has_its_close_code() {
    let harness = Harness::start().await;
    let bad_text = Frame::message(vec![0xC3, 0x28], OpCode::Data(Data::Text), true);
    let cases = [
        ("far over 64 KiB", Message::text("x".repeat(512 * 1024)), 1009),
        ("not UTF-8", Message::Frame(bad_text), 1007),
    ];
    for (breach, message, code) in cases {
        let mut caller = Caller::connect(&harness).await;
        caller.socket.send(message).await.unwrap();
        assert_eq!(caller.closed().await, Closed::With(code), "{breach}");
    }
    let raw: [(&str, &[u8]); 4] = [
        ("an unmasked frame", b"\x81\x02hi"),
        ("reserved bits", b"\xF1\x82\x00\x00\x00\x00hi"),
        ("a fragmented control frame", b"\x09\x81\x00\x00\x00\x00p"),
        ("an unknown opcode", b"\x83\x80\x00\x00\x00\x00"),
    ];
    for (breach, bytes) in raw {
        let mut caller = Caller::connect(&harness).await;
        caller.socket.get_mut().write_all(bytes).await.unwrap();
        assert_eq!(caller.closed().await, Closed::With(1002), "{breach}");
    }
    assert_eq!(harness.model.accepted(), 0);
}

#[tokio::test]
async fn a_line_that_dies_without_a_stop_is_reported_as_lost() {
    let mut harness = Harness::start().await;
    let (caller, mut model, planned) = harness.live().await;
    drop(caller);
    model.gone().await;
    let (report, _) = harness.store.report(&planned.call).await;
    assert_eq!(report.end.as_str(), "caller_lost");
}
