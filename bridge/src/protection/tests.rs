use std::sync::{Arc, Mutex};

use http::Method;
use http_body_util::BodyExt as _;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;

/// An ECS agent that records what it is asked for and answers with `status`.
async fn agent(statuses: Vec<StatusCode>) -> (Url, mpsc::UnboundedReceiver<(Method, String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api/task", listener.local_addr().unwrap());
    let (asked, requests) = mpsc::unbounded_channel();
    let statuses = Arc::new(Mutex::new(statuses.into_iter()));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (asked, statuses) = (asked.clone(), Arc::clone(&statuses));
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                let (asked, statuses) = (asked.clone(), Arc::clone(&statuses));
                async move {
                    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
                    let body = request.into_body().collect().await?.to_bytes();
                    let body = String::from_utf8_lossy(&body).into_owned();
                    let status = statuses.lock().unwrap().next().unwrap_or(StatusCode::OK);
                    asked.send((method, path, body)).unwrap();
                    let mut response = http::Response::new(Full::new(Bytes::from_static(b"{}")));
                    *response.status_mut() = status;
                    Ok::<_, hyper::Error>(response)
                }
            });
            let connection =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    });
    (url.parse().unwrap(), requests)
}

#[tokio::test]
async fn the_task_is_protected_from_the_first_call_to_the_last() {
    let (url, mut requests) = agent(vec![]).await;
    let calls = watch::Sender::new(0usize);
    tokio::spawn(hold(url, calls.subscribe(), Pace::default()));

    calls.send_replace(1);
    let (method, path, body) = requests.recv().await.unwrap();
    assert_eq!((method, path.as_str()), (Method::PUT, "/api/task/task-protection/v1/state"));
    assert_eq!(body, PROTECT);

    calls.send_replace(7);
    calls.send_replace(0);
    assert_eq!(requests.recv().await.unwrap().2, RELEASE, "more calls ask nothing");
}

#[tokio::test]
async fn an_agent_that_refuses_is_told_apart_from_one_that_agrees() {
    let (url, _requests) = agent(vec![StatusCode::BAD_REQUEST]).await;
    assert!(matches!(set(&client(), &url, true).await, Err(AgentError::Status(StatusCode::BAD_REQUEST))));
    assert!(set(&client(), &url, true).await.is_ok());
}

const PROTECT: &str = r#"{"ProtectionEnabled":true,"ExpiresInMinutes":60}"#;
const RELEASE: &str = r#"{"ProtectionEnabled":false}"#;

type Requests = mpsc::UnboundedReceiver<(Method, String, String)>;

async fn next(requests: &mut Requests) -> String {
    timeout(Duration::from_secs(120), requests.recv()).await.expect("the agent is asked").unwrap().2
}

/// Long enough for a renewal that should not come.
async fn silence(requests: &mut Requests) {
    assert!(timeout(Duration::from_millis(200), requests.recv()).await.is_err(), "the agent is left alone");
}

/// Fault 63.
#[tokio::test]
async fn the_protection_is_renewed_for_as_long_as_a_call_lives_and_no_longer() {
    let (url, mut requests) = agent(vec![]).await;
    let calls = watch::Sender::new(0usize);
    let pace = Pace { renew: Duration::from_millis(20), retry: Duration::from_secs(3_600) };
    tokio::spawn(hold(url, calls.subscribe(), pace));
    silence(&mut requests).await;

    calls.send_replace(1);
    for _ in 0..10 {
        assert_eq!(next(&mut requests).await, PROTECT);
    }
    calls.send_replace(0);
    while next(&mut requests).await != RELEASE {}
    silence(&mut requests).await;
}

#[tokio::test]
async fn a_refusal_is_followed_by_another_try_long_before_the_next_renewal() {
    let agrees = [StatusCode::OK];
    let refuses = [StatusCode::BAD_REQUEST, StatusCode::INTERNAL_SERVER_ERROR].repeat(2);
    // Refused at first, and again when it is renewed.
    let answers = [&refuses[..], &agrees, &refuses, &agrees].concat();
    let asked = answers.len();
    let (url, mut requests) = agent(answers).await;
    let calls = watch::Sender::new(1usize);
    let pace = Pace { renew: Duration::from_secs(3), retry: Duration::from_millis(1) };
    let began = tokio::time::Instant::now();
    tokio::spawn(hold(url, calls.subscribe(), pace));
    for _ in 0..asked {
        assert_eq!(next(&mut requests).await, PROTECT);
    }
    // Of ten requests one is a renewal.
    assert!(began.elapsed() < pace.renew * 5, "{:?}", began.elapsed());
    calls.send_replace(0);
    assert_eq!(next(&mut requests).await, RELEASE);
}
