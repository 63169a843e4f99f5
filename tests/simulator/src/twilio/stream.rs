//! The Media Streams client: `<Connect><Stream>` from the upgrade to the close (Twilio Media Streams docs).

mod incoming;
mod outgoing;
mod target;

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use self::incoming::Incoming;
use self::outgoing::Outgoing;
use super::account::Account;
use super::call::{CallState, post};
use super::events::{CallEventKind, StreamEnd, WebhookKind};
use super::line::Line;
use super::signature::{SIGNATURE_HEADER, sign_url};
use super::spec::{TwimlSource, UpgradeSignature};
use super::twiml::StreamNoun;
use super::webhooks::Webhook;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the server may take to answer a close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The largest message taken from the server, in bytes: a minute of audio and more.
const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Runs a stream until it ends. Dropping the future is the call moving on: the server is sent `stop`.
pub(crate) async fn run(
    account: &Arc<Account>,
    call: &Arc<CallState>,
    noun: &StreamNoun,
    base: Option<&Url>,
    status_callback: Option<TwimlSource>,
) -> StreamEnd {
    let stream_sid = format!("MZ{}", Uuid::new_v4().simple());
    let session = Session {
        account: Arc::clone(account),
        call: Arc::clone(call),
        name: noun.name.clone().unwrap_or_else(|| stream_sid.clone()),
        stream_sid,
        parameters: noun.parameters.clone(),
        status_callback,
    };
    let target = match target::resolve(noun, base) {
        Ok(target) => target,
        Err(problem) => {
            session.failed(problem.code(), &problem.to_string());
            return StreamEnd::NotOpened;
        }
    };
    if target.query_dropped {
        call.debugger(31920, "the query string of the stream's URL was dropped");
    }
    let moved_on = CancellationToken::new();
    let _leave = Leave { moved_on: moved_on.clone(), line: call.line.clone() };
    let (ended, end) = oneshot::channel();
    call.streams().spawn(async move {
        let end = Box::pin(session.live(&target.url, &moved_on)).await;
        // The end of this stream is not waited for once the call has moved on.
        let _ = ended.send(end);
    });
    end.await.unwrap_or(StreamEnd::NotOpened)
}

/// Frees the line at the very moment the stream is left, so that nothing of it is heard afterwards.
struct Leave {
    moved_on: CancellationToken,
    line: Line,
}

impl Drop for Leave {
    fn drop(&mut self) {
        self.line.detach();
        self.moved_on.cancel();
    }
}

struct Session {
    account: Arc<Account>,
    call: Arc<CallState>,
    stream_sid: String,
    name: String,
    parameters: Vec<(String, String)>,
    status_callback: Option<TwimlSource>,
}

impl Session {
    async fn live(&self, url: &str, moved_on: &CancellationToken) -> StreamEnd {
        let opened = tokio::select! {
            () = moved_on.cancelled() => return StreamEnd::NotOpened,
            opened = self.open(url) => opened,
        };
        let socket = match opened {
            Ok(socket) => socket,
            Err((code, message)) => {
                self.failed(code, &message);
                return StreamEnd::NotOpened;
            }
        };
        let (end, dropped_messages) = self.converse(socket, moved_on).await;
        self.call.line.log(CallEventKind::StreamClosed { end, dropped_messages });
        match end {
            StreamEnd::Broken => self.report("stream-error", Some("31921")),
            StreamEnd::ClosedByServer | StreamEnd::CallMovedOn | StreamEnd::NotOpened => {
                self.report("stream-stopped", None);
            }
        }
        end
    }

