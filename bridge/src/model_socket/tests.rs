use tokio_tungstenite::tungstenite;

use super::configuring::MAX_CONFIGURATIONS;
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
    use input::ErrorClass::{Benign, Limited, Rejected, ResponseActive};
    let limited = Limited { wait: None };
    let cases = [
        ("response_cancel_not_active", Ok(Benign)),
        ("never_seen_before", Ok(Benign)),
        ("conversation_already_has_active_response", Ok(ResponseActive)),
        ("rate_limit_exceeded", Ok(limited)),
        ("slow_down", Ok(limited)),
        ("server_is_overloaded", Ok(limited)),
        ("server_error", Ok(limited)),
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
            ModelFrame::Unreadable(_) => unreachable!("{frame} is an event"),
        };
        assert_eq!((response.as_str(), item.as_str(), payload.as_slice()), ("r", "i", b"//8=".as_slice()));
    }
}

/// A session that was created and is being configured.
async fn configuring() -> (ModelSocket, TcpStream) {
    let (mut model, peer) = socket().await;
    model.phase = Phase::AwaitingCreated(Box::new(config::session_config(&crate::testing::plan()).unwrap()));
    assert!(told(&mut model, r#"{"type":"session.created","session":{}}"#).is_none());
    (model, peer)
}

/// What a frame means: that the session is ready, or lost; nothing that a conversation is made of comes before it.
fn told(model: &mut ModelSocket, frame: &str) -> Option<Result<(), ModelLoss>> {
    let frame = Utf8Bytes::from(frame.to_owned());
    match model.input(&parse(&frame))? {
        Input::ModelReady { .. } => Some(Ok(())),
        Input::ModelGone(loss) => Some(Err(loss)),
        _ => None,
    }
}

/// The session that is asked for at present.
fn asked(model: &ModelSocket) -> serde_json::Value {
    match &model.phase {
        Phase::AwaitingUpdated(config) => serde_json::to_value(config).unwrap(),
        Phase::AwaitingCreated(_) | Phase::Configured => panic!("nothing is being asked for"),
    }
}

fn refusal(attempt: u32, fields: &str) -> String {
    format!(
        r#"{{"type":"error","error":{{"type":"invalid_request_error","message":"No.",{fields},"event_id":"configure-{attempt}"}}}}"#
    )
}

/// Case C07. Case B07.
#[tokio::test]
async fn what_is_refused_is_left_out_and_the_session_is_configured_without_it() {
    let (mut model, _peer) = configuring().await;
    let languages = r#""code":"invalid_value","param":"session.audio.input.transcription.languages""#;
    assert!(told(&mut model, &refusal(1, languages)).is_none());
    assert_eq!(asked(&model)["audio"]["input"]["transcription"]["languages"], serde_json::Value::Null);
    // The same refusal again, as a copy of it would be, is not one of the second attempt.
    assert!(told(&mut model, &refusal(1, languages)).is_none());
    assert_eq!(model.configurations, 2);
    let voice = r#""code":"never_seen_before","param":"voice""#;
    assert!(told(&mut model, &refusal(2, voice)).is_none());
    let echo = format!(r#"{{"type":"session.updated","session":{}}}"#, asked(&model));
    assert_eq!(told(&mut model, &echo), Some(Ok(())));
    assert_eq!(model.left_out().collect::<Vec<_>>(), ["transcription_language", "voice"]);
}

/// Case C07: what is essential stays fatal, and so does a model that takes nothing.
#[tokio::test]
async fn a_configuration_is_given_up_where_nothing_can_be_left_out() {
    let (mut model, _peer) = configuring().await;
    let tools = r#""code":"invalid_value","param":"session.tools[0].parameters""#;
    assert_eq!(told(&mut model, &refusal(1, tools)), Some(Err(ModelLoss::Fatal)));

    for params in [
        &["session"][..],
        &["language", "keywords", "model", "model", "model", "model"],
        &["voice", "voice", "voice"],
        &["a", "b", "c", "d", "e", "f"],
        &["voice", "languages", "keywords", "turn_detection", "model", "model", "model"],
    ] {
        let (mut model, _peer) = configuring().await;
        let mut given_up = None;
        for attempt in 1..=MAX_CONFIGURATIONS {
            let param = params[(attempt as usize - 1).min(params.len() - 1)];
            let fields = format!(r#""code":"invalid_value","param":"{param}""#);
            given_up = told(&mut model, &refusal(attempt, &fields));
            if given_up.is_some() {
                break;
            }
        }
        assert_eq!(given_up, Some(Err(ModelLoss::Fatal)), "{params:?}");
        assert!(model.configurations <= MAX_CONFIGURATIONS);
    }
}

/// A server that says of itself that it is busy has not refused the configuration.
#[tokio::test]
async fn only_a_refusal_leaves_something_out() {
    for (fields, loss) in [
        (r#""code":"server_error""#, ModelLoss::Transient),
        (r#""code":"rate_limit_exceeded""#, ModelLoss::Transient),
        (r#""code":"insufficient_quota","param":"voice""#, ModelLoss::Fatal),
    ] {
        let (mut model, _peer) = configuring().await;
        assert_eq!(told(&mut model, &refusal(1, fields)), Some(Err(loss)), "{fields}");
        assert_eq!(model.left_out().count(), 0);
    }
}

/// Case C07: some servers do not say which event they refuse; before the conversation there is only one.
#[tokio::test]
async fn a_refusal_without_an_event_id_is_of_the_configuration() {
    let (mut model, _peer) = configuring().await;
    let frame = r#"{"type":"error","error":{"type":"invalid_request_error","code":"unknown_parameter",
        "message":"Unknown parameter: 'session.audio.input.transcription.keywords'."}}"#;
    assert!(told(&mut model, frame).is_none());
    assert_eq!(asked(&model)["audio"]["input"]["transcription"]["keywords"], serde_json::Value::Null);
}
