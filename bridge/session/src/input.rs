//! Everything that can happen to a call, in our own words.
//!
//! Texts and payloads are borrowed from the frame they arrived in. A payload stays base64 from socket to
//! socket: the session only ever needs its length.

use std::time::Duration;

use domain::turn::Usage;
use domain::{AnsweredBy, CallPlan, CallSid, Secret, StreamSid};

pub use crate::response_reason::ResponseReason;

pub enum Input<'a> {
    /// Twilio's `start`: the first message that says which call this is.
    StreamStarted {
        call: CallSid,
        stream: StreamSid,
        token: Secret,
    },
    /// The token was good and is now used up.
    Claimed(Box<CallPlan>),
    ClaimRefused(ClaimRefusal),
    CallerAudio(CallerAudio<'a>),
    /// Twilio echoed a mark: its audio was played, or a `clear` discarded it.
    Mark(MarkId),
    Dtmf(char),
    /// What machine detection found, on a call that we placed. It may come at any time, or never.
    AnsweredBy(AnsweredBy),
    /// The other end of the caller's socket answered a ping: the line lives, though it may say nothing.
    CallerAlive,
    /// Twilio's `stop`: the call is over.
    CallerStopped,
    /// The caller's socket is gone without a `stop`.
    CallerGone,
    /// The caller's socket sent more nonsense than a peer may.
    CallerMisbehaved,
    /// The model that was connected last echoed the configuration that was asked for. Nothing is said before
    /// this. `lifetime` is how long the server will keep the session, as far as it said so.
    ModelReady {
        lifetime: Option<Duration>,
    },
    /// The connection asked for last came to nothing, or was lost before it came into use.
    ConnectFailed(ModelLoss),
    /// The model in use was lost.
    ModelGone(ModelLoss),
    Model(ModelEvent<'a>),
    ToolDone {
        call_id: &'a str,
        output: String,
        /// The tool was a request to transfer the call, to this entry of the directory.
        transfer: Option<String>,
    },
    /// Twilio's answer to our hang-up; "already over" counts as success.
    HungUp {
        ok: bool,
    },
    /// The process is being stopped and will have ended after `within`.
    Drain {
        within: Duration,
    },
    /// A later session has the call: this one was taken for dead.
    Superseded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimRefusal {
    /// Unknown, used or expired token, or one of another call.
    NotYours,
    /// The store did not answer in time.
    Unavailable,
}

/// One `media` message.
#[derive(Clone, Copy)]
pub struct CallerAudio<'a> {
    /// Presentation time since the stream's start; Twilio may leave gaps.
    pub timestamp_ms: u32,
    /// Base64 of mu-law at 8 kHz.
    pub payload: &'a [u8],
}

/// Names one stretch of audio handed to the line. The driver turns it into a mark's name and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MarkId {
    /// Raised by every `clear`: marks of an older generation are not progress.
    pub generation: u32,
    pub sequence: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelLoss {
    /// Refused or closed for a reason that a retry will not change: credentials, quota, a rejected
    /// configuration.
    Fatal,
    /// The network, the provider's load, an expired session.
    Transient,
}

/// The Realtime API's events, as far as a conversation depends on them.
pub enum ModelEvent<'a> {
    /// Turn detection heard the caller begin, `audio_start` into the audio that this leg was given, as far as it says
    /// so. An empty `item` is one that it does not name.
    SpeechStarted {
        item: &'a str,
        audio_start: Option<Duration>,
    },
    SpeechStopped {
        item: &'a str,
        audio_end: Option<Duration>,
    },
    /// An item joined the conversation behind `previous` (`None`: it is the first).
    ItemAdded {
        item: &'a str,
        previous: Option<&'a str>,
        role: Role,
    },
    CallerTranscript {
        item: &'a str,
        text: &'a str,
    },
    CallerTranscriptFailed {
        item: &'a str,
    },
    /// A response began. `reason` is the one we gave it; `None` when the model's own turn detection did.
    ResponseCreated {
        response: &'a str,
        reason: Option<ResponseReason>,
    },
    Audio(ModelAudio<'a>),
    /// A further piece of what the agent is saying.
    AgentTranscriptDelta {
        response: &'a str,
        item: &'a str,
        text: &'a str,
    },
    /// The whole of what the agent said in one item.
    AgentTranscript {
        response: &'a str,
        item: &'a str,
        text: &'a str,
    },
    ToolCall {
        response: &'a str,
        item: &'a str,
        call_id: &'a str,
        name: &'a str,
        arguments: &'a str,
    },
    /// An empty `response` is the one that is under way.
    ResponseDone {
        response: &'a str,
        status: ResponseStatus,
        usage: Option<Usage>,
    },
    /// An `error` event. `event_id` is that of the client event it answers, if it answers one.
    Error {
        class: ErrorClass,
        event_id: Option<&'a str>,
    },
}

/// One `response.output_audio.delta`.
#[derive(Clone, Copy)]
pub struct ModelAudio<'a> {
    pub response: &'a str,
    pub item: &'a str,
    pub content_index: u32,
    /// Base64 of mu-law at 8 kHz.
    pub payload: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Caller,
    Agent,
    /// System messages, tool calls and their outputs: not turns.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseStatus {
    Completed,
    /// Interrupted by the caller or cancelled by us.
    Cancelled,
    /// Cut short by the token limit.
    IncompleteMaxTokens,
    IncompleteContentFilter,
    Failed,
    /// The model is out of capacity, for so long if it says so.
    Limited {
        wait: Option<Duration>,
    },
}

/// What an `error` event means for the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// A race that settled itself, or something we do not know: it must never mute a call.
    Benign,
    /// Our response was refused because another is active: ask again when that is done.
    ResponseActive,
    /// The model is out of capacity: wait before asking again, for so long if it says so.
    Limited { wait: Option<Duration> },
    /// Our own event was malformed; it had no effect.
    Rejected,
}
