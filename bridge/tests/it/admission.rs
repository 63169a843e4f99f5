use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::Secret;
use http::{Method, Request, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use twilio::signature::Algorithm;

use crate::framing::frame;
use crate::support::{
    ACCOUNT_SID, AUTH_TOKEN, Caller, Closed, Harness, Planned, STREAM_PATH, STREAM_URL, signature,
    signature_by, soon,
};

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

/// As webhooks are, if the account has such keys: each by its id, and both while one is rotated.
#[tokio::test]
async fn an_upgrade_may_be_signed_with_a_shared_key_that_is_configured() {
    let keys = [("k1", "the-older-key"), ("k2", "the-newer-key")];
    let harness = Harness::start_with(|settings| {
        settings.twilio_webhook_keys = keys.map(|(id, key)| (id.to_owned(), Secret::new(key))).into();
    })
    .await;
    let connect = async |id: &str, key: &str| {
        let signed = signature_by(Algorithm::HmacSha256, key, STREAM_URL);
        let settings = format!("algorithm=HMAC_SHA256,key={id}");
        let headers =
            [("x-twilio-signature", &*signed), ("x-twilio-webhooks-signature-settings", &*settings)];
        Caller::try_connect_with(&harness, &headers).await.err()
    };
    for (id, key) in keys {
        assert_eq!(connect(id, key).await, None, "{id}");
    }
    for (id, key) in
        [("k1", "the-newer-key"), ("k3", "the-older-key"), ("k1", AUTH_TOKEN), ("", "the-older-key")]
    {
        assert_eq!(connect(id, key).await, Some(StatusCode::FORBIDDEN), "{id} {key}");
    }
    let by_the_auth_token = Caller::try_connect(&harness, Some(&signature(AUTH_TOKEN, STREAM_URL))).await;
    assert!(by_the_auth_token.is_ok(), "the auth token goes on being good");
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

/// Found by attacking it. A subaccount's stream names the subaccount; its call is not ours, whatever token it has.
#[tokio::test]
async fn a_stream_of_another_account_is_refused_and_claims_nothing() {
    let mut harness = Harness::start().await;
    let planned = harness.plan();
    for other in [format!("AC{}", "0".repeat(32)), ACCOUNT_SID.replace('7', "8")] {
        let mut caller = Caller::connect(&harness).await;
        let mut start = caller.start_message(planned.call.as_str(), &planned.token);
        start["start"]["accountSid"] = other.as_str().into();
        caller.send(&start).await;
        assert_eq!(caller.closed().await, Closed::With(1008), "{other}");
    }
    assert_eq!(harness.model.accepted(), 0);

    // The plan is still there to be claimed.
    let mut caller = Caller::connect(&harness).await;
    caller.start(&planned).await;
    harness.model.accept().await.configure().await;
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

/// Fault 12. A peer that sends a byte a second keeps its connection for the time of a head; others are served.
#[tokio::test]
async fn a_head_that_never_ends_is_cut_off_and_holds_no_one_up() {
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

/// More half-open connections than a task has places for anything.
const LYING: usize = 1_100;

/// A connection that says nothing, or begins to; once it was shown out it comes again, after a moment.
async fn lies_there(bridge: SocketAddr, head: &'static [u8], lying: Arc<AtomicUsize>) {
    loop {
        let mut stream = TcpStream::connect(bridge).await.unwrap();
        stream.write_all(head).await.unwrap();
        lying.fetch_add(1, Ordering::SeqCst);
        let mut answer = [0u8; 64];
        while let Ok(1..) = stream.read(&mut answer).await {}
        lying.fetch_sub(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Found by attacking it. Fault 12.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_half_open_connections_keep_neither_a_call_nor_a_health_check_out() {
    // Both ends of all of them are this process's.
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let mut harness = Harness::start().await;
    let (lying, mut peers) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
    for n in 0..LYING {
        let head: &[u8] = if n % 2 == 0 { b"" } else { b"GET /health HTTP/1.1\r\nhost: " };
        peers.spawn(lies_there(harness.address, head, Arc::clone(&lying)));
    }
    soon("so many connections that no place is left", async {
        while lying.load(Ordering::SeqCst) < 400 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    // Each would wait for a place to be given up if it had to, and all of them for far longer than a caller waits.
    soon("health checks and calls", async {
        for n in 0..20 {
            assert_eq!(harness.get("/health").await, StatusCode::OK);
            let (mut caller, mut model, planned) = harness.live().await;
            caller.media(&frame(n)).await;
            assert_eq!(model.next_audio().await, frame(n));
            caller.stop(&planned).await;
            assert_eq!(caller.closed().await, Closed::With(1000));
        }
    })
    .await;
    assert!(peers.try_join_next().is_none(), "they are all still at it");
}
