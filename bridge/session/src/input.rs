//! Everything that can happen to a call, in our own words.
//!
//! Texts and payloads are borrowed from the frame they arrived in. A payload stays base64 from socket to
//! socket: the session only ever needs its length.

use std::time::Duration;

use domain::turn::Usage;
use domain::{AnsweredBy, CallAction, CallPlan, CallSid, Secret, StreamSid};

pub use crate::response_reason::ResponseReason;

/// One thing that happened.
pub enum Input<'a> {
    /// Twilio's `start`: the first message that says which call this is.
    StreamStarted {
        /// The call that the stream says it is of; the claim proves it.
        call: CallSid,
        /// Twilio's name for the stream.
        stream: StreamSid,
        /// The token of the stream's custom parameter.
        token: Secret,
    },
    /// The token was good and is now used up.
    Claimed(Box<CallPlan>),
    /// The token was not good, or could not be looked at.
    ClaimRefused(ClaimRefusal),
    /// A frame of the caller's audio.
    CallerAudio(CallerAudio<'a>),
    /// Twilio echoed a mark: its audio was played, or a `clear` discarded it.
    Mark(MarkId),
    /// The caller pressed a key: `0` to `9`, `A` to `D`, `*` or `#`.
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
    /// this.
    ModelReady {
        /// How long the server will keep the session, as far as it said so.
        lifetime: Option<Duration>,
    },
    /// The connection asked for last came to nothing, or was lost before it came into use.
    ConnectFailed(ModelLoss),
    /// The model in use was lost.
    ModelGone(ModelLoss),
    /// The model in use said or did something.
    Model(ModelEvent<'a>),
    /// A tool that was to be run gave its output.
    ToolDone {
        /// The call that this answers.
        call_id: &'a str,
        /// What the model is told: JSON, as the model expects of any tool.
        output: String,
        /// The tool was a request to transfer the call, to this entry of the directory.
        transfer: Option<String>,
    },
    /// Twilio's answer to our hang-up; "already over" counts as success.
    HungUp {
        /// Whether the call is over.
        ok: bool,
    },
    /// The business asks something of the call; answered once with `Output::ActionSettled`.
    Action {
        /// Names it within the call.
        number: u32,
        /// What is asked.
        action: CallAction,
    },
    /// What the business asked of earlier sessions and still holds. Told before the conversation begins.
    Steered {
        /// The agent is muted.
        muted: bool,
        /// The notes that the agent was given.
        notes: Vec<String>,
    },
    /// The process is being stopped.
    Drain {
        /// It will have ended after this.
        within: Duration,
    },
    /// A later session has the call: this one was taken for dead.
    Superseded,
}

/// Why there is no plan for a token.
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
    /// Counts the marks of a call.
    pub sequence: u32,
}

/// Whether another connection may do better than the one that was lost.
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
    /// Turn detection heard the caller begin.
    SpeechStarted {
        /// The item that the speech becomes; empty if it is not named.
        item: &'a str,
        /// How far into the audio that this leg was given the speech begins, if that is said.
        audio_start: Option<Duration>,
    },
    /// Turn detection heard the caller stop.
    SpeechStopped {
        /// The item that the speech becomes.
        item: &'a str,
        /// How far into the audio that this leg was given the speech ends, if that is said.
        audio_end: Option<Duration>,
    },
    /// An item joined the conversation.
    ItemAdded {
        /// The item's id.
        item: &'a str,
        /// The item in front of it; `None`: it is the first.
        previous: Option<&'a str>,
        /// The side that it belongs to.
        role: Role,
    },
    /// What the caller said in one item, in words.
    CallerTranscript {
        /// The item's id.
        item: &'a str,
        /// The words; may be empty.
        text: &'a str,
    },
    /// The words of one item of the caller's could not be had.
    CallerTranscriptFailed {
        /// The item's id.
        item: &'a str,
    },
    /// A response began.
    ResponseCreated {
        /// The response's id.
        response: &'a str,
        /// The reason we gave it; `None`: the model's own turn detection created it.
        reason: Option<ResponseReason>,
    },
    /// A piece of the agent's speech.
    Audio(ModelAudio<'a>),
    /// A further piece of what the agent is saying, in words.
    AgentTranscriptDelta {
        /// The response that says it.
        response: &'a str,
        /// The item that it is part of.
        item: &'a str,
        /// The words, to be appended as they are.
        text: &'a str,
    },
    /// The whole of what the agent said in one item, in words.
    AgentTranscript {
        /// The response that said it.
        response: &'a str,
        /// The item's id.
        item: &'a str,
        /// All words of the item.
        text: &'a str,
    },
    /// The model calls a tool.
    ToolCall {
        /// The response that calls.
        response: &'a str,
        /// The item of the call.
        item: &'a str,
        /// Names the call; its output carries the same id.
        call_id: &'a str,
        /// The tool.
        name: &'a str,
        /// JSON, as the model wrote it.
        arguments: &'a str,
    },
    /// A response ended.
    ResponseDone {
        /// The response's id; empty: the one that is under way.
        response: &'a str,
        /// How it ended.
        status: ResponseStatus,
        /// What it cost, as far as the model said so.
        usage: Option<Usage>,
    },
    /// An `error` event.
    Error {
        /// What it means for the conversation.
        class: ErrorClass,
        /// The client event that it answers, if it answers one.
        event_id: Option<&'a str>,
    },
}

/// One `response.output_audio.delta`.
#[derive(Clone, Copy)]
pub struct ModelAudio<'a> {
    /// The response that says it.
    pub response: &'a str,
    /// The item that it is part of.
    pub item: &'a str,
    /// The content part of the item.
    pub content_index: u32,
    /// Base64 of mu-law at 8 kHz.
    pub payload: &'a [u8],
}

/// The side that an item belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// What the caller said.
    Caller,
    /// What the agent said.
    Agent,
    /// System messages, tool calls and their outputs: not turns.
    Other,
}

/// How a response ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseStatus {
    /// It said or did all of it.
    Completed,
    /// Interrupted by the caller or cancelled by us.
    Cancelled,
    /// Cut short by the token limit.
    IncompleteMaxTokens,
    /// Cut short by the provider's content filter.
    IncompleteContentFilter,
    /// The provider failed.
    Failed,
    /// The model is out of capacity.
    Limited {
        /// For so long, if it says so.
        wait: Option<Duration>,
    },
}

/// What an `error` event means for the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// A race that resolved itself, or something we do not know: it must never mute a call.
    Benign,
    /// Our response was refused because another is active: ask again when that is done.
    ResponseActive,
    /// The model is out of capacity: wait before asking again.
    Limited {
        /// For so long, if it says so.
        wait: Option<Duration>,
    },
    /// Our own event was malformed; it had no effect.
    Rejected,
}
