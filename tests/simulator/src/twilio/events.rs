//! What happened in a call: the event log, live and afterwards, and the outcome.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use strum::IntoStaticStr;
use tokio::sync::watch;

use super::lock;

/// Events kept for one call; later ones are dropped, which only a runaway call reaches.
const MAX_EVENTS: usize = 50_000;

/// Text that may name a person: readable by code, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Private(String);

impl Deref for Private {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<String> for Private {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} characters]", self.0.chars().count())
    }
}

/// A call's status, in Twilio's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum CallStatus {
    /// Created over the REST API, not dialled yet.
    Queued,
    /// Being dialled.
    Initiated,
    /// Ringing at the other end.
    Ringing,
    /// Answered.
    InProgress,
    /// Answered and over.
    Completed,
    /// The other end was busy.
    Busy,
    /// The call could not be connected.
    Failed,
    /// The call was not answered, or the caller gave up.
    NoAnswer,
    /// Taken back over the REST API before the answer.
    Canceled,
}

impl CallStatus {
    /// The value of `CallStatus` in webhooks and of `status` in the REST API.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether nothing can follow.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Completed | Self::Busy | Self::Failed | Self::NoAnswer | Self::Canceled => true,
            Self::Queued | Self::Initiated | Self::Ringing | Self::InProgress => false,
        }
    }
}

/// Who ended a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EndedBy {
    /// The person on the line hung up, before or after the answer.
    Caller,
    /// `<Hangup/>`, or the TwiML ran out.
    Twiml,
    /// `<Reject>`.
    Rejected,
    /// The REST API: `Status=completed` or `canceled`.
    Rest,
    /// The TwiML could not be fetched or read; the caller heard an application error.
    ApplicationError,
    /// The person called did not take the call.
    NotAnswered,
    /// The simulator was stopped.
    Stopped,
}

/// Why a media stream ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StreamEnd {
    /// The server closed the WebSocket with a close frame.
    ClosedByServer,
    /// The connection broke without one.
    Broken,
    /// The call ended or was redirected; the server was sent `stop`.
    CallMovedOn,
    /// The WebSocket was never opened.
    NotOpened,
}

/// What a webhook was for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WebhookKind {
    /// The first request for TwiML.
    Voice,
    /// A later request for TwiML: `action`, `<Redirect>` or a `Url` of the REST API.
    Action,
    /// The fallback URL after a failed request.
    Fallback,
    /// Call progress.
    CallStatus,
    /// `<Stream statusCallback>`.
    StreamStatus,
    /// Recording progress.
    RecordingStatus,
    /// Asynchronous answering-machine detection.
    Amd,
    /// The file of a `<Play>`.
    Play,
    /// A text that came in.
    Text,
    /// What became of a text that was sent.
    TextStatus,
}

/// One moment of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallEvent {
    /// Milliseconds on the line, from the answer; 0 before it. Speech is dated when it was heard and logged
    /// when it is certain, so a speech event may be dated before its predecessor.
    pub at_ms: u64,
    /// What happened.
    pub kind: CallEventKind,
}

/// What can happen in a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CallEventKind {
    /// The call's status moved.
    Status(CallStatus),
    /// A webhook was answered with an HTTP status, or failed (`None`), after `took_ms`.
    Webhook {
        /// What it was for.
        kind: WebhookKind,
        /// The HTTP status of the answer.
        status: Option<u16>,
        /// All attempts together.
        took_ms: u64,
    },
    /// The agent became audible (stream, `<Say>` or `<Play>` alike).
    AgentSpeechStarted,
    /// The agent fell silent for at least 200 ms.
    AgentSpeechStopped,
    /// The caller began the utterance of this label.
    CallerSpeechStarted(Private),
    /// The caller finished it.
    CallerSpeechEnded(Private),
    /// The caller pressed a key.
    Dtmf(char),
    /// The media stream is open and `start` was sent.
    StreamOpened {
        /// `MZ` and 32 hex digits.
        stream_sid: String,
    },
    /// The media stream ended.
    StreamClosed {
        /// Why.
        end: StreamEnd,
        /// Messages that were invalid (31951) or unsupported (31924).
        dropped_messages: u32,
    },
    /// The server takes the caller's audio so slowly that some of it was skipped. Logged once.
    StreamFellBehind,
    /// A mark came back.
    MarkReturned {
        /// The server's name for it.
        name: String,
        /// Its audio was heard; otherwise a clear threw it away.
        played: bool,
    },
    /// A `clear` arrived.
    Cleared {
        /// The unplayed audio it discarded.
        dropped_ms: u64,
    },
    /// `<Say>` began.
    Said(Private),
    /// `<Dial>` ended.
    Dialled {
        /// The value of `DialCallStatus`.
        status: &'static str,
    },
    /// A recording began.
    RecordingStarted {
        /// `RE` and 32 hex digits.
        recording_sid: String,
    },
    /// An entry in the account's debugger.
    Debugger {
        /// Twilio's error or warning number.
        code: u32,
        /// What led to it.
        message: String,
    },
    /// The call is over.
    Ended(EndedBy),
}

