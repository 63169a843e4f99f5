//! The model's socket: Realtime events in, session inputs out, and back. Nothing outside this module knows
//! what the Realtime API's messages look like.

mod config;
mod connector;
mod events;
mod silence;
mod warm;

use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::{CallSid, Speaker};
use openai::realtime::error_class::{CloseClass, ErrorClass};
use openai::realtime::fast::{self, FastDelta};
use openai::realtime::server_event::ServerEventError;
use openai::realtime::session::{OptionalSetting, ToolChoice};
use openai::realtime::{ClientEvent, NewItem, ResponseCreate, ServerEvent, SessionConfig, client_event};
use openai::{ApiError, Metadata, PrivateText};
use platform::telemetry::{Unit, metric};
use session::Input;
use session::input::{self, ModelAudio, ModelEvent, ModelLoss};
use session::output::{ModelCommand, Past};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_tungstenite::tungstenite::error::Error as WsError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

pub(crate) use connector::{ConnectError, Connected, ModelConnector};
use events::{REASON_KEY, model_event, response_done};
pub(crate) use warm::Keeper;
use warm::WarmSocket;

use crate::outbox::{Bounds, Overflow};
use crate::scratch;
use crate::wire::{Received, Wire};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type ModelWire = Wire<MaybeTlsStream<TcpStream>>;

/// Caller audio that may wait for the model: by then the conversation is ten seconds behind and lost.
const OUTBOX_MAX_AUDIO_MS: u64 = 10_000;
const OUTBOX_MAX_BYTES: usize = 1024 * 1024;

/// Begins the `event_id` of the configuration, behind which comes its number: an `error` that carries the last one
/// means that nothing was applied.
const CONFIGURE: &str = "configure-";
/// How often a session is configured: each time without what was refused, the last time without all that is optional.
/// Every attempt is a round trip, and the caller hears nothing meanwhile.
const MAX_CONFIGURATIONS: u32 = 5;
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

/// The order that the GA documentation prescribes: no audio before the configuration was echoed.
enum Phase {
    AwaitingCreated(Box<SessionConfig>),
    AwaitingUpdated(Box<SessionConfig>),
    Configured,
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

