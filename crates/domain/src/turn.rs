//! What was said, and the figures of one session. Only the bridge writes them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::{CallSid, Epoch, Timestamp};

/// A side of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The caller, or the person who was called.
    Caller,
    /// The agent.
    Agent,
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnState {
    /// All of it was said and heard.
    Complete,
    /// The agent was interrupted: `text` is what was generated, `heard` what the caller got of it.
    Interrupted,
    /// The words could not be had: transcription failed or never came.
    Failed,
}

/// One turn of the conversation, in the order of the model's item chain.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// The call.
    pub call: CallSid,
    /// The session that recorded it.
    pub epoch: Epoch,
    /// Position within the epoch, from 0.
    pub position: u32,
    /// The model's conversation item; one turn per item.
    pub item: String,
    /// Who spoke.
    pub speaker: Speaker,
    /// What became of it.
    pub state: TurnState,
    /// The words; for the agent's, what was heard.
    pub text: String,
    /// When it began.
    pub at: Timestamp,
    /// When the model's session that it belongs to was taken into use: two turns of an epoch differ in it if the model's
    /// connection was replaced between them. `None`: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_since: Option<Timestamp>,
    /// Agent turns: audio generated. Caller turns: how long turn detection heard speech, without its padding. Zero
    /// where that is not known.
    #[serde(default)]
    pub spoken: Duration,
    /// Agent turns: how much of what was spoken the line played.
    #[serde(default)]
    pub heard: Duration,
    /// Agent turns: from the model noticing the end of the caller's speech to the first audio handed to the
    /// line. The silence that its turn detection waits for comes on top.
    pub latency: Option<Duration>,
    /// The other steps on the way to an agent's answer, of one with a latency.
    #[serde(default, skip_serializing_if = "AnswerSteps::are_unknown")]
    pub steps: AnswerSteps,
    /// Tools that the agent called in this turn.
    pub tool_calls: Vec<ToolCall>,
}

impl Turn {
    /// How long it was on the line. `None`: that is not known.
    pub fn audible(&self) -> Option<Duration> {
        let long = match self.speaker {
            Speaker::Agent => self.heard,
            Speaker::Caller => self.spoken,
        };
        (!long.is_zero()).then_some(long)
    }
}

/// Steps on the way to an answer, counted like [`Turn::latency`] from the model noticing the end of the caller's speech. What is
/// not known is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AnswerSteps {
    /// The caller's words came as text. The model answers the sound and does not wait for them, so that they may come last.
    pub words: Option<Duration>,
    /// The model began to answer.
    pub begun: Option<Duration>,
    /// The caller heard the first sound, as the line's first mark tells.
    pub heard: Option<Duration>,
}

impl AnswerSteps {
    fn are_unknown(&self) -> bool {
        *self == Self::default()
    }
}

/// A tool call and what became of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The model's key of the call of the tool.
    pub call_id: String,
    /// The tool.
    pub name: String,
    /// What the model passed, JSON.
    pub arguments: String,
    /// What the tool answered; `None` if it was not told to the model.
    pub output: Option<String>,
}

// What callers say is personal data: it reaches the store, never a log line.
impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turn")
            .field("position", &self.position)
            .field("speaker", &self.speaker)
            .field("state", &self.state)
            .field("chars", &self.text.chars().count())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ToolCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ToolCall").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a session ended.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumString, VariantArray,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The agent said goodbye and hung up.
    AgentHangUp,
    /// The caller hung up.
    CallerHangUp,
    /// The caller did not answer the agent's prompts.
    Silence,
    /// A machine answered an outbound call; it was hung up on, or left a message.
    Voicemail,
    /// The call reached its longest duration.
    MaxDuration,
    /// The business had it ended, from outside the call.
    Requested,
    /// The person who was called wants no more calls: the agent said goodbye and hung up.
    OptedOut,
    /// The model could not be reached or was lost.
    ModelLost,
    /// The caller's socket died without a `stop`.
    CallerLost,
    /// The stream could not prove that it belongs to a call.
    Unauthorised,
    /// The stream broke the protocol beyond repair.
    Protocol,
    /// The task was stopped, and another session goes on.
    Drained,
    /// The call goes on in a later session; this one has nothing to say any more.
    Superseded,
    /// A defect of ours.
    Internal,
    /// The call goes to an entry of the business's directory.
    Transfer,
}

