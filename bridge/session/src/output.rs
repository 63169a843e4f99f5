//! Everything a call can ask of the world. An output is an instruction; how it is carried out is the
//! driver's business.

use std::time::Duration;

use domain::action::NotDone;
use domain::turn::EndReason;
use domain::{CallSid, Secret, Speaker, StreamSid, Turn};

use crate::input::{MarkId, ResponseReason};

/// One thing to do.
pub enum Output {
    /// Claim the token: one conditional delete that authorises the stream and returns the plan.
    Claim {
        /// The call that the stream says it is of.
        call: CallSid,
        /// Twilio's name for the stream.
        stream: StreamSid,
        /// The token to claim.
        token: Secret,
    },
    /// Connect to the model and configure the session with the plan that was claimed, beside a model that may be
    /// in use. An earlier attempt is dropped.
    ConnectModel,
    /// Go over to the model that was connected last: from here on everything to a model is for this one. The
    /// one in use before is closed.
    UseModel,
    /// Append to the audio that the model in use hears.
    AudioToModel(Audio),
    /// Send a command to the model in use.
    ToModel(ModelCommand),
    /// Hand the payload of the input being handled to the line.
    AudioToCaller,
    /// Ask the line to say when it has played what it was given so far.
    MarkToCaller(MarkId),
    /// Discard what the line has not played yet.
    ClearCaller,
    /// Run a tool that is not the session's own; answer with `Input::ToolDone`.
    RunTool {
        /// Names the call; its output carries the same id.
        call_id: String,
        /// The tool.
        name: String,
        /// JSON, as the model wrote it.
        arguments: String,
    },
    /// End the call at Twilio; answer with `Input::HungUp`.
    HangUp,
    /// An action of the business's was carried out, or will not be by this session. Each is settled once.
    ActionSettled {
        /// Its number, as in [`Input::Action`](crate::Input::Action).
        number: u32,
        /// What came of it.
        settled: Settled,
    },
    /// A turn reached its final form.
    Turn(Turn),
    /// Something a person watching the call, or its record, wants to know.
    Event(Event),
    /// The last output. Nothing may follow it.
    Close(Close),
}

/// What came of an action of the business's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It was carried out.
    Done,
    /// It was not, and will not be.
    NotDone(NotDone),
    /// It was not begun, and is left to the session that goes on with the call.
    HandedOn,
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

/// What is said to the model in use.
#[derive(Clone, PartialEq, Eq)]
pub enum ModelCommand {
    /// Say something.
    CreateResponse {
        /// Why; travels in the response's metadata.
        reason: ResponseReason,
        /// Replaces the session's instructions for this response; `None` keeps them.
        instructions: Option<String>,
        /// Whether the model may call tools in it.
        tools: bool,
        /// Comes back in an `error` that answers this command.
        event_id: String,
    },
    /// Stop a response.
    CancelResponse {
        /// The response's id.
        response: String,
    },
    /// Forget what the caller did not hear of an item.
    Truncate {
        /// The item's id.
        item: String,
        /// The content part of the item.
        content_index: u32,
        /// How much of it was heard, in milliseconds: at least 1, and no more than was sent.
        audio_end_ms: u32,
    },
    /// The output of a tool call.
    ToolOutput {
        /// The call that this answers.
        call_id: String,
        /// JSON, as the model expects of any tool.
        output: String,
    },
    /// A piece of the conversation that the model was not part of.
    Replay {
        /// The id it gets, which is ours.
        item: String,
        /// What was said or done.
        piece: Past,
    },
    /// A note to the model from us, not words of the caller: digits pressed, for example.
    SystemText {
        /// The note.
        text: String,
    },
}

