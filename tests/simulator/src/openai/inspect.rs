//! What the simulated API saw: sockets, events, audio, requests, and every mistake it answered.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// Events kept per connection and direction; later ones are only counted.
const MAX_KEPT_EVENTS: usize = 20_000;

/// Caller audio kept per connection: an hour of mu-law.
const MAX_KEPT_AUDIO_BYTES: usize = 8_000 * 3_600;

/// Commands a test may have under way on one connection.
const MAX_QUEUED_COMMANDS: usize = 256;

/// An event and when it was received or sent.
#[derive(Clone, Debug)]
pub struct Logged {
    /// When it was received or sent.
    pub at: Instant,
    /// The event's `type`; empty when it had none.
    pub kind: String,
    /// The event. Audio is left out: see [`Connection::audio`].
    pub value: Value,
}

/// A client's mistake that was answered with an `error` event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The type of the event that was wrong.
    pub kind: String,
    /// The client's own id of that event, if it gave one.
    pub event_id: Option<String>,
    /// The error code it was answered with.
    pub code: String,
    /// The words of the answer.
    pub message: String,
}

/// A request to one of the HTTP endpoints.
#[derive(Clone, Debug)]
pub struct ApiRequest {
    /// When it was answered.
    pub at: Instant,
    /// `GET` or `POST`.
    pub method: String,
    /// The path without its query.
    pub path: String,
    /// Header names in lower case. The key of `authorization` is left out.
    pub headers: Vec<(String, String)>,
    /// The JSON body, or the form's fields as an object of arrays; null for no body.
    pub body: Value,
    /// The status it was answered with.
    pub status: u16,
}

/// The connection is over, or so far behind that no command can be queued.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the Realtime connection takes no commands any more")]
pub struct ConnectionGone;

#[derive(Debug)]
pub(crate) enum Command {
    Inject(Value),
    Close { code: u16, reason: String },
    Reset,
    Stall(Duration),
}

/// A Realtime socket, open or closed. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Connection {
    record: Arc<Record>,
    commands: mpsc::Sender<Command>,
}

impl Connection {
    pub(crate) fn open(
        index: usize,
        model: &str,
        headers: Vec<(String, String)>,
        changes: watch::Sender<u64>,
    ) -> (Self, Arc<Record>, mpsc::Receiver<Command>) {
        let (commands, receiver) = mpsc::channel(MAX_QUEUED_COMMANDS);
        let model = model.to_owned();
        let record = Arc::new(Record {
            index,
            opened_at: Instant::now(),
            model,
            headers,
            seen: Mutex::default(),
            changes,
        });
        (Self { record: record.clone(), commands }, record, receiver)
    }

    /// Position in the order in which sockets were accepted, from 0.
    pub fn index(&self) -> usize {
        self.record.index
    }

    /// When the upgrade was accepted.
    pub fn opened_at(&self) -> Instant {
        self.record.opened_at
    }

    /// The `model` the client asked for in the address.
    pub fn model(&self) -> &str {
        &self.record.model
    }

    /// A header of the upgrade request; names in lower case. The key of `authorization` is left out.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.record.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every client event but the audio appends.
    pub fn received(&self) -> Vec<Logged> {
        self.record.seen().received.clone()
    }

    /// The client events of one type.
    pub fn received_of(&self, kind: &str) -> Vec<Logged> {
        self.record.seen().received.iter().filter(|event| event.kind == kind).cloned().collect()
    }

    /// Every server event, in the order sent, audio deltas without their audio.
    pub fn sent(&self) -> Vec<Logged> {
        self.record.seen().sent.clone()
    }

    /// The server events of one type.
    pub fn sent_of(&self, kind: &str) -> Vec<Logged> {
        self.record.seen().sent.iter().filter(|event| event.kind == kind).cloned().collect()
    }

    /// The caller's audio as the model understood it: 8 kHz mu-law.
    pub fn audio(&self) -> Vec<u8> {
        self.record.seen().audio.clone()
    }

    /// How many `input_audio_buffer.append` events arrived.
    pub fn appends(&self) -> u64 {
        self.record.seen().appends
    }

