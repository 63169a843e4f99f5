//! What a business allows and wants on its calls.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ConversationPolicy;
use crate::announcement::Announcement;
use crate::recording::Retention;

/// What a business allows and wants on its calls.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Policies {
    /// Whether calls are recorded.
    pub record_calls: bool,
    /// What becomes of a recording.
    #[serde(default)]
    pub recording: RecordingPolicy,
    /// Which transcript is final.
    pub transcript: TranscriptPolicy,
    /// Limits and manners of the conversation.
    pub conversation: ConversationPolicy,
    /// What every caller hears first, before the agent and before any recording begins, such as the notice that
    /// the call is recorded.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<crate::announcement::Wording>))]
    pub consent: Option<Announcement>,
    /// What a caller is offered when no agent can be had.
    #[serde(default)]
    pub when_no_agent: WhenNoAgent,
}

/// What a caller is offered when no agent can be had: first the business's fallback number, if it has one; then, if
/// that call is not answered, voicemail, if the business takes messages; else an apology.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct WhenNoAgent {
    /// How long the fallback number may ring.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub ring_for: Duration,
    /// The message that a caller may leave; without it none is taken.
    pub voicemail: Option<Voicemail>,
    /// What a caller is sent by SMS whose call was refused, once for each call; without it nothing.
    #[cfg_attr(feature = "schema", schema(min_length = 1, max_length = 459))]
    pub text: Option<String>,
}

impl Default for WhenNoAgent {
    fn default() -> Self {
        Self { ring_for: Duration::from_secs(25), voicemail: None, text: None }
    }
}

/// A message that a caller may leave. It is recorded and archived like any call, whatever `record_calls` says.
/// What asks for it is `words.voicemail`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Voicemail {
    /// How long a message may be.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub max_length: Duration,
}

impl Default for Voicemail {
    /// Two minutes.
    fn default() -> Self {
        Self { max_length: Duration::from_secs(120) }
    }
}

/// What becomes of a recording that was archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct RecordingPolicy {
    /// How long a recording is kept.
    pub retention: Retention,
    /// Once the copy is verified, Twilio's own is deleted.
    pub delete_at_twilio: bool,
}

/// Which transcript of a call is the final one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TranscriptPolicy {
    /// The realtime transcript if it is good enough, else the recording's.
    #[default]
    RealtimeFirst,
    /// The recording's transcript replaces the realtime one when it is better.
    RecordingUpgrade,
    /// Always the realtime transcript; the recording is never transcribed.
    RealtimeOnly,
}