    async fn open(&self, url: &str) -> Result<Socket, (u32, String)> {
        let malformed = |error: Error| (31923, error.to_string());
        let mut request = url.into_client_request().map_err(malformed)?;
        let token = &self.account.signing_token();
        let signature = match self.call.spec.faults.stream.upgrade {
            UpgradeSignature::Correct => Some(sign_url(token, url)),
            UpgradeSignature::Wrong => Some(sign_url("another account's token", url)),
            UpgradeSignature::Missing => None,
        };
        if let Some(value) = signature.and_then(|text| HeaderValue::from_str(&text).ok()) {
            request.headers_mut().insert(SIGNATURE_HEADER, value);
        }
        let config = WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE_BYTES));
        let connecting = connect_async_with_config(request, Some(config), true);
        match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(Ok((socket, _))) => Ok(socket),
            Ok(Err(error)) => Err(connect_error(&error)),
            Err(_) => Err((31901, "the server did not answer the connect in time".to_owned())),
        }
    }

    async fn converse(&self, socket: Socket, moved_on: &CancellationToken) -> (StreamEnd, u32) {
        let (mut sink, mut source) = socket.split();
        let faults = &self.call.spec.faults.stream;
        let mut outgoing = Outgoing::new(&self.stream_sid, faults.inject.clone());
        let (listener, heard) = self.call.line.listen();
        let mut incoming = Incoming::new(&self.call, listener, &self.stream_sid, faults.stall);
        let greeting =
            outgoing.greet(&mut sink, &self.account.config.account_sid, &self.call.sid, &self.parameters);
        if greeting.await.is_err() {
            return (StreamEnd::Broken, 0);
        }
        self.call.line.log(CallEventKind::StreamOpened { stream_sid: self.stream_sid.clone() });
        self.report("stream-started", None);
        let breaks = async {
            match faults.break_after {
                Some(after) => tokio::time::sleep(after).await,
                None => std::future::pending().await,
            }
        };
        let end = tokio::select! {
            biased;
            () = moved_on.cancelled() => StreamEnd::CallMovedOn,
            () = breaks => return (StreamEnd::Broken, incoming.dropped_messages),
            end = incoming.follow(&mut source, Instant::now()) => end,
            end = async {
                outgoing.follow(&mut sink, heard).await;
                // What cannot be written to may still have a close frame to read.
                std::future::pending().await
            } => end,
        };
        if end != StreamEnd::CallMovedOn {
            self.call.line.detach();
        }
        let goodbye = async {
            if end == StreamEnd::CallMovedOn {
                outgoing.stop(&mut sink, &self.account.config.account_sid, &self.call.sid).await?;
            }
            sink.send(Message::Close(None)).await?;
            while source.next().await.transpose()?.is_some() {}
            Ok::<(), Error>(())
        };
        // A server that does not take its leave is left without.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, goodbye).await;
        (end, incoming.dropped_messages)
    }

    fn failed(&self, code: u32, message: &str) {
        self.call.debugger(code, message);
        self.report("stream-error", Some(message));
    }

    fn report(&self, event: &str, error: Option<&str>) {
        let Some(TwimlSource::Url { url, get }) = self.status_callback.clone() else { return };
        let mut params = vec![
            ("AccountSid", self.account.config.account_sid.clone()),
            ("CallSid", self.call.sid.clone()),
            ("StreamSid", self.stream_sid.clone()),
            ("StreamName", self.name.clone()),
            ("StreamEvent", event.to_owned()),
            ("Timestamp", self.account.config.now().to_string()),
        ];
        if let Some(error) = error {
            params.push(("StreamError", error.to_owned()));
        }
        let params = params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let webhook = Webhook::new(WebhookKind::StreamStatus, url, get, params);
        let (account, call) = (Arc::clone(&self.account), Arc::clone(&self.call));
        self.account.spawn(async move {
            // A callback that fails is in the log and has no other effect.
            let _ = post(&account, &call, &webhook).await;
        });
    }
}

fn connect_error(error: &Error) -> (u32, String) {
    let code = match error {
        Error::Io(io) if io.kind() == std::io::ErrorKind::ConnectionRefused => 31902,
        Error::Tls(_) => 31910,
        Error::Url(_) => 31923,
        _ => 31920,
    };
    (code, format!("the WebSocket was not opened: {error}"))
}