    /// The mistakes that were answered with an `error` event, in order.
    pub fn violations(&self) -> Vec<Violation> {
        self.record.seen().violations.clone()
    }

    /// The effective session, as in the last `session.created` or `session.updated`.
    pub fn session(&self) -> Value {
        self.record.seen().session.clone()
    }

    /// The conversation as the model remembers it, truncations applied.
    pub fn conversation(&self) -> Vec<Value> {
        self.record.seen().conversation.clone()
    }

    /// Whether the socket has not ended yet.
    pub fn is_open(&self) -> bool {
        self.record.seen().ended.is_none()
    }

    /// When the socket ended and how; `None` while it is open.
    pub fn ended(&self) -> Option<(Instant, Ended)> {
        self.record.seen().ended
    }

    /// Sends `event` to the client as it is; an `event_id` is added when it has none.
    ///
    /// # Errors
    /// [`ConnectionGone`] when the socket has ended.
    pub fn inject(&self, event: Value) -> Result<(), ConnectionGone> {
        self.command(Command::Inject(event))
    }

    /// Closes with a close frame.
    ///
    /// # Errors
    /// [`ConnectionGone`] when the socket has ended.
    pub fn close(&self, code: u16, reason: &str) -> Result<(), ConnectionGone> {
        self.command(Command::Close { code, reason: reason.to_owned() })
    }

    /// Resets the TCP connection, without a close frame.
    ///
    /// # Errors
    /// [`ConnectionGone`] when the socket has ended.
    pub fn reset(&self) -> Result<(), ConnectionGone> {
        self.command(Command::Reset)
    }

    /// Neither reads nor writes for `pause`.
    ///
    /// # Errors
    /// [`ConnectionGone`] when the socket has ended.
    pub fn stall(&self, pause: Duration) -> Result<(), ConnectionGone> {
        self.command(Command::Stall(pause))
    }

    fn command(&self, command: Command) -> Result<(), ConnectionGone> {
        self.commands.try_send(command).map_err(|_| ConnectionGone)
    }
}

/// How a Realtime socket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The client sent a close frame, with this code if it gave one.
    ByClient(Option<u16>),
    /// The client went away without a close frame.
    ClientVanished,
    /// The simulator closed with this code.
    ByServer(u16),
    /// The simulator reset the connection.
    Reset,
    /// The simulator was stopped.
    Shutdown,
}

/// The connection's own side of the log.
#[derive(Debug)]
pub(crate) struct Record {
    index: usize,
    opened_at: Instant,
    model: String,
    headers: Vec<(String, String)>,
    seen: Mutex<Seen>,
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Seen {
    received: Vec<Logged>,
    sent: Vec<Logged>,
    audio: Vec<u8>,
    appends: u64,
    violations: Vec<Violation>,
    session: Value,
    conversation: Vec<Value>,
    ended: Option<(Instant, Ended)>,
}

impl Record {
    pub(crate) fn received(&self, kind: &str, value: Value) {
        self.change(|seen| keep(&mut seen.received, kind, value));
    }

    pub(crate) fn sent(&self, kind: &str, value: Value) {
        self.change(|seen| keep(&mut seen.sent, kind, value));
    }

    pub(crate) fn appended(&self, mulaw: &[u8]) {
        self.change(|seen| {
            seen.appends += 1;
            let room = MAX_KEPT_AUDIO_BYTES - seen.audio.len();
            seen.audio.extend_from_slice(&mulaw[..mulaw.len().min(room)]);
        });
    }

    pub(crate) fn violated(&self, violation: Violation) {
        self.change(|seen| seen.violations.push(violation));
    }

    pub(crate) fn session(&self, session: Value) {
        self.change(|seen| seen.session = session);
    }

    pub(crate) fn conversation(&self, items: Vec<Value>) {
        self.change(|seen| seen.conversation = items);
    }

    pub(crate) fn ended(&self, how: Ended) {
        self.change(|seen| seen.ended = Some((Instant::now(), how)));
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen());
        self.changes.send_modify(|version| *version += 1);
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep(log: &mut Vec<Logged>, kind: &str, value: Value) {
    if log.len() < MAX_KEPT_EVENTS {
        log.push(Logged { at: Instant::now(), kind: kind.to_owned(), value });
    }
}