/// Both sides of the line from answer to end, in mu-law at 8 kHz, equally long.
#[derive(Clone, Default)]
pub struct LineRecording {
    /// What the person on the telephone said.
    pub caller: Vec<u8>,
    /// What that person heard: audio really played out.
    pub agent: Vec<u8>,
}

impl LineRecording {
    /// Both channels from a sample on, equally long.
    pub(crate) fn since(&self, from: usize) -> Self {
        let to = self.caller.len().min(self.agent.len());
        let span = from.min(to)..to;
        Self { caller: self.caller[span.clone()].to_vec(), agent: self.agent[span].to_vec() }
    }
}

impl fmt::Debug for LineRecording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LineRecording({} samples)", self.agent.len())
    }
}

/// A call that is over.
#[derive(Clone, Debug)]
pub struct CallOutcome {
    /// `CA` and 32 hex digits.
    pub call_sid: String,
    /// The final status.
    pub status: CallStatus,
    /// Who ended it.
    pub ended_by: EndedBy,
    /// From answer to end; zero when never answered.
    pub duration: Duration,
    /// Both channels, empty when never answered.
    pub line: LineRecording,
    /// Everything that happened, as logged.
    pub events: Vec<CallEvent>,
}

impl CallOutcome {
    /// The milliseconds at which `wanted` events happened.
    pub fn times_ms(&self, wanted: impl Fn(&CallEventKind) -> bool) -> Vec<u64> {
        self.events.iter().filter(|event| wanted(&event.kind)).map(|event| event.at_ms).collect()
    }

    /// The debugger codes of the call, in order.
    pub fn debugger_codes(&self) -> Vec<u32> {
        let code = |event: &CallEvent| {
            let CallEventKind::Debugger { code, .. } = &event.kind else { return None };
            Some(*code)
        };
        self.events.iter().filter_map(code).collect()
    }
}

/// A call's log: one writer's order, any number of readers from the beginning.
#[derive(Clone)]
pub(crate) struct EventLog {
    shared: Arc<Shared>,
}

struct Shared {
    events: Mutex<Vec<CallEvent>>,
    grown: watch::Sender<LogProgress>,
}

#[derive(Clone, Copy)]
struct LogProgress {
    logged: usize,
    closed: bool,
}

impl EventLog {
    pub(crate) fn new() -> Self {
        let (grown, _) = watch::channel(LogProgress { logged: 0, closed: false });
        Self { shared: Arc::new(Shared { events: Mutex::new(Vec::new()), grown }) }
    }

    pub(crate) fn push(&self, at_ms: u64, kind: CallEventKind) {
        let mut events = lock(&self.shared.events);
        if events.len() >= MAX_EVENTS {
            return;
        }
        events.push(CallEvent { at_ms, kind });
        let logged = events.len();
        drop(events);
        self.shared.grown.send_modify(|progress| progress.logged = progress.logged.max(logged));
    }

    pub(crate) fn snapshot(&self) -> Vec<CallEvent> {
        lock(&self.shared.events).clone()
    }

    /// Readers that have seen everything end.
    pub(crate) fn close(&self) {
        self.shared.grown.send_modify(|progress| progress.closed = true);
    }

    pub(crate) fn read(&self) -> CallEvents {
        CallEvents { shared: Arc::clone(&self.shared), grown: self.shared.grown.subscribe(), next: 0 }
    }
}

/// A call's events as they happen, beginning with those that have.
pub struct CallEvents {
    shared: Arc<Shared>,
    grown: watch::Receiver<LogProgress>,
    next: usize,
}

impl CallEvents {
    /// The next event; `None` when the call is over and all have been read. Cancel safe.
    pub async fn next(&mut self) -> Option<CallEvent> {
        let next = self.next;
        let progress = *self.grown.wait_for(|p| p.logged > next || p.closed).await.ok()?;
        if progress.logged <= next {
            return None;
        }
        self.next += 1;
        lock(&self.shared.events).get(next).cloned()
    }

    /// Reads up to and including the first event that is `wanted`.
    pub async fn wait_for(&mut self, wanted: impl Fn(&CallEventKind) -> bool) -> Option<CallEvent> {
        loop {
            let event = self.next().await?;
            if wanted(&event.kind) {
                return Some(event);
            }
        }
    }
}
