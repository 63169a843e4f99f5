//! What was said, and the figures of one session. Only the bridge writes them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{CallSid, Epoch, Timestamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    Caller,
    Agent,
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnState {
    Complete,
    /// The agent was interrupted: `text` is what was generated, `heard` what the caller got of it.
    Interrupted,
    /// The words could not be had: transcription failed or never came.
    Failed,
}

/// One turn of the conversation, in the order of the model's item chain.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub call: CallSid,
    pub epoch: Epoch,
    /// Position within the epoch, from 0.
    pub position: u32,
    /// The model's conversation item; one turn per item.
    pub item: String,
    pub speaker: Speaker,
    pub state: TurnState,
    pub text: String,
    pub at: Timestamp,
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
    pub tool_calls: Vec<ToolCall>,
}

/// A tool call and what became of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    pub call_id: String,
    pub name: String,
    pub arguments: String,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The agent said goodbye and hung up.
    AgentHangUp,
    CallerHangUp,
    /// The caller did not answer the agent's prompts.
    Silence,
    /// A machine answered an outbound call; it was hung up on, or left a message.
    Voicemail,
    MaxDuration,
    /// The model could not be reached or was lost.
    ModelLost,
    /// The caller's socket died without a `stop`.
    CallerLost,
    /// The stream could not prove that it belongs to a call.
    Unauthorised,
    /// The stream broke the protocol beyond repair.
    Protocol,
    Drained,
    /// The call goes on in a later session; this one has nothing to say any more.
    Superseded,
    Internal,
    /// The call goes to an entry of the business's directory.
    Transfer,
}

impl EndReason {
    pub const ALL: [Self; 13] = [
        Self::AgentHangUp,
        Self::CallerHangUp,
        Self::Silence,
        Self::Voicemail,
        Self::MaxDuration,
        Self::ModelLost,
        Self::CallerLost,
        Self::Unauthorised,
        Self::Protocol,
        Self::Drained,
        Self::Superseded,
        Self::Internal,
        Self::Transfer,
    ];

    /// The label in metrics, records and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AgentHangUp => "agent_hang_up",
            Self::CallerHangUp => "caller_hang_up",
            Self::Silence => "silence",
            Self::Voicemail => "voicemail",
            Self::MaxDuration => "max_duration",
            Self::ModelLost => "model_lost",
            Self::CallerLost => "caller_lost",
            Self::Unauthorised => "unauthorised",
            Self::Protocol => "protocol",
            Self::Drained => "drained",
            Self::Superseded => "superseded",
            Self::Internal => "internal",
            Self::Transfer => "transfer",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

    /// Whether a party meant the call to end. After any other reason the caller is still there.
    pub const fn on_purpose(self) -> bool {
        matches!(
            self,
            Self::AgentHangUp | Self::CallerHangUp | Self::Silence | Self::Voicemail | Self::MaxDuration
        )
    }
}

/// The figures of one session (one epoch of one call).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionReport {
    pub call: CallSid,
    pub epoch: Epoch,
    pub end: EndReason,
    /// The entry of the directory that the call goes to, after [`EndReason::Transfer`].
    #[serde(default)]
    pub transfer_to: Option<String>,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub turns: u32,
    /// From the stream's start to the greeting being asked of the model.
    pub greeting_requested: Option<Duration>,
    /// From the stream's start to the first greeting audio handed to the line.
    pub greeting_heard: Option<Duration>,
    /// [`Turn::latency`] over the session: median and worst.
    pub turn_latency_p50: Option<Duration>,
    pub turn_latency_max: Option<Duration>,
    /// Time frames spent inside the bridge, microseconds, each direction: median and 99th percentile.
    pub added_up_p50_us: Option<u64>,
    pub added_up_p99_us: Option<u64>,
    pub added_down_p50_us: Option<u64>,
    pub added_down_p99_us: Option<u64>,
    pub barge_ins: u32,
    /// From the model noticing the caller's speech to `clear` being written, worst case, microseconds.
    pub barge_in_clear_max_us: Option<u64>,
    pub frames_in: u64,
    pub frames_forwarded: u64,
    pub frames_dropped: u64,
    /// Caller silence put in for gaps in Twilio's timestamps.
    pub padded: Duration,
    pub agent_audio_sent: Duration,
    pub agent_audio_heard: Duration,
    pub usage: Usage,
    /// Optional settings of the business that the model did not take, by name: the agent spoke without them.
    #[serde(default)]
    pub settings_left_out: Vec<String>,
}

/// Realtime tokens by class, summed over a session. Cached tokens are a subset of input tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    pub responses: u32,
    pub input_text: u64,
    pub input_audio: u64,
    pub cached_text: u64,
    pub cached_audio: u64,
    pub output_text: u64,
    pub output_audio: u64,
}
