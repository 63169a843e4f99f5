//! What the API tells of a call, typed by the tests themselves: an answer whose field is renamed or changes its type
//! cannot be read here. A text that is `null` is empty.

use serde::{Deserialize, Deserializer};

/// The parts of a call's record that are told if they are asked for: all of them.
pub const EVERYTHING: &str = "include=events,turns,last_turn,messages,listeners,session,sessions,recordings,transcript,insights,cost,contact";

/// Where all that is known of a call is told.
pub fn with_everything(sid: &str) -> String {
    format!("/v1/calls/{sid}?{EVERYTHING}")
}

/// `GET /v1/calls/{sid}` with everything. An entry of `GET /v1/calls` has the facts of the call itself and nothing that follows it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct CallRecord {
    pub sid: String,
    pub status: String,
    pub direction: String,
    #[serde(deserialize_with = "text")]
    pub from: String,
    #[serde(deserialize_with = "text")]
    pub to: String,
    #[serde(deserialize_with = "text")]
    pub answered_at: String,
    #[serde(deserialize_with = "text")]
    pub ended_at: String,
    pub duration_s: Option<u64>,
    #[serde(deserialize_with = "text")]
    pub refusal: String,
    pub sip_response_code: Option<u64>,
    pub error_code: Option<u64>,
    #[serde(deserialize_with = "text")]
    pub reason: String,
    #[serde(deserialize_with = "text")]
    pub language: String,
    #[serde(default)]
    pub events: Vec<StatusEvent>,
    #[serde(default)]
    pub turns: Vec<Turn>,
    pub last_turn: Option<Turn>,
    #[serde(default)]
    pub messages: Vec<Message>,
    #[serde(default)]
    pub listeners: Vec<Listener>,
    pub session: Option<Session>,
    #[serde(default)]
    pub sessions: Vec<SessionEnd>,
    pub recording: Option<RecordingRecord>,
    pub voicemail: Option<RecordingRecord>,
    #[serde(default, deserialize_with = "text")]
    pub transcript_source: String,
    pub transcript: Option<Transcript>,
    pub summary: Option<Summary>,
    /// `None` before the first run of the last stage.
    pub extraction: Option<Vec<Fact>>,
    #[serde(default, deserialize_with = "text")]
    pub lead_status: String,
    pub insights: Option<Insights>,
    pub cost: Option<Cost>,
}

/// A person who listened to a call. `ended_at` is empty while they do.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Listener {
    pub key: String,
    pub began_at: String,
    #[serde(deserialize_with = "text")]
    pub ended_at: String,
}

/// One thing that the provider told of a call.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct StatusEvent {
    pub event: String,
    /// Empty for an event of a leg, a stream or a verdict.
    #[serde(deserialize_with = "text")]
    pub status: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Turn {
    pub speaker: String,
    pub state: String,
    pub text: String,
    pub epoch: u32,
    #[serde(deserialize_with = "text")]
    pub model_since: String,
    pub spoken_ms: u64,
    pub heard_ms: u64,
    pub latency_ms: Option<u64>,
    pub tool_calls: Vec<ToolCall>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ToolCall {
    pub name: String,
}

/// A message that a caller left with the agent.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Message {
    pub r#for: Option<String>,
    pub message: String,
    pub callback: Option<String>,
}

/// The report of the call's last session.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Session {
    pub end_reason: String,
    #[serde(deserialize_with = "text")]
    pub transfer_to: String,
    pub greeting_requested_ms: Option<u64>,
    pub barge_ins: u64,
    pub unbacked_claims: u64,
    pub frames: Frames,
    pub agent_audio_ms: AgentAudio,
    pub usage: RealtimeUsage,
    pub settings_left_out: Vec<String>,
}

/// How one session of the call ended.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct SessionEnd {
    pub epoch: u32,
    pub began_at: String,
    pub ended_at: String,
    pub end_reason: String,
}

/// Of the caller's audio, 20 ms each.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Frames {
    pub forwarded: u64,
    pub dropped: u64,
}

/// In milliseconds.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AgentAudio {
    pub sent: u64,
    pub heard: u64,
}

/// In tokens.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RealtimeUsage {
    pub input_text: u64,
    pub input_audio: u64,
    pub cached_text: u64,
    pub cached_audio: u64,
    pub output_text: u64,
    pub output_audio: u64,
}

/// A recording, or what is said in its place: which fields it has depends on `state`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct RecordingRecord {
    #[serde(deserialize_with = "text")]
    pub sid: String,
    pub kind: String,
    pub state: String,
    #[serde(default)]
    pub legal_hold: bool,
    #[serde(default, deserialize_with = "text")]
    pub source: String,
    #[serde(default, deserialize_with = "text")]
    pub reason: String,
    pub error_code: Option<u64>,
    #[serde(default, deserialize_with = "text")]
    pub link: String,
    pub bytes: Option<u64>,
    #[serde(default, deserialize_with = "text")]
    pub codec: String,
    pub channels: Option<u64>,
    pub duration_ms: Option<u64>,
    #[serde(default, deserialize_with = "text")]
    pub retention: String,
    #[serde(default, deserialize_with = "text")]
    pub deleted_at_twilio: String,
    #[serde(default, deserialize_with = "text")]
    pub deleted_at: String,
}

