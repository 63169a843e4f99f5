use domain::Secret;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::*;

/// A socket whose peer does nothing.
async fn waiting(expires_at: Option<i64>, now: Instant) -> (WarmSocket, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (peer, _) = listener.accept().await.unwrap();
    let socket = WebSocketStream::from_raw_socket(MaybeTlsStream::Plain(stream), Role::Client, None).await;
    (WarmSocket::new(Wire::new(socket, bounds()), expires_at, now), peer)
}

fn keeper() -> Keeper {
    let url = "ws://127.0.0.1:1/v1/realtime".parse().unwrap();
    let opener = Arc::new(Opener::new(url, &Secret::new("key"), vec![]).unwrap());
    let settings = WarmSettings { models: vec!["m".into()], sockets: 2 };
    WarmSockets::new(&settings, &opener).1.remove(0)
}

/// Fault 53.
#[tokio::test]
async fn one_that_does_not_answer_a_ping_is_let_go() {
    let now = Instant::now();
    let (mut socket, _peer) = waiting(None, now).await;
    assert!(socket.answers(now + PING_EVERY / 2), "none is due");
    assert!(socket.answers(now + PING_EVERY));
    assert!(!socket.answers(now + PING_EVERY * 2));
}

/// Fault 59: a call gets a session that has most of its life before it.
#[tokio::test]
async fn one_that_has_waited_long_is_let_go_and_made_up_for() {
    let (mut keeper, now) = (keeper(), Instant::now());
    let (old, _peer) = waiting(None, now - MAX_AGE).await;
    let (young, _other) = waiting(None, now).await;
    keeper.idle.extend([old, young]);
    keeper.look_after(now);
    assert_eq!(keeper.idle.len(), 1);
    keeper.refill(now);
    assert!(keeper.opening.is_some());
}

#[tokio::test]
async fn a_session_of_a_short_life_waits_for_a_share_of_it() {
    let now = Instant::now();
    let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let in_a_minute = i64::try_from(wall + 60).unwrap();
    let (socket, _peer) = waiting(Some(in_a_minute), now).await;
    let waits = socket.leaves_at - now;
    assert!((Duration::from_secs(14)..=Duration::from_secs(15)).contains(&waits), "{waits:?}");
}

#[tokio::test]
async fn failures_are_followed_by_growing_pauses_and_a_refusal_by_the_longest() {
    let (now, mut keeper) = (Instant::now(), keeper());
    let failed = || Err(ConnectError::Unreachable("?".into()));
    let mut pauses = vec![];
    for _ in 0..8 {
        keeper.opened(now, failed());
        pauses.push((keeper.not_before - now).as_secs());
        keeper.refill(now);
        assert!(keeper.opening.is_none());
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
    let (socket, _peer) = waiting(None, now).await;
    keeper.opened(now, Ok(socket));
    keeper.opened(now, failed());
    assert_eq!(keeper.not_before, now + FIRST_PAUSE);
    keeper.opened(now, Err(ConnectError::Unconfigured(ModelLoss::Fatal)));
    assert_eq!(keeper.not_before, now + MAX_PAUSE);
}

#[test]
fn what_is_kept_is_bounded_whatever_is_asked_for() {
    let url = "ws://127.0.0.1:1/v1/realtime".parse().unwrap();
    let opener = Arc::new(Opener::new(url, &Secret::new("key"), vec![]).unwrap());
    let models = (0..100).map(|n| format!("model-{n}")).collect();
    let (_, keepers) = WarmSockets::new(&WarmSettings { models, sockets: usize::MAX }, &opener);
    assert_eq!(keepers.len(), WarmSettings::MAX_MODELS);
    assert!(keepers.iter().all(|keeper| keeper.target == WarmSettings::MAX_SOCKETS));
}
