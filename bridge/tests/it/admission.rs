use std::time::Duration;

use http::{Method, Request, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{AUTH_TOKEN, Caller, Closed, Harness, Planned, STREAM_PATH, STREAM_URL, signature};

#[tokio::test]
async fn a_stream_without_twilios_signature_is_refused_before_the_upgrade() {
    let harness = Harness::start().await;
    let other_scheme = signature(AUTH_TOKEN, "https://media.harbour.example/twilio/stream");
    let other_host = signature(AUTH_TOKEN, "wss://bridge.internal/twilio/stream");
    let other_token = signature("00000000000000000000000000000000", STREAM_URL);
    for forged in [None, Some(""), Some("%%%"), Some(&*other_scheme), Some(&*other_host), Some(&*other_token)]
    {
        let refused = Caller::try_connect(&harness, forged).await.err();
        assert_eq!(refused, Some(StatusCode::FORBIDDEN), "{forged:?}");
    }
    assert!(Caller::try_connect(&harness, Some(&signature(AUTH_TOKEN, STREAM_URL))).await.is_ok());
}

#[tokio::test]
async fn only_a_signed_websocket_handshake_on_the_one_path_is_a_stream() {
    let harness = Harness::start().await;
    let signed = signature(AUTH_TOKEN, STREAM_URL);
    assert_eq!(harness.get("/").await, StatusCode::NOT_FOUND);
    assert_eq!(harness.get("/twilio/other").await, StatusCode::NOT_FOUND);
    assert_eq!(harness.get(STREAM_PATH).await, StatusCode::FORBIDDEN);
    for method in [Method::GET, Method::POST] {
        let request =
            Request::builder().method(method).uri(STREAM_PATH).header("x-twilio-signature", &signed);
        assert_eq!(harness.request(request).await, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_full_bridge_turns_streams_away_until_a_call_has_ended() {
    let mut harness = Harness::start_for(1).await;
    assert_eq!(harness.get("/ready").await, StatusCode::OK);
    let (mut caller, _model, planned) = harness.live().await;

    assert_eq!(harness.get("/ready").await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(harness.get("/health").await, StatusCode::OK);
    let signed = signature(AUTH_TOKEN, STREAM_URL);
    let refused = Caller::try_connect(&harness, Some(&signed)).await.err();
    assert_eq!(refused, Some(StatusCode::SERVICE_UNAVAILABLE));
    let forged = Caller::try_connect(&harness, None).await.err();
    assert_eq!(forged, Some(StatusCode::FORBIDDEN), "a stranger is not told how full we are");

    caller.stop(&planned).await;
    caller.closed().await;
    while harness.get("/ready").await != StatusCode::OK {
        tokio::task::yield_now().await;
    }
}

/// Fault 56.
#[tokio::test]
async fn a_token_that_proves_nothing_ends_the_stream_before_any_model_is_asked() {
    let harness = Harness::start().await;
    let (mine, other) = (harness.plan(), harness.plan());
    let missing = String::new();
    let garbage = "1.AAAA".to_owned();
    let of_another_call = other.token.clone();
    let of_another_epoch = mine.token.replacen("1.", "2.", 1);
    for token in [missing, garbage, of_another_call, of_another_epoch] {
        let mut caller = Caller::connect(&harness).await;
        caller.start(&Planned { call: mine.call.clone(), token: token.clone() }).await;
        assert_eq!(caller.closed().await, Closed::With(1008), "{token:?}");
    }
    assert_eq!(harness.model.accepted(), 0);
}

/// Fault 56.
#[tokio::test]
async fn a_token_is_good_once() {
    let mut harness = Harness::start().await;
    let (_caller, _model, planned) = harness.live().await;
    let mut second = Caller::connect(&harness).await;
    second.start(&planned).await;
    assert_eq!(second.closed().await, Closed::With(1008));
    assert_eq!(harness.model.accepted(), 1);
}

/// Fault 12. Whoever sends a byte a second holds a connection for as long as a head may take, and nobody up.
#[tokio::test]
async fn a_head_that_never_ends_is_cut_off_and_holds_nobody_up() {
    let mut harness = Harness::start().await;
    let mut slow = TcpStream::connect(harness.address).await.unwrap();
    let cut_off = async {
        let mut head = b"GET /health HTTP/1.1\r\nhost: ".iter().copied().chain(std::iter::repeat(b'a'));
        let mut answer = [0u8; 64];
        loop {
            let byte = [head.next().unwrap_or(b'a')];
            // A write may fail once the other side has gone; reading tells that it has.
            let _ = slow.write_all(&byte).await;
            if let Ok(Ok(0) | Err(_)) = timeout(Duration::from_secs(1), slow.read(&mut answer)).await {
                return;
            }
        }
    };
    let others = async {
        let (mut caller, _model, planned) = harness.live().await;
        caller.stop(&planned).await;
    };
    let (cut, ()) = tokio::join!(timeout(Duration::from_secs(120), cut_off), others);
    assert!(cut.is_ok(), "still connected");
}
