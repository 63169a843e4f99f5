//! The model's socket: Realtime events in, session inputs out, and back. Nothing outside this module knows
//! what the Realtime API's messages look like.

mod commands;
mod config;
mod configuring;
mod connector;
mod events;
mod silence;
mod warm;

use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::CallSid;
use openai::ApiError;
use openai::realtime::error_class::{CloseClass, ErrorClass};
use openai::realtime::fast::{self, FastDelta};
use openai::realtime::server_event::ServerEventError;
use openai::realtime::session::OptionalSetting;
use openai::realtime::{ServerEvent, SessionConfig};
use session::Input;
use session::input::{self, ModelAudio, ModelEvent, ModelLoss};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_tungstenite::tungstenite::error::Error as WsError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use configuring::Phase;
pub(crate) use connector::{ConnectError, Connected, ModelConnector};
use events::{model_event, response_done};
pub(crate) use warm::Keeper;
use warm::WarmSocket;

use crate::outbox::Bounds;
use crate::wire::{Received, Wire};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type ModelWire = Wire<MaybeTlsStream<TcpStream>>;

/// Caller audio that may wait for the model: by then the conversation is ten seconds behind and lost.
const OUTBOX_MAX_AUDIO_MS: u64 = 10_000;
const OUTBOX_MAX_BYTES: usize = 1024 * 1024;

/// Faults logged per socket; a model that keeps failing must not fill the log.
const MAX_LOGGED_FAULTS: u32 = 8;

pub(crate) struct ModelSocket {
    wire: ModelWire,
    call: CallSid,
    phase: Phase,
    /// When the server will end the session, in seconds since the Unix epoch, if it has said so.
    expires_at: Option<i64>,
    /// Whether anything came since the last ping.
    alive: bool,
    logged_faults: u32,
    /// Configurations that were sent.
    configurations: u32,
    /// Optional settings that the session is without, although the business has them.
    left_out: Vec<OptionalSetting>,
}

#[derive(Debug)]
pub(crate) enum ModelRead {
    Frame(Utf8Bytes),
    Lost(ModelLoss),
}