impl EndReason {
    /// Every reason.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The label in metrics, records and the API.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The reverse of [`as_str`](Self::as_str); `None` for an unknown word.
    pub fn parse(word: &str) -> Option<Self> {
        word.parse().ok()
    }

    /// Whether a party meant the call to end. After any other reason the caller is still there.
    pub const fn on_purpose(self) -> bool {
        matches!(
            self,
            Self::AgentHangUp
                | Self::CallerHangUp
                | Self::Silence
                | Self::Voicemail
                | Self::MaxDuration
                | Self::Requested
                | Self::OptedOut
        )
    }
}

/// The figures of one session (one epoch of one call).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionReport {
    /// The call.
    pub call: CallSid,
    /// The session.
    pub epoch: Epoch,
    /// Why it ended.
    pub end: EndReason,
    /// The entry of the directory that the call goes to, after [`EndReason::Transfer`].
    #[serde(default)]
    pub transfer_to: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Turns of both sides.
    pub turns: u32,
    /// From the stream's start to the greeting being asked of the model.
    pub greeting_requested: Option<Duration>,
    /// From the stream's start to the first greeting audio handed to the line.
    pub greeting_heard: Option<Duration>,
    /// [`Turn::latency`] over the session: median and worst.
    pub turn_latency_p50: Option<Duration>,
    /// The longest time from the caller's last sound to the agent's first.
    pub turn_latency_max: Option<Duration>,
    /// Time frames spent inside the bridge, microseconds, each direction: median and 99th percentile.
    pub added_up_p50_us: Option<u64>,
    /// Like `added_up_p50_us`, the 99th percentile.
    pub added_up_p99_us: Option<u64>,
    /// Time that a piece of the agent's audio spent in the bridge, median, microseconds.
    pub added_down_p50_us: Option<u64>,
    /// Like `added_down_p50_us`, the 99th percentile.
    pub added_down_p99_us: Option<u64>,
    /// How often the caller interrupted.
    pub barge_ins: u32,
    /// How often the agent said that an appointment is made or changed although no tool had done it. Each time it was told
    /// to take that back.
    #[serde(default)]
    pub unbacked_claims: u32,
    /// From the model noticing the caller's speech to `clear` being written, worst case, microseconds.
    pub barge_in_clear_max_us: Option<u64>,
    /// Frames that came from the caller.
    pub frames_in: u64,
    /// Frames that went to the model.
    pub frames_forwarded: u64,
    /// Frames that did not.
    pub frames_dropped: u64,
    /// Caller silence put in for gaps in Twilio's timestamps.
    pub padded: Duration,
    /// The agent's audio that was sent to the caller.
    pub agent_audio_sent: Duration,
    /// The agent's audio that the caller heard.
    pub agent_audio_heard: Duration,
    /// What the model counted.
    pub usage: Usage,
    /// Optional settings of the business that the model did not take, by name: the agent spoke without them.
    #[serde(default)]
    pub settings_left_out: Vec<String>,
}

/// Realtime tokens by class, summed over a session. Cached tokens are a subset of input tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Responses that were counted.
    pub responses: u32,
    /// Text tokens that the model read, cached ones included.
    pub input_text: u64,
    /// Audio tokens that it heard, cached ones included.
    pub input_audio: u64,
    /// Text tokens that it took from its cache.
    pub cached_text: u64,
    /// Audio tokens that it took from its cache.
    pub cached_audio: u64,
    /// Text tokens that it wrote.
    pub output_text: u64,
    /// Audio tokens that it spoke.
    pub output_audio: u64,
}
