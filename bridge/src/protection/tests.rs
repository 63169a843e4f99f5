use std::sync::{Arc, Mutex};

use http_body_util::BodyExt as _;
use hyper::service::service_fn;
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
    tokio::spawn(hold(url, calls.subscribe()));

    calls.send_replace(1);
    let (method, path, body) = requests.recv().await.unwrap();
    assert_eq!((method, path.as_str()), (Method::PUT, "/api/task/task-protection/v1/state"));
    assert_eq!(body, r#"{"ProtectionEnabled":true,"ExpiresInMinutes":60}"#);

    calls.send_replace(7);
    calls.send_replace(0);
    assert_eq!(requests.recv().await.unwrap().2, r#"{"ProtectionEnabled":false}"#, "more calls ask nothing");
}

#[tokio::test]
async fn an_agent_that_refuses_is_told_apart_from_one_that_agrees() {
    let (url, _requests) = agent(vec![StatusCode::BAD_REQUEST]).await;
    assert!(matches!(set(&url, true).await, Err(AgentError::Status(StatusCode::BAD_REQUEST))));
    assert!(set(&url, true).await.is_ok());
}
