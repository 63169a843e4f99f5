//! Passes a view on to the task that carries its call.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{Empty, Full};
use hyper::client::conn::http1;
use hyper::upgrade::{self, OnUpgrade};
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Marks a request that was passed on once, so that it is not passed on again.
pub(super) const PASSED_ON: HeaderName = HeaderName::from_static("x-switchboard-passed-on");
/// Shorter than what the browser's exchange may take.
const ANSWERED_WITHIN: Duration = Duration::from_secs(3);
/// What the other task has to see of the browser's request.
const HEADERS: [HeaderName; 6] = [
    header::HOST,
    header::ORIGIN,
    header::CONNECTION,
    header::UPGRADE,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_VERSION,
];

/// Asks the task at `address` what it says to the request. After a 101 the bytes of both sides are passed on, unread.
///
/// # Errors
/// The task does not answer, or not in HTTP.
pub(super) async fn pass_on(
    request: &Request<impl Sized>,
    browser: OnUpgrade,
    address: SocketAddr,
) -> Result<Response<Full<Bytes>>, String> {
    let asked = async {
        let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        let _ = stream.set_nodelay(true);
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        tokio::spawn(connection.with_upgrades());
        let mut head = Request::new(Empty::<Bytes>::new());
        *head.uri_mut() = request.uri().path().parse().map_err(|_| "no path".to_owned())?;
        for name in HEADERS.into_iter().chain([header::SEC_WEBSOCKET_PROTOCOL]) {
            for value in request.headers().get_all(&name) {
                head.headers_mut().append(&name, value.clone());
            }
        }
        head.headers_mut().insert(PASSED_ON, HeaderValue::from_static("1"));
        sender.send_request(head).await.map_err(|error| error.to_string())
    };
    let answer = timeout(ANSWERED_WITHIN, asked).await.map_err(|_| "no answer in time".to_owned())??;
    let (parts, _) = answer.into_parts();
    let mut response = Response::new(Full::default());
    *response.status_mut() = parts.status;
    response.headers_mut().clone_from(&parts.headers);
    if parts.status == StatusCode::SWITCHING_PROTOCOLS {
        let task = upgrade::on(Response::from_parts(parts, Empty::<Bytes>::new()));
        tokio::spawn(async move {
            if let Ok((browser, task)) = tokio::try_join!(browser, task) {
                // It ends with either side, and neither needs to know how.
                let _ = copy_bidirectional(&mut TokioIo::new(browser), &mut TokioIo::new(task)).await;
            }
        });
    } else {
        // The answer's own length and connection are of the other hop.
        response.headers_mut().clear();
    }
    Ok(response)
}