/// The final version of a call's transcript.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Transcript {
    pub lines: Vec<TranscriptLine>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TranscriptLine {
    /// Empty where the transcript does not tell its speakers apart.
    #[serde(default, deserialize_with = "text")]
    pub speaker: String,
    pub text: String,
    pub start_ms: Option<u64>,
    pub end_ms: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Summary {
    pub topic: String,
    pub details: String,
    pub outcome: String,
    pub next_step: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Fact {
    pub name: String,
    pub value: String,
    pub quote: String,
    #[serde(deserialize_with = "text")]
    pub said_by: String,
    pub confidence: u64,
}

/// The latest run of the last stage.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Insights {
    pub outcome: String,
    pub run: u64,
    #[serde(deserialize_with = "text")]
    pub transcript_source: String,
    pub voided: Vec<Voided>,
    pub usage: Vec<TextUsage>,
}

/// A value of the model that was not taken.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Voided {
    pub name: String,
    pub why: String,
}

/// In tokens.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TextUsage {
    pub model: String,
    pub input: u64,
    pub cached_input: u64,
    pub output: u64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Cost {
    pub usd_micros: u64,
    pub complete: bool,
    pub prices_as_of: String,
    pub parts: Vec<CostPart>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct CostPart {
    pub kind: String,
    pub micros: Option<u64>,
    pub at_most: bool,
}

/// `GET /v1/calls/{sid}/transcript`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TranscriptRecord {
    #[serde(deserialize_with = "text")]
    pub transcript_source: String,
    pub version: Option<u64>,
    pub lines: Vec<TranscriptLine>,
    pub versions: Vec<TranscriptVersion>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TranscriptVersion {
    pub source: String,
    #[serde(deserialize_with = "text")]
    pub model: String,
    pub r#final: bool,
}

impl CallRecord {
    pub fn recording(&self) -> &RecordingRecord {
        self.recording.as_ref().unwrap_or_else(|| panic!("no recording\n{}", self.outline()))
    }

    pub fn voicemail(&self) -> &RecordingRecord {
        self.voicemail.as_ref().unwrap_or_else(|| panic!("no voicemail\n{}", self.outline()))
    }

    /// Empty without one.
    pub fn recording_state(&self) -> &str {
        self.recording.as_ref().map_or("", |recording| &recording.state)
    }

    /// Empty without one.
    pub fn voicemail_state(&self) -> &str {
        self.voicemail.as_ref().map_or("", |voicemail| &voicemail.state)
    }

    pub fn session(&self) -> &Session {
        self.session.as_ref().unwrap_or_else(|| panic!("no session ended\n{}", self.outline()))
    }

    /// How the last session ended; empty if none has.
    pub fn end_reason(&self) -> &str {
        self.session.as_ref().map_or("", |session| &session.end_reason)
    }

    /// The lines of the final transcript; empty without one.
    pub fn lines(&self) -> &[TranscriptLine] {
        self.transcript.as_ref().map_or(&[], |transcript| &transcript.lines)
    }

    pub fn insights(&self) -> &Insights {
        self.insights.as_ref().unwrap_or_else(|| panic!("not summed up\n{}", self.outline()))
    }

    /// How the last stage ended; empty before its first run.
    pub fn outcome(&self) -> &str {
        self.insights.as_ref().map_or("", |insights| &insights.outcome)
    }

    /// The number of the latest run of the last stage; 0 before the first.
    pub fn run(&self) -> u64 {
        self.insights.as_ref().map_or(0, |insights| insights.run)
    }

    pub fn cost(&self) -> &Cost {
        self.cost.as_ref().unwrap_or_else(|| panic!("no cost\n{}", self.outline()))
    }

    /// How far the call came, in a few lines.
    pub fn outline(&self) -> String {
        let told = |event: &StatusEvent| {
            if event.status.is_empty() { event.event.clone() } else { event.status.clone() }
        };
        let reason = self.recording.as_ref().map_or("", |recording| &recording.reason);
        format!(
            "status {}, answered {}, ended {}, session ended by {}\nevents: {}\nrecording {}: {reason}\ntranscript {}, insights {}",
            self.status,
            self.answered_at,
            self.ended_at,
            self.end_reason(),
            self.events.iter().map(told).collect::<Vec<_>>().join(", "),
            self.recording_state(),
            self.transcript_source,
            self.outcome(),
        )
    }
}

/// `null` is no text.
fn text<'de, D: Deserializer<'de>>(value: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or_default())
}