    /// The optional settings that the model did not take.
    fn left_out(&self) -> impl Iterator<Item = &'static str> {
        self.left_out.iter().map(|setting| setting.as_str())
    }

    /// Carries the socket to where its session is what was asked for, and says how long that will last.
    async fn configured(&mut self) -> Result<Option<Duration>, ModelLoss> {
        loop {
            let read = poll_fn(|cx| {
                if self.needs_flush()
                    && let Poll::Ready(Err(_)) = self.poll_flush(cx)
                {
                    return Poll::Ready(ModelRead::Lost(ModelLoss::Transient));
                }
                self.poll_receive(cx)
            });
            let frame = match read.await {
                ModelRead::Frame(frame) => frame,
                ModelRead::Lost(loss) => return Err(loss),
            };
            // There is no conversation yet that anything else could be part of.
            if let Some(input) = self.input(&parse(&frame)) {
                if let Input::ModelReady { lifetime } = input {
                    return Ok(lifetime);
                } else if let Input::ModelGone(loss) = input {
                    return Err(loss);
                }
            }
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

    fn configure(&mut self) {
        let phase = std::mem::replace(&mut self.phase, Phase::Configured);
        self.phase = match phase {
            Phase::AwaitingCreated(config) => {
                self.send_config(&config);
                Phase::AwaitingUpdated(config)
            }
            other => other,
        };
    }

    fn send_config(&mut self, config: &SessionConfig) {
        self.configurations += 1;
        let event_id = format!("{CONFIGURE}{}", self.configurations);
        let update = ClientEvent::SessionUpdate { session: config }.to_json(Some(&event_id));
        // The first message of an empty outbox: only instructions beyond every bound cannot fit, and
        // then the session's deadline for the echo ends the call.
        if let Err(overflow) = self.wire.outbox.push_control(&update) {
            tracing::error!(call = %self.call, %overflow, "the instructions are too long to be sent");
        }
    }

    /// Configures again without what was refused. False if that is essential, or nothing is left to do without.
    fn configure_without(&mut self, refusal: &ApiError) -> bool {
        let Phase::AwaitingUpdated(mut config) = std::mem::replace(&mut self.phase, Phase::Configured) else {
            return false;
        };
        let left_out = match self.configurations {
            MAX_CONFIGURATIONS.. => vec![],
            attempts if attempts + 1 == MAX_CONFIGURATIONS => {
                // A last attempt that names something essential is no use either.
                match config.leave_out(refusal) {
                    named if named.is_empty() => named,
                    named => [named, config.leave_out_all()].concat(),
                }
            }
            _ => config.leave_out(refusal),
        };
        if !left_out.is_empty() {
            let code = refusal.code.as_deref().or(refusal.kind.as_deref()).unwrap_or("none");
            self.leaves_out(&left_out, code);
            self.send_config(&config);
        }
        self.phase = Phase::AwaitingUpdated(config);
        !left_out.is_empty()
    }

    /// The author of the settings has to hear of it: the agent works, but not as they wanted.
    fn leaves_out(&mut self, settings: &[OptionalSetting], code: &str) {
        for setting in settings {
            if self.left_out.contains(setting) {
                continue;
            }
            self.left_out.push(*setting);
            let (call, setting, code) = (&self.call, setting.as_str(), code.escape_default());
            tracing::warn!(%call, setting, %code, "the model refuses an optional setting");
            metric("ModelSettingsRefused", 1.0, Unit::Count, &[("Setting", setting)]);
        }
    }

    /// Whether an error answers the configuration that was sent last. In this phase nothing else was sent.
    fn answers_configuration(&self, event_id: Option<&str>) -> bool {
        let last = |id: &str| id.strip_prefix(CONFIGURE) == Some(self.configurations.to_string().as_str());
        matches!(self.phase, Phase::AwaitingUpdated(_)) && event_id.is_none_or(last)
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

    /// Caller audio, spliced without decoding.
    pub(crate) fn append(&mut self, payload: &[u8]) -> Result<(), Overflow> {
        scratch::with(|frame| {
            client_event::append_into(frame, payload);
            self.wire.outbox.push_audio(frame, payload.len())
        })
    }

    /// What the model has no room for is left out.
    pub(crate) fn append_silence(&mut self, silence: Duration) {
        for payload in silence::pieces(silence) {
            scratch::with(|frame| {
                client_event::append_into(frame, &payload);
                self.wire.outbox.push_padding(frame, payload.len());
            });
        }
    }

    pub(crate) fn command(&mut self, command: ModelCommand) -> Result<(), Overflow> {
        let json = match command {
            ModelCommand::CreateResponse { reason, instructions, tools, event_id } => {
                let response = ResponseCreate {
                    instructions: instructions.map(PrivateText::from),
                    // The pair is far below OpenAI's limits, which is all that can be wrong with one.
                    tool_choice: (!tools).then_some(ToolChoice::None),
                    metadata: Metadata::default().with(REASON_KEY, reason.as_str()).unwrap_or_default(),
                    ..ResponseCreate::default()
                };
                ClientEvent::ResponseCreate { response: &response }.to_json(Some(&event_id))
            }
            ModelCommand::CancelResponse { response } => {
                ClientEvent::ResponseCancel { response_id: Some(&response) }.to_json(None)
            }
            ModelCommand::Truncate { item, content_index, audio_end_ms } => {
                let audio_end_ms = u64::from(audio_end_ms);
                ClientEvent::ItemTruncate { item_id: &item, content_index, audio_end_ms }.to_json(None)
            }
            ModelCommand::ToolOutput { call_id, output } => {
                create_item(&NewItem::function_call_output(call_id, output))
            }
            ModelCommand::Replay { item, piece } => create_item(&past(piece).with_id(item)),
            ModelCommand::SystemText { text } => create_item(&NewItem::system(text)),
        };
        self.wire.outbox.push_control(&json)
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

fn create_item(item: &NewItem) -> Vec<u8> {
    ClientEvent::ItemCreate { item, previous_item_id: None }.to_json(None)
}

const fn model(event: ModelEvent<'_>) -> Input<'_> {
    Input::Model(event)
}

fn past(piece: Past) -> NewItem {
    match piece {
        Past::Said { speaker: Speaker::Caller, text } => NewItem::user(text),
        Past::Said { speaker: Speaker::Agent, text } => NewItem::assistant(text),
        Past::ToolCall { call_id, name, arguments } => NewItem::function_call(call_id, name, arguments),
        Past::ToolOutput { call_id, output } => NewItem::function_call_output(call_id, output),
        Past::Note { text } => NewItem::system(text),
    }
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
