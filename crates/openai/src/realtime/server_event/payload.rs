use std::borrow::Cow;

use serde::Deserialize;

use crate::realtime::audio::AudioPayload;
use crate::realtime::item::{ContentPart, Item};
use crate::realtime::{Response, SessionEcho};
use crate::transcription::{self, TranscriptionUsage};
use crate::wire::{self, optional, whole};
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
    #[serde(default, deserialize_with = "optional")]
    pub(super) error: ApiError,
}

#[derive(Deserialize)]
pub(super) struct Empty {}

/// A call that is to be carried out has what that takes; in other events it is only mentioned.
#[derive(Deserialize)]
#[serde(try_from = "OutputItemEvent")]
pub(super) struct FinishedItem(pub(super) OutputItemEvent);

impl TryFrom<OutputItemEvent> for FinishedItem {
    type Error = String;

    fn try_from(done: OutputItemEvent) -> Result<Self, String> {
        match done.item.lacks() {
            Some(field) => Err(format!("missing field `item.{field}`")),
            None => Ok(Self(done)),
        }
    }
}

/// An item entered the conversation or is complete.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ItemEvent {
    /// The item.
    pub item: Item,
    /// The item before this one; `None` for the first. The transcript's order is this chain, not the order
    /// of arrival.
    #[serde(default, deserialize_with = "optional")]
    pub previous_item_id: Option<String>,
}

/// An item was cut to what was heard.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ItemTruncated {
    /// The item.
    #[serde(default, deserialize_with = "optional")]
    pub item_id: String,
    /// Which part of its content.
    #[serde(default, deserialize_with = "whole")]
    pub content_index: u32,
    /// Milliseconds of the item's audio that remain.
    #[serde(default, deserialize_with = "whole")]
    pub audio_end_ms: Option<u64>,
}

/// An item was removed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ItemDeleted {
    /// The item.
    #[serde(default, deserialize_with = "optional")]
    pub item_id: String,
}

/// A piece of the caller's words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InputTranscriptDelta {
    /// The item with the audio.
    #[serde(default, deserialize_with = "optional")]
    pub item_id: String,
    /// The words since the last piece.
    #[serde(default, deserialize_with = "optional")]
    pub delta: PrivateText,
}

/// What the caller said in one turn.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct InputTranscript {
    /// The item with the audio.
    pub item_id: String,
    /// Empty on silence; `None` where the server gives none.
    #[serde(default, deserialize_with = "optional")]
    pub transcript: Option<PrivateText>,
    /// What the recognition used.
    #[serde(default, deserialize_with = "optional")]
    pub usage: Option<TranscriptionUsage>,
    /// ISO 639-1 codes, where the model tells.
    #[serde(default, deserialize_with = "transcription::language_codes")]
    pub languages: Vec<String>,
}

/// The turn was heard and answered, but will have no text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InputTranscriptFailed {
    /// The item with the audio.
    pub item_id: String,
    /// Why.
    #[serde(default, deserialize_with = "optional")]
    pub error: ApiError,
}

/// The caller's turn became an item.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InputAudioCommitted {
    /// The new item.
    #[serde(default, deserialize_with = "optional")]
    pub item_id: String,
    /// The item before it.
    #[serde(default, deserialize_with = "optional")]
    pub previous_item_id: Option<String>,
}

/// The caller began to speak.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SpeechStarted {
    /// Empty where the server gives none: the caller speaks all the same.
    #[serde(default, deserialize_with = "optional")]
    pub item_id: String,
    /// Milliseconds of appended audio since the session began, prefix padding included.
    #[serde(default, deserialize_with = "whole")]
    pub audio_start_ms: Option<u64>,
}

/// The caller stopped speaking.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SpeechStopped {
    /// The item that the audio will be.
    #[serde(default, deserialize_with = "optional")]
    pub item_id: String,
    /// Milliseconds of appended audio since the session began.
    #[serde(default, deserialize_with = "whole")]
    pub audio_end_ms: Option<u64>,
}

