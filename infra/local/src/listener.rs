//! The API's port: a bounded number of connections, and none that is only held open.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// A pause after `accept` failed, which means that the process is out of file descriptors.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

/// What a client may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// At one time. More wait to be accepted.
    pub(crate) connections: usize,
    /// For a request's head, and between two requests of a connection.
    pub(crate) head: Duration,
    /// For a request's body and its answer: what API Gateway waits for a function ("Quotas for HTTP APIs").
    pub(crate) request: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 512, head: Duration::from_secs(15), request: Duration::from_secs(30) }
    }
}

/// Serves `router` until `stop`, and then finishes the requests under way.
pub(crate) async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: CancellationToken) {
    let (places, open) = (Arc::new(Semaphore::new(limits.connections)), TaskTracker::new());
    let accept = async {
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let connection = connection(stream, peer, router.clone(), limits, stop.clone());
                    open.spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the API's port cannot accept");
                    tokio::time::sleep(ACCEPT_BACKOFF).await;
                }
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = accept => {}
    }
    drop(listener);
    open.close();
    open.wait().await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY refused");
    }
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = router.clone().oneshot(request);
        async move { Ok::<_, Infallible>(within(limits.request, answer).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection to the API ended early");
    }
}

/// A body that does not come, or an answer, is waited for no longer than API Gateway does.
async fn within(limit: Duration, answer: impl Future<Output = Result<Response, Infallible>>) -> Response {
    match tokio::time::timeout(limit, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "message": "Service Unavailable" })))
            .into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::post;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::task::JoinHandle;

    use super::*;

    const TIGHT: Limits =
        Limits { connections: 2, head: Duration::from_millis(200), request: Duration::from_millis(200) };

    async fn served(limits: Limits) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
        let router = Router::new().route("/", post(|body: String| async move { body }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        (address, stop.clone(), tokio::spawn(serve(listener, router, limits, stop)))
    }

    /// Sends these bytes and reads until the server closes.
    async fn answered(address: SocketAddr, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = vec![];
        let read = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut answer));
        // A reset is a close as well.
        drop(read.await.expect("the server closes what stands still"));
        String::from_utf8(answer).unwrap()
    }

    const WHOLE: &[u8] = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi";

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_head_or_a_body_that_does_not_come_holds_nothing_open() {
        let (address, stop, running) = served(TIGHT).await;
        assert!(!answered(address, b"POST / HTTP/1.1\r\nhost:").await.contains("200 OK"));
        assert!(!answered(address, b"").await.contains("200 OK"));
        let half = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 9\r\n\r\nhalf";
        assert!(answered(address, half).await.starts_with("HTTP/1.1 503"));
        assert!(answered(address, WHOLE).await.ends_with("hi"));
        stop.cancel();
        running.await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn connections_that_hold_every_place_give_way_to_others() {
        let (address, stop, running) = served(TIGHT).await;
        let mut idle = vec![];
        for _ in 0..20 {
            idle.push(TcpStream::connect(address).await.unwrap());
        }
        assert!(answered(address, WHOLE).await.ends_with("hi"));
        stop.cancel();
        running.await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_stop_waits_for_no_idle_connection() {
        let patient = Limits { head: Duration::from_secs(3_600), ..Limits::default() };
        let (address, stop, running) = served(patient).await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi").await.unwrap();
        let mut first = [0; 15];
        idle.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200 OK");
        stop.cancel();
        running.await.unwrap();
    }
}