/// One piece of a conversation, for a model that was not part of it.
#[derive(Clone, PartialEq, Eq)]
pub enum Past {
    /// For the agent, what the caller heard of it.
    Said {
        /// The side that said it.
        speaker: Speaker,
        /// The words.
        text: String,
    },
    /// The model called a tool.
    ToolCall {
        /// Names the call; its output carries the same id.
        call_id: String,
        /// The tool.
        name: String,
        /// JSON, as the model wrote it.
        arguments: String,
    },
    /// A tool gave its output.
    ToolOutput {
        /// The call that this answers.
        call_id: String,
        /// What the model was told.
        output: String,
    },
    /// The model was told something beside the conversation.
    Note {
        /// What it was told.
        text: String,
    },
}

/// The live view of a call. Texts are personal data: they may be shown to the person who runs a
/// demonstration, never logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The token was good: the call is carried.
    Authorised,
    /// A model was configured and is in use.
    ModelReady {
        /// Since the stream started.
        after_start: Duration,
    },
    /// The model was asked for the greeting.
    GreetingRequested {
        /// Since the stream started.
        after_start: Duration,
    },
    /// The first audio of the greeting was handed to the line.
    GreetingStarted {
        /// Since the stream started.
        after_start: Duration,
    },
    /// The caller began to speak.
    CallerSpeaking,
    /// The caller stopped.
    CallerSilent,
    /// The first audio of a response was handed to the line.
    AgentSpeaking {
        /// Why we asked for it; `None`: it answers the caller.
        reason: Option<ResponseReason>,
        /// Since the caller stopped, if this is the first answer to that.
        latency: Option<Duration>,
    },
    /// Everything that was handed to the line has been played.
    AgentSilent,
    /// The caller interrupted the agent.
    BargeIn {
        /// How much was heard of what was audible.
        heard: Duration,
        /// How much audio was discarded.
        dropped: Duration,
    },
    /// The model called a tool.
    ToolCalled {
        /// The tool.
        name: String,
    },
    /// A tool call was answered.
    ToolAnswered {
        /// The tool.
        name: String,
    },
    /// The caller is asked whether they are still there.
    SilencePrompt {
        /// The first one is 1.
        number: u8,
    },
    /// The call is being ended at Twilio.
    HangUpRequested {
        /// Why.
        reason: EndReason,
    },
    /// The model in use was lost.
    ModelLost,
}

/// How the session ended and what its socket should say.
#[derive(Debug, Clone, PartialEq)]
pub struct Close {
    /// Why the session ended.
    pub reason: EndReason,
    /// WebSocket close code for Twilio's socket (RFC 6455): 1000 normal, 1001 going away, 1008 policy,
    /// 1011 internal.
    pub code: u16,
    /// The session's part of the report.
    pub figures: Figures,
}

/// The session's own part of the report; the driver adds what only sockets know.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    /// Turns that were handed over.
    pub turns: u32,
    /// How often the model in use was lost.
    pub model_losses: u32,
    /// How often the model in use was replaced before its time was up.
    pub model_rollovers: u32,
    /// When the greeting was asked for, since the stream started.
    pub greeting_requested: Option<Duration>,
    /// When the first audio of the greeting was handed to the line, since the stream started.
    pub greeting_heard: Option<Duration>,
    /// From the caller's last sound to the first audio of the answer, for up to 512 answers.
    pub turn_latencies: Vec<Duration>,
    /// How often the caller interrupted the agent.
    pub barge_ins: u32,
    /// How often the agent said that an appointment is made or changed although no tool had done it.
    pub unbacked_claims: u32,
    /// Frames of the caller's audio; each was forwarded or dropped.
    pub frames_in: u64,
    /// Frames that went to a model.
    pub frames_forwarded: u64,
    /// Frames that went to no model: empty, twice, too old, or without a model in time.
    pub frames_dropped: u64,
    /// Silence that the model heard in place of audio that did not come.
    pub padded: Duration,
    /// The agent's audio that was handed to the line.
    pub agent_audio_sent: Duration,
    /// The agent's audio that the caller heard.
    pub agent_audio_heard: Duration,
    /// What all responses cost.
    pub usage: domain::turn::Usage,
    /// The entry of the directory that the call goes to, after [`EndReason::Transfer`].
    pub transfer_to: Option<String>,
}