/// One frame, parsed; inputs borrow from it.
pub(crate) enum ModelFrame<'a> {
    Audio(FastDelta<'a>),
    Event(Box<ServerEvent<'a>>),
    Unreadable(ServerEventError),
}

impl ModelSocket {
    fn new(socket: Socket, call: CallSid, config: SessionConfig) -> Self {
        Self::over(Wire::new(socket, bounds()), call, config)
    }

    /// Takes over a warm session, which was created before its call: it only has to be configured.
    fn adopt(warm: WarmSocket, call: CallSid, config: SessionConfig) -> Self {
        let mut socket = Self::over(warm.wire, call, config);
        socket.expires_at = warm.expires_at;
        socket.configure();
        socket
    }

    fn over(wire: ModelWire, call: CallSid, config: SessionConfig) -> Self {
        Self {
            wire,
            call,
            phase: Phase::AwaitingCreated(Box::new(config)),
            expires_at: None,
            alive: true,
            logged_faults: 0,
            configurations: 0,
            left_out: vec![],
        }
    }

    pub(crate) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<ModelRead> {
        loop {
            match ready!(self.wire.poll_receive(cx)) {
                Received::Text(frame) => {
                    self.alive = true;
                    return Poll::Ready(ModelRead::Frame(frame));
                }
                Received::Alive | Received::Binary => self.alive = true,
                Received::Closed(code) => {
                    // The session ended for all of these; the class only says whose fault it was.
                    match CloseClass::of(code) {
                        CloseClass::Normal | CloseClass::GoingAway | CloseClass::Lost => {}
                        CloseClass::Protocol => {
                            tracing::error!(call = %self.call, code, "the model says we broke the protocol");
                        }
                    }
                    return Poll::Ready(ModelRead::Lost(ModelLoss::Transient));
                }
                Received::Broken(code) => {
                    tracing::error!(call = %self.call, %code, "the model broke the WebSocket protocol");
                    return Poll::Ready(ModelRead::Lost(ModelLoss::Transient));
                }
            }
        }
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), WsError>> {
        self.wire.poll_flush(cx)
    }

    pub(crate) fn needs_flush(&self) -> bool {
        self.wire.needs_flush()
    }

    /// Sends a ping, unless the last one was not answered: then the peer is gone.
    pub(crate) fn keep_alive(&mut self) -> Result<(), ModelLoss> {
        if !std::mem::take(&mut self.alive) {
            return Err(ModelLoss::Transient);
        }
        self.wire.ping();
        Ok(())
    }

    pub(crate) async fn close(self) {
        self.wire.close(CloseCode::Normal).await;
    }

    /// What a frame says to the session, if anything.
    pub(crate) fn input<'a>(&mut self, frame: &'a ModelFrame<'_>) -> Option<Input<'a>> {
        match frame {
            ModelFrame::Audio(delta) => Some(model(ModelEvent::Audio(ModelAudio {
                response: delta.response_id,
                item: delta.item_id,
                content_index: delta.content_index,
                payload: delta.delta,
            }))),
            ModelFrame::Event(event) => self.event(event),
            ModelFrame::Unreadable(error) => {
                self.fault(|call| tracing::warn!(%call, %error, "a model event cannot be read"));
                None
            }
        }
    }

    fn event<'a>(&mut self, event: &'a ServerEvent<'_>) -> Option<Input<'a>> {
        match event {
            ServerEvent::SessionCreated(created) => {
                self.expires_at = created.expires_at;
                self.configure();
                None
            }
            ServerEvent::SessionUpdated(echo) => {
                let Phase::AwaitingUpdated(config) = &self.phase else { return None };
                match config.verify_echo(echo) {
                    Ok(not_applied) => {
                        self.phase = Phase::Configured;
                        let lifetime = echo.expires_at.or(self.expires_at).map(until);
                        self.leaves_out(&not_applied, "not applied");
                        Some(Input::ModelReady { lifetime })
                    }
                    Err(mismatch) => {
                        tracing::error!(call = %self.call, %mismatch, "model session refused");
                        Some(Input::ModelGone(ModelLoss::Fatal))
                    }
                }
            }
            ServerEvent::Error(error) => self.error(error),
            ServerEvent::ResponseDone(response) => Some(response_done(response)),
            ServerEvent::Unknown { kind } => {
                let kind = kind.escape_default();
                self.fault(|call| tracing::warn!(%call, %kind, "unknown model event"));
                None
            }
            other => model_event(other).map(model),
        }
    }

    fn error<'a>(&mut self, error: &'a ApiError) -> Option<Input<'a>> {
        let class = error.class();
        let code = error.code.as_deref().or(error.kind.as_deref()).unwrap_or("none").escape_default();
        match class {
            ErrorClass::Benign | ErrorClass::RetryAfterActive => {}
            ErrorClass::Bug
            | ErrorClass::SessionExpired
            | ErrorClass::RateLimited
            | ErrorClass::Fatal
            | ErrorClass::Server
            | ErrorClass::Unknown => {
                self.fault(|call| tracing::warn!(%call, %code, ?class, "the model reports an error"));
            }
        }
        let event_id = error.event_id.as_deref();
        if self.answers_configuration(event_id) && class.refuses(error) {
            // Refused for good, unless it can be done without.
            let goes_on = self.configure_without(error);
            return (!goes_on).then_some(Input::ModelGone(ModelLoss::Fatal));
        }
        let class = match class {
            ErrorClass::Fatal => return Some(Input::ModelGone(ModelLoss::Fatal)),
            ErrorClass::SessionExpired => return Some(Input::ModelGone(ModelLoss::Transient)),
            ErrorClass::Bug => input::ErrorClass::Rejected,
            ErrorClass::RetryAfterActive => input::ErrorClass::ResponseActive,
            // A fault of the server passes or ends the socket; either way asking again at once is no use.
            ErrorClass::RateLimited | ErrorClass::Server => {
                input::ErrorClass::Limited { wait: error.named_wait() }
            }
            ErrorClass::Benign | ErrorClass::Unknown => input::ErrorClass::Benign,
        };
        if event_id.is_some() && self.answers_configuration(event_id) {
            return Some(Input::ModelGone(ModelLoss::Transient));
        }
        Some(model(ModelEvent::Error { class, event_id }))
    }

    fn fault(&mut self, log: impl FnOnce(&CallSid)) {
        if self.logged_faults < MAX_LOGGED_FAULTS {
            self.logged_faults += 1;
            log(&self.call);
        }
    }
}

/// The fast path first; what it does not know goes through the full parser.
pub(crate) fn parse(frame: &Utf8Bytes) -> ModelFrame<'_> {
    let frame = frame.as_str().as_bytes();
    match fast::audio_delta(frame) {
        Some(delta) => ModelFrame::Audio(delta),
        None => match ServerEvent::parse(frame) {
            Ok(event) => ModelFrame::Event(Box::new(event)),
            Err(error) => ModelFrame::Unreadable(error),
        },
    }
}

const fn model(event: ModelEvent<'_>) -> Input<'_> {
    Input::Model(event)
}

const fn bounds() -> Bounds {
    Bounds { max_audio_ms: OUTBOX_MAX_AUDIO_MS, max_bytes: OUTBOX_MAX_BYTES }
}

/// How long it is until then, by this machine's calendar; nothing if that is past.
fn until(unix_seconds: i64) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_secs(u64::try_from(unix_seconds).unwrap_or_default()).saturating_sub(now)
}

#[cfg(test)]
mod tests;
