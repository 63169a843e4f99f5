//! Everything a call can ask of the world. An output is an instruction; how it is carried out is the
//! driver's business.

use std::time::Duration;

use domain::turn::EndReason;
use domain::{CallSid, Secret, Speaker, StreamSid, Turn};

use crate::input::{MarkId, ResponseReason};

pub enum Output {
    /// Claim the token: one conditional delete that authorises the stream and returns the plan.
    Claim {
        call: CallSid,
        stream: StreamSid,
        token: Secret,
    },
    /// Connect to the model and configure the session with the plan that was claimed, beside a model that may be
    /// in use. An earlier attempt is dropped.
    ConnectModel,
    /// Go over to the model that was connected last: from here on everything to a model is for this one. The
    /// one in use before is closed.
    UseModel,
    AudioToModel(Audio),
    ToModel(ModelCommand),
    /// Hand the payload of the input being handled to the line.
    AudioToCaller,
    MarkToCaller(MarkId),
    /// Discard what the line has not played yet.
    ClearCaller,
    /// Run a tool that is not the session's own; answer with `Input::ToolDone`.
    RunTool {
        call_id: String,
        name: String,
        arguments: String,
    },
    /// End the call at Twilio; answer with `Input::HungUp`.
    HangUp,
    /// A turn reached its final form.
    Turn(Turn),
    /// Something a person watching the call, or its record, wants to know.
    Event(Event),
    /// The last output. Nothing may follow it.
    Close(Close),
}

/// Caller audio on its way to the model.
#[derive(PartialEq, Eq)]
pub enum Audio {
    /// The payload of the input being handled, as it is.
    Current,
    /// Base64 that was kept while the model connected.
    Kept(Vec<u8>),
    /// Line silence for a gap in Twilio's timestamps.
    Silence(Duration),
}

#[derive(Clone, PartialEq, Eq)]
pub enum ModelCommand {
    /// `instructions` replace the session's for this response; `None` keeps them. `event_id` comes back in an
    /// `error` that answers it.
    CreateResponse {
        reason: ResponseReason,
        instructions: Option<String>,
        /// Whether the model may call tools in it.
        tools: bool,
        event_id: String,
    },
    CancelResponse {
        response: String,
    },
    /// Forget what the caller did not hear of an item.
    Truncate {
        item: String,
        content_index: u32,
        audio_end_ms: u32,
    },
    ToolOutput {
        call_id: String,
        output: String,
    },
    /// A piece of the conversation that the model was not part of, under an id of ours.
    Replay {
        item: String,
        piece: Past,
    },
    /// A note to the model from us, not words of the caller: digits pressed, for example.
    SystemText {
        text: String,
    },
}

/// One piece of a conversation, for a model that was not part of it.
#[derive(Clone, PartialEq, Eq)]
pub enum Past {
    /// For the agent, what the caller heard of it.
    Said {
        speaker: Speaker,
        text: String,
    },
    ToolCall {
        call_id: String,
        name: String,
        arguments: String,
    },
    ToolOutput {
        call_id: String,
        output: String,
    },
    Note {
        text: String,
    },
}

/// The live view of a call. Texts are personal data: they may be shown to the person who runs a
/// demonstration, never logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Authorised,
    ModelReady {
        after_start: Duration,
    },
    GreetingRequested {
        after_start: Duration,
    },
    /// The first audio of the greeting was handed to the line.
    GreetingStarted {
        after_start: Duration,
    },
    CallerSpeaking,
    CallerSilent,
    AgentSpeaking {
        reason: Option<ResponseReason>,
        latency: Option<Duration>,
    },
    /// Everything that was handed to the line has been played.
    AgentSilent,
    BargeIn {
        heard: Duration,
        dropped: Duration,
    },
    ToolCalled {
        name: String,
    },
    ToolAnswered {
        name: String,
    },
    SilencePrompt {
        number: u8,
    },
    HangUpRequested {
        reason: EndReason,
    },
    ModelLost,
}

/// How the session ended and what its socket should say.
#[derive(Debug, Clone, PartialEq)]
pub struct Close {
    pub reason: EndReason,
    /// WebSocket close code for Twilio's socket (RFC 6455): 1000 normal, 1001 going away, 1008 policy,
    /// 1011 internal.
    pub code: u16,
    pub figures: Figures,
}

/// The session's own part of the report; the driver adds what only sockets know.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    pub turns: u32,
    /// How often the model in use was lost, and how often it was replaced before its time was up.
    pub model_losses: u32,
    pub model_rollovers: u32,
    pub greeting_requested: Option<Duration>,
    pub greeting_heard: Option<Duration>,
    pub turn_latencies: Vec<Duration>,
    pub barge_ins: u32,
    pub frames_in: u64,
    pub frames_forwarded: u64,
    pub frames_dropped: u64,
    pub padded: Duration,
    pub agent_audio_sent: Duration,
    pub agent_audio_heard: Duration,
    pub usage: domain::turn::Usage,
    /// The entry of the directory that the call goes to, after [`EndReason::Transfer`].
    pub transfer_to: Option<String>,
}
