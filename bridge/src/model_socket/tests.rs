use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use proptest::prelude::*;
use tokio_tungstenite::tungstenite;

use super::*;

/// A socket as it is after the upgrade, whose peer does nothing; and a plan for it.
async fn socket() -> (ModelSocket, TcpStream) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (peer, _) = listener.accept().await.unwrap();
    let stream = MaybeTlsStream::Plain(stream);
    let socket = WebSocketStream::from_raw_socket(stream, tungstenite::protocol::Role::Client, None).await;
    let call = CallSid::parse(&format!("CA{}", "1".repeat(32))).unwrap();
    (ModelSocket::new(socket, call, SessionConfig::phone().build().unwrap()), peer)
}

/// Fault 53.
#[tokio::test]
async fn a_model_that_does_not_answer_a_ping_is_gone() {
    let (mut model, _peer) = socket().await;
    assert_eq!(model.keep_alive(), Ok(()));
    assert_eq!(model.keep_alive(), Err(ModelLoss::Transient));
}

/// Fault 59.
#[tokio::test]
async fn a_session_says_how_long_it_will_last() {
    let config = SessionConfig::phone().build().unwrap();
    let lifetime = |expires_at: &str| format!(r#""expires_at":{expires_at},"#);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for (expires_at, expected) in [
        (lifetime(&(now + 3_600).to_string()), 3_590..=3_600),
        (lifetime(&(now - 10).to_string()), 0..=0),
        (lifetime("-1"), 0..=0),
    ] {
        let (mut model, _peer) = socket().await;
        let created = Utf8Bytes::from(format!(
            r#"{{"type":"session.created","session":{{{expires_at}"type":"realtime"}}}}"#
        ));
        assert!(model.input(&parse(&created)).is_none());
        let echo = serde_json::to_string(&config).unwrap();
        let updated = Utf8Bytes::from(format!(r#"{{"type":"session.updated","session":{echo}}}"#));
        let Some(Input::ModelReady { lifetime: Some(lifetime) }) = model.input(&parse(&updated)) else {
            unreachable!("the echo is what was asked for")
        };
        assert!(expected.contains(&lifetime.as_secs()), "{lifetime:?}");
    }
}

#[tokio::test]
async fn each_class_of_error_has_its_consequence() {
    use input::ErrorClass::{Benign, RateLimited, Rejected, ResponseActive};
    let cases = [
        ("response_cancel_not_active", Ok(Benign)),
        ("never_seen_before", Ok(Benign)),
        ("conversation_already_has_active_response", Ok(ResponseActive)),
        ("rate_limit_exceeded", Ok(RateLimited)),
        ("server_error", Ok(RateLimited)),
        ("invalid_value", Ok(Rejected)),
        ("session_expired", Err(ModelLoss::Transient)),
        ("insufficient_quota", Err(ModelLoss::Fatal)),
    ];
    let (mut model, _peer) = socket().await;
    for (code, expected) in cases {
        let frame = Utf8Bytes::from(format!(
            r#"{{"type":"error","error":{{"type":"x","code":"{code}","message":"","event_id":"ours"}}}}"#
        ));
        let parsed = parse(&frame);
        let consequence = match model.input(&parsed) {
            Some(Input::Model(ModelEvent::Error { class, event_id: Some("ours") })) => Ok(class),
            Some(Input::ModelGone(loss)) => Err(loss),
            _ => unreachable!("{code} has no consequence"),
        };
        assert_eq!(consequence, expected, "{code}");
    }
}

proptest! {
    #[test]
    fn silence_is_so_many_samples_of_mu_law_zero(bytes in 0usize..2_000) {
        prop_assert_eq!(BASE64.decode(mulaw_silence(bytes)).unwrap(), vec![0xFF; bytes]);
    }
}

#[test]
fn a_frame_the_fast_path_knows_and_one_it_does_not_say_the_same() {
    let compact = r#"{"type":"response.output_audio.delta","response_id":"r","item_id":"i","content_index":0,"delta":"//8="}"#;
    let escaped = compact.replace("//8=", r"\/\/8=");
    for text in [compact.to_owned(), escaped] {
        let frame = Utf8Bytes::from(text);
        let (response, item, payload) = match parse(&frame) {
            ModelFrame::Audio(delta) => {
                (delta.response_id.to_owned(), delta.item_id.to_owned(), delta.delta.to_owned())
            }
            ModelFrame::Event(event) => match *event {
                ServerEvent::OutputAudioDelta(delta) => (
                    delta.response_id.into_owned(),
                    delta.item_id.into_owned(),
                    delta.delta.as_bytes().to_owned(),
                ),
                other => unreachable!("{other:?}"),
            },
            ModelFrame::Unreadable => unreachable!("{frame} is an event"),
        };
        assert_eq!((response.as_str(), item.as_str(), payload.as_slice()), ("r", "i", b"//8=".as_slice()));
    }
}
