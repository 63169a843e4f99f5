//! A media stream towards the bridge, as its opener speaks it: Twilio, or a page that plays Twilio.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::json;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};

pub type Socket =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// What is waited for comes within this, or not at all.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Opens a WebSocket with a header that says who opens it.
///
/// # Errors
/// The bridge refuses it.
pub async fn open(url: &str, header: Option<(&'static str, &str)>) -> Result<Socket, Error> {
    let mut request = url.into_client_request()?;
    if let Some((name, value)) = header {
        request.headers_mut().insert(name, value.parse().expect("a header"));
    }
    Ok(tokio_tungstenite::connect_async(request).await?.0)
}

/// The first two messages of a stream.
pub fn hello(account: &str, call: &str, token: &str) -> [Message; 2] {
    let connected = json!({ "event": "connected", "protocol": "Call", "version": "1.0.0" });
    [Message::text(connected.to_string()), start(account, call, token)]
}

/// The message that says which call the stream is of.
pub fn start(account: &str, call: &str, token: &str) -> Message {
    let stream = stream_sid();
    let start = json!({
        "event": "start", "sequenceNumber": "1", "streamSid": stream,
        "start": {
            "streamSid": stream, "accountSid": account, "callSid": call, "tracks": ["inbound"],
            "mediaFormat": { "encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1 },
            "customParameters": { "token": token },
        },
    });
    Message::text(start.to_string())
}

pub(crate) fn stream_sid() -> String {
    format!("MZ{}", "8".repeat(32))
}

/// Waits for the end of a stream that is not let in: the code that it is closed with.
pub async fn close_code(socket: &mut Socket) -> u16 {
    let closed = async {
        while let Some(message) = socket.next().await {
            if let Ok(Message::Close(Some(frame))) = message {
                return frame.code.into();
            }
        }
        panic!("the socket ended without a close frame");
    };
    timeout(PATIENCE, closed).await.expect("it is closed")
}
