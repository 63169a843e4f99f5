use std::borrow::Cow;

use serde::Deserialize;

use crate::realtime::audio::AudioPayload;
use crate::realtime::item::{ContentPart, Item};
use crate::realtime::{Response, SessionEcho};
use crate::transcription::{self, TranscriptionUsage};
use crate::wire::null_as_default;
use crate::{ApiError, PrivateText};

#[derive(Deserialize)]
pub(super) struct SessionEvent {
    pub(super) session: Box<SessionEcho>,
}

#[derive(Deserialize)]
pub(super) struct ResponseEvent {
    pub(super) response: Box<Response>,
}

#[derive(Deserialize)]
pub(super) struct ErrorEvent {
    pub(super) error: ApiError,
}

#[derive(Deserialize)]
pub(super) struct Empty {}

/// An item entered the conversation or is complete.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ItemEvent {
    pub item: Item,
    /// The item before this one; `None` for the first. The transcript's order is this chain, not the order
    /// of arrival.
    #[serde(default)]
    pub previous_item_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ItemTruncated {
    pub item_id: String,
    #[serde(default)]
    pub content_index: u32,
    /// Milliseconds of the item's audio that remain.
    pub audio_end_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ItemDeleted {
    pub item_id: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InputTranscriptDelta<'a> {
    #[serde(borrow)]
    pub item_id: Cow<'a, str>,
    #[serde(default, deserialize_with = "null_as_default")]
    pub delta: PrivateText,
}

/// What the caller said in one turn. Empty on silence.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct InputTranscript {
    pub item_id: String,
    pub transcript: PrivateText,
    #[serde(default)]
    pub usage: Option<TranscriptionUsage>,
    /// ISO 639-1 codes, where the model tells.
    #[serde(default, deserialize_with = "transcription::language_codes")]
    pub languages: Vec<String>,
}

/// The turn was heard and answered, but will have no text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InputTranscriptFailed {
    pub item_id: String,
    #[serde(default, deserialize_with = "null_as_default")]
    pub error: ApiError,
}

/// The caller's turn became an item.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InputAudioCommitted {
    pub item_id: String,
    #[serde(default)]
    pub previous_item_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SpeechStarted {
    pub item_id: String,
    /// Milliseconds of appended audio since the session began, prefix padding included.
    pub audio_start_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SpeechStopped {
    pub item_id: String,
    /// Milliseconds of appended audio since the session began.
    pub audio_end_ms: u64,
}

/// The caller was silent for `idle_timeout_ms`; a response follows by itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TimeoutTriggered {
    pub item_id: String,
    pub audio_start_ms: u64,
    pub audio_end_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OutputItemEvent {
    pub response_id: String,
    #[serde(default)]
    pub output_index: u32,
    pub item: Item,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ContentPartEvent {
    pub response_id: String,
    pub item_id: String,
    #[serde(default)]
    pub content_index: u32,
    pub part: ContentPart,
}

/// Audio to play. The common case is read by [`fast::audio_delta`](crate::realtime::fast::audio_delta);
/// this is the shape it must agree with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OutputAudioDelta<'a> {
    #[serde(borrow)]
    pub response_id: Cow<'a, str>,
    #[serde(borrow)]
    pub item_id: Cow<'a, str>,
    #[serde(default)]
    pub content_index: u32,
    #[serde(borrow)]
    pub delta: AudioPayload<'a>,
}

/// More of a text or a transcript.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OutputDelta<'a> {
    #[serde(borrow)]
    pub response_id: Cow<'a, str>,
    #[serde(borrow)]
    pub item_id: Cow<'a, str>,
    #[serde(default)]
    pub content_index: u32,
    pub delta: PrivateText,
}

/// All audio of a content part has been sent; the caller has not yet heard it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OutputDone {
    pub response_id: String,
    pub item_id: String,
    #[serde(default)]
    pub content_index: u32,
}

/// The whole text or transcript of a content part.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OutputText {
    pub response_id: String,
    pub item_id: String,
    #[serde(default)]
    pub content_index: u32,
    #[serde(alias = "transcript")]
    pub text: PrivateText,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CallArguments {
    pub response_id: String,
    pub item_id: String,
    pub call_id: String,
    #[serde(default)]
    pub name: Option<String>,
    pub arguments: PrivateText,
}

/// Sent at the start of each response.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RateLimits {
    #[serde(default, deserialize_with = "null_as_default")]
    pub rate_limits: Vec<RateLimit>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RateLimit {
    /// `requests` or `tokens`.
    pub name: String,
    pub limit: Option<u64>,
    pub remaining: Option<u64>,
    /// Seconds until `limit` is available again.
    pub reset_seconds: Option<f64>,
}
