//! One Realtime socket: reads into the engine, writes what it says, and breaks when it is told to.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role as SocketRole, WebSocketConfig};
use tokio_util::sync::CancellationToken;

use super::engine::{Engine, Out, Role};
use crate::openai::inspect::{Command, Ended, Record};
use crate::openai::refusal::ApiRefusal;

/// The largest message read: 15 MiB of audio in base64, and its event around it.
const MAX_MESSAGE_BYTES: usize = 24 * 1024 * 1024;

/// How long the client has to answer a close frame.
const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// What closes a socket whose client asked for the retired beta protocol.
const BETA_CLOSE_CODE: u16 = 4_000;

type Socket = WebSocketStream<TcpStream>;

/// Runs an upgraded connection to its end.
pub(super) async fn serve(
    upgraded: OnUpgrade,
    role: Role,
    record: Arc<Record>,
    commands: mpsc::Receiver<Command>,
    beta: bool,
    shutdown: CancellationToken,
) {
    let Some(mut socket) = open(upgraded).await else { return record.ended(Ended::ClientVanished) };
    let ended = if beta {
        refuse_beta(&mut socket).await
    } else {
        let engine = Engine::open(role, record.clone(), Instant::now());
        Driver { socket: &mut socket, engine, commands, shutdown }.run().await
    };
    if ended == Ended::Reset && socket.get_ref().set_zero_linger().is_err() {
        tracing::debug!("the connection could not be reset and is closed instead");
    }
    drop(socket);
    record.ended(ended);
}

async fn open(upgraded: OnUpgrade) -> Option<Socket> {
    let parts = upgraded.await.ok()?.downcast::<TokioIo<TcpStream>>().ok()?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES));
    let (tcp, read) = (parts.io.into_inner(), parts.read_buf.to_vec());
    Some(WebSocketStream::from_partially_read(tcp, read, SocketRole::Server, Some(config)).await)
}

async fn refuse_beta(socket: &mut Socket) -> Ended {
    let message = "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.";
    let error = ApiRefusal::new("beta_api_shape_disabled", message).to_json();
    let event = json!({ "type": "error", "event_id": "event_beta", "error": error });
    match socket.send(Message::text(event.to_string())).await {
        Ok(()) => close(socket, BETA_CLOSE_CODE, "invalid_request_error.beta_api_shape_disabled").await,
        Err(_) => Ended::ClientVanished,
    }
}

struct Driver<'a> {
    socket: &'a mut Socket,
    engine: Engine,
    commands: mpsc::Receiver<Command>,
    shutdown: CancellationToken,
}

impl Driver<'_> {
    async fn run(&mut self) -> Ended {
        loop {
            if let Some(ended) = self.write().await {
                return ended;
            }
            let due = self.engine.due();
            let ended = tokio::select! {
                () = self.shutdown.cancelled() => Some(Ended::Shutdown),
                Some(command) = self.commands.recv() => self.obey(command).await,
                message = self.socket.next() => match message {
                    Some(Ok(message)) => self.read(message).await,
                    Some(Err(_)) | None => Some(Ended::ClientVanished),
                },
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.engine.tick(Instant::now());
                    None
                }
            };
            if let Some(ended) = ended {
                return ended;
            }
        }
    }

    /// Sends everything the engine has to say.
    async fn write(&mut self) -> Option<Ended> {
        while let Some(out) = self.engine.poll() {
            match out {
                Out::Event(event) => {
                    if self.socket.feed(Message::text(event.to_string())).await.is_err() {
                        return Some(Ended::ClientVanished);
                    }
                }
                Out::Close { code, reason } => return Some(close(self.socket, code, &reason).await),
                Out::Reset => return Some(self.reset().await),
                Out::Stall(pause) => self.stall(pause).await,
            }
        }
        self.socket.flush().await.is_err().then_some(Ended::ClientVanished)
    }

    async fn read(&mut self, message: Message) -> Option<Ended> {
        match message {
            Message::Text(text) => self.engine.receive(&text, Instant::now()),
            Message::Binary(_) => self.engine.receive("", Instant::now()),
            Message::Close(frame) => {
                // The reply is queued by the library; a client that is gone already does not get it.
                self.socket.flush().await.unwrap_or_default();
                return Some(Ended::ByClient(frame.map(|frame| frame.code.into())));
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
        None
    }

    async fn obey(&mut self, command: Command) -> Option<Ended> {
        match command {
            Command::Inject(event) => self.engine.inject(event),
            Command::Close { code, reason } => return Some(close(self.socket, code, &reason).await),
            Command::Reset => return Some(self.reset().await),
            Command::Stall(pause) => self.stall(pause).await,
        }
        None
    }

    /// What was sent before a reset has left this process, so that the client can read it.
    async fn reset(&mut self) -> Ended {
        self.socket.flush().await.unwrap_or_default();
        Ended::Reset
    }

    async fn stall(&mut self, pause: Duration) {
        self.socket.flush().await.unwrap_or_default();
        tokio::select! {
            () = sleep(pause) => {}
            () = self.shutdown.cancelled() => {}
        }
    }
}

async fn close(socket: &mut Socket, code: u16, reason: &str) -> Ended {
    let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
    let farewell = async {
        if socket.close(Some(frame)).await.is_ok() {
            while let Some(Ok(_)) = socket.next().await {}
        }
    };
    if timeout(CLOSE_WAIT, farewell).await.is_err() {
        tracing::debug!(code, "the client did not answer the close frame");
    }
    Ended::ByServer(code)
}