/// The caller was silent for `idle_timeout_ms`; a response follows by itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TimeoutTriggered {
    /// The item that the silence will be.
    #[serde(default, deserialize_with = "optional")]
    pub item_id: String,
    /// Where the silence began, milliseconds of the session's audio.
    #[serde(default, deserialize_with = "whole")]
    pub audio_start_ms: Option<u64>,
    /// Where it ended, milliseconds of the session's audio.
    #[serde(default, deserialize_with = "whole")]
    pub audio_end_ms: Option<u64>,
}

/// An item of a response.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OutputItemEvent {
    /// The response.
    pub response_id: String,
    /// The item's place in it.
    #[serde(default, deserialize_with = "whole")]
    pub output_index: u32,
    /// The item.
    pub item: Item,
}

/// A part of an item of a response.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ContentPartEvent {
    /// The response.
    #[serde(default, deserialize_with = "optional")]
    pub response_id: String,
    /// The item.
    #[serde(default, deserialize_with = "optional")]
    pub item_id: String,
    /// The part's place in it.
    #[serde(default, deserialize_with = "whole")]
    pub content_index: u32,
    /// The part.
    #[serde(default, deserialize_with = "optional")]
    pub part: ContentPart,
}

/// Audio to play. The common case is read by [`fast::audio_delta`](crate::realtime::fast::audio_delta);
/// this is the shape it must agree with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OutputAudioDelta<'a> {
    /// The response.
    #[serde(borrow)]
    pub response_id: Cow<'a, str>,
    /// The item.
    #[serde(borrow)]
    pub item_id: Cow<'a, str>,
    /// Which part of its content.
    #[serde(default, deserialize_with = "whole")]
    pub content_index: u32,
    /// The audio, base64.
    #[serde(borrow)]
    pub delta: AudioPayload<'a>,
}

/// More of a text or a transcript.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OutputDelta<'a> {
    /// The response.
    #[serde(borrow)]
    pub response_id: Cow<'a, str>,
    /// The item.
    #[serde(borrow)]
    pub item_id: Cow<'a, str>,
    /// Which part of its content.
    #[serde(default, deserialize_with = "whole")]
    pub content_index: u32,
    /// The words since the last piece.
    #[serde(default, deserialize_with = "optional")]
    pub delta: PrivateText,
}

/// All audio of a content part has been sent; the caller has not yet heard it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OutputDone {
    /// The response.
    #[serde(default, deserialize_with = "optional")]
    pub response_id: String,
    /// The item.
    #[serde(default, deserialize_with = "optional")]
    pub item_id: String,
    /// Which part of its content.
    #[serde(default, deserialize_with = "whole")]
    pub content_index: u32,
}

/// The whole text or transcript of a content part.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OutputText {
    /// The response.
    pub response_id: String,
    /// The item.
    pub item_id: String,
    /// Which part of its content.
    #[serde(default, deserialize_with = "whole")]
    pub content_index: u32,
    /// `None` where the server gives none: then the deltas are all there is.
    #[serde(default, alias = "transcript", deserialize_with = "optional")]
    pub text: Option<PrivateText>,
}

/// The arguments of a tool call are complete.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CallArguments {
    /// The response.
    #[serde(default, deserialize_with = "optional")]
    pub response_id: String,
    /// The item.
    #[serde(default, deserialize_with = "optional")]
    pub item_id: String,
    /// The model's key of the call.
    #[serde(default, deserialize_with = "optional")]
    pub call_id: String,
    /// The tool.
    #[serde(default, deserialize_with = "optional")]
    pub name: Option<String>,
    /// The arguments, JSON.
    #[serde(default, deserialize_with = "optional")]
    pub arguments: PrivateText,
}

/// Sent at the start of each response.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RateLimits {
    /// Each limit.
    #[serde(default, deserialize_with = "wire::list")]
    pub rate_limits: Vec<RateLimit>,
}

/// What is left of one limit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RateLimit {
    /// `requests` or `tokens`.
    #[serde(default, deserialize_with = "optional")]
    pub name: String,
    /// What the account may use.
    #[serde(default, deserialize_with = "whole")]
    pub limit: Option<u64>,
    /// What is left.
    #[serde(default, deserialize_with = "whole")]
    pub remaining: Option<u64>,
    /// Seconds until `limit` is available again.
    #[serde(default, deserialize_with = "optional")]
    pub reset_seconds: Option<f64>,
}
