//! People who listen to a call while it is measured.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use domain::access::KeyId;
use domain::listening::{Grant, LISTEN_PATH, PROTOCOL, TOKEN_TTL, ViewId};
use domain::token::TokenKey;
use domain::{CallSid, Timestamp};
use futures_util::StreamExt as _;
use http::{HeaderValue, header};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout_at};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::ledger::CallError;
use crate::target::{CONSOLE_ORIGIN, call_sid};

/// The call that is listened to has begun by then.
const OPEN_WITHIN: Duration = Duration::from_secs(5);
const OPEN_AGAIN: Duration = Duration::from_millis(20);

/// Listens to the first call until `ends`. Whether it was heard to the end.
pub(crate) async fn listen(
    address: SocketAddr,
    number: u32,
    key: TokenKey,
    ends: Instant,
) -> Result<(), CallError> {
    let failed = |error: &dyn std::fmt::Display| CallError::CutOff(format!("a listener: {error}"));
    let call = call_sid(0);
    let sid = CallSid::parse(&call).map_err(|error| failed(&error))?;
    let by = KeyId::parse("00000000").map_err(|error| failed(&error))?;
    let mut random = [0; 32];
    random[..4].copy_from_slice(&number.to_be_bytes());
    let until = Timestamp(i64::MAX).minus(TOKEN_TTL);
    let token = Grant { view: ViewId::of_random(&random), by, until }.token(&key, &sid);
    let deadline = Instant::now() + OPEN_WITHIN;
    let mut socket = loop {
        let stream = TcpStream::connect(address).await.map_err(|error| failed(&error))?;
        let mut request = format!("ws://{address}{LISTEN_PATH}/{call}")
            .into_client_request()
            .map_err(|error| failed(&error))?;
        let protocols = HeaderValue::try_from(format!("{PROTOCOL}, {}", token.expose()));
        let headers = request.headers_mut();
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocols.map_err(|error| failed(&error))?);
        headers.insert(header::ORIGIN, HeaderValue::from_static(CONSOLE_ORIGIN));
        match client_async(request, stream).await {
            Ok((socket, _)) => break socket,
            Err(error) if Instant::now() > deadline => return Err(failed(&error)),
            // The plan of the call is being claimed.
            Err(_) => sleep(OPEN_AGAIN).await,
        }
    };
    while let Ok(message) = timeout_at(ends.into(), socket.next()).await {
        match message {
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(failed(&error)),
            None => return Err(failed(&"it was sent away")),
        }
    }
    Ok(())
}
