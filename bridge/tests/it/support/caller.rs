use futures_util::{SinkExt as _, StreamExt as _};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::Error as WsError;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::{ACCOUNT_SID, AUTH_TOKEN, Harness, Planned, STREAM_PATH, STREAM_URL, signature, soon};

/// Twilio's end of a media stream.
pub(crate) struct Caller {
    pub(crate) socket: WebSocketStream<TcpStream>,
    stream_sid: String,
    chunk: u64,
    /// What the stream's clock is ahead of its frames.
    ahead_ms: u64,
}

/// How the bridge ended a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    With(u16),
    /// Without a close frame.
    Dropped,
}

impl Caller {
    pub(crate) async fn connect(harness: &Harness) -> Self {
        Self::try_connect(harness, Some(&signature(AUTH_TOKEN, STREAM_URL))).await.unwrap()
    }

    pub(crate) async fn try_connect(harness: &Harness, signature: Option<&str>) -> Result<Self, StatusCode> {
        let headers: Vec<_> = signature.iter().map(|signature| ("x-twilio-signature", *signature)).collect();
        Self::try_connect_with(harness, &headers).await
    }

    pub(crate) async fn try_connect_with(
        harness: &Harness,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, StatusCode> {
        let stream = TcpStream::connect(harness.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let url = format!("ws://{}{STREAM_PATH}", harness.address);
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match soon("the upgrade", client_async(request, stream)).await {
            Ok((socket, _)) => {
                let mut caller =
                    Self { socket, stream_sid: format!("MZ{}", "5".repeat(32)), chunk: 0, ahead_ms: 0 };
                caller.send(&json!({ "event": "connected", "protocol": "Call", "version": "1.0.0" })).await;
                Ok(caller)
            }
            Err(WsError::Http(response)) => Err(response.status()),
            Err(error) => panic!("no upgrade and no refusal: {error}"),
        }
    }

    pub(crate) async fn start(&mut self, planned: &Planned) {
        let start = self.start_message(planned.call.as_str(), &planned.token);
        self.send(&start).await;
    }

    pub(crate) fn start_message(&self, call: &str, token: &str) -> Value {
        json!({
            "event": "start", "sequenceNumber": "1", "streamSid": self.stream_sid,
            "start": {
                "streamSid": self.stream_sid, "accountSid": ACCOUNT_SID, "callSid": call,
                "tracks": ["inbound"],
                "mediaFormat": { "encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1 },
                "customParameters": { "token": token }
            }
        })
    }

    /// 20 ms of audio, in Twilio's own words; the timestamp follows from the chunk.
    pub(crate) fn media_text(&mut self, payload: &str) -> String {
        self.chunk += 1;
        let (chunk, sid) = (self.chunk, &self.stream_sid);
        format!(
            r#"{{"event":"media","sequenceNumber":"{}","streamSid":"{sid}","media":{{"track":"inbound","chunk":"{chunk}","timestamp":"{}","payload":"{payload}"}}}}"#,
            chunk + 1,
            (chunk - 1) * 20 + self.ahead_ms,
        )
    }

    /// The stream's clock goes on without a frame.
    pub(crate) fn jump(&mut self, seconds: u64) {
        self.ahead_ms += seconds * 1_000;
    }

    pub(crate) async fn media(&mut self, payload: &str) {
        let text = self.media_text(payload);
        self.send_text(text).await;
    }

    pub(crate) async fn mark(&mut self, name: &str) {
        let mark = json!({
            "event": "mark", "sequenceNumber": "9", "streamSid": self.stream_sid, "mark": { "name": name }
        });
        self.send(&mark).await;
    }

    pub(crate) async fn stop(&mut self, planned: &Planned) {
        let stop = json!({
            "event": "stop", "sequenceNumber": "99", "streamSid": self.stream_sid,
            "stop": { "accountSid": ACCOUNT_SID, "callSid": planned.call.as_str() }
        });
        self.send(&stop).await;
    }

    pub(crate) async fn send(&mut self, message: &Value) {
        self.send_text(message.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.unwrap();
    }

    /// The next message of the bridge.
    pub(crate) async fn next(&mut self) -> Value {
        let what = "a message to the caller";
        loop {
            match soon(what, self.socket.next()).await {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    assert_eq!(message["streamSid"], self.stream_sid.as_str(), "31951: the wrong stream");
                    return message;
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("expected {what}, got {other:?}"),
            }
        }
    }

    /// The payload of the next message, which must be audio.
    pub(crate) async fn next_audio(&mut self) -> String {
        let message = self.next().await;
        assert_eq!(message["event"], "media", "{message}");
        message["media"]["payload"].as_str().unwrap().to_owned()
    }

    /// The name of the next message, which must be a mark.
    pub(crate) async fn next_mark(&mut self) -> String {
        let message = self.next().await;
        assert_eq!(message["event"], "mark", "{message}");
        message["mark"]["name"].as_str().unwrap().to_owned()
    }

    /// Reads to the end and says how the bridge closed.
    pub(crate) async fn closed(&mut self) -> Closed {
        let mut closed = Closed::Dropped;
        soon("the end of the stream", async {
            while let Some(Ok(message)) = self.socket.next().await {
                if let Message::Close(Some(frame)) = message {
                    closed = Closed::With(frame.code.into());
                }
            }
        })
        .await;
        closed
    }
}
