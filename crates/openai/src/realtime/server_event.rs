//! What the server sends. Parsed in two steps: the `type` alone, then that event's own shape; so an event
//! that is not known costs nothing, and one that is known and wrong is reported by name.

mod payload;

use std::borrow::Cow;

use serde::Deserialize;

pub use payload::{
    CallArguments, ContentPartEvent, InputAudioCommitted, InputTranscript, InputTranscriptDelta,
    InputTranscriptFailed, ItemDeleted, ItemEvent, ItemTruncated, OutputAudioDelta, OutputDelta, OutputDone,
    OutputItemEvent, OutputText, RateLimit, RateLimits, SpeechStarted, SpeechStopped, TimeoutTriggered,
};
use payload::{ErrorEvent, FinishedItem, ResponseEvent, SessionEvent};

use super::{Response, SessionEcho};
use crate::ApiError;
use crate::wire::Tag;

/// Largest event that is parsed. Retrieved items can hold minutes of audio; nothing else comes near.
pub const MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;

/// Longest part of an unknown event's name that is kept.
pub const MAX_UNKNOWN_KIND_BYTES: usize = 64;

/// A server event (OpenAI Realtime GA). Deltas borrow from the frame, the rest is owned.
#[derive(Debug, Clone, PartialEq)]
pub enum ServerEvent<'a> {
    /// The session exists, with the server's defaults.
    SessionCreated(Box<SessionEcho>),
    /// The session is configured.
    SessionUpdated(Box<SessionEcho>),
    /// Also under its beta name, `conversation.item.created`.
    ItemAdded(ItemEvent),
    /// An item is complete.
    ItemDone(ItemEvent),
    /// An item was cut to what was heard.
    ItemTruncated(ItemTruncated),
    /// An item was removed.
    ItemDeleted(ItemDeleted),
    /// Comes at any time, even after the answer's `response.done`: match it by item.
    InputTranscriptDelta(InputTranscriptDelta),
    /// The words of the caller's audio are known.
    InputTranscriptCompleted(InputTranscript),
    /// The words of the caller's audio could not be recognised.
    InputTranscriptFailed(InputTranscriptFailed),
    /// The caller's audio became an item.
    InputAudioCommitted(InputAudioCommitted),
    /// The caller's audio was discarded.
    InputAudioCleared,
    /// The caller began to speak.
    SpeechStarted(SpeechStarted),
    /// The caller stopped speaking.
    SpeechStopped(SpeechStopped),
    /// The line was silent for the idle timeout.
    TimeoutTriggered(TimeoutTriggered),
    /// A response begins.
    ResponseCreated(Box<Response>),
    /// May come without its `ResponseCreated` having been seen, when the caller interrupts.
    ResponseDone(Box<Response>),
    /// A response has another item.
    OutputItemAdded(OutputItemEvent),
    /// An item of a response is complete.
    OutputItemDone(OutputItemEvent),
    /// An item has another part.
    ContentPartAdded(ContentPartEvent),
    /// A part of an item is complete.
    ContentPartDone(ContentPartEvent),
    /// A piece of the agent's audio.
    OutputAudioDelta(OutputAudioDelta<'a>),
    /// The audio of a part is complete.
    OutputAudioDone(OutputDone),
    /// A piece of the words of the agent's audio.
    OutputAudioTranscriptDelta(OutputDelta<'a>),
    /// The words of the agent's audio are complete.
    OutputAudioTranscriptDone(OutputText),
    /// A piece of a written answer.
    OutputTextDelta(OutputDelta<'a>),
    /// A written answer is complete.
    OutputTextDone(OutputText),
    /// Comes for interrupted calls as well, with half a JSON text: act on the completed item instead.
    FunctionCallArgumentsDone(CallArguments),
    /// What is left of the account's limits.
    RateLimitsUpdated(RateLimits),
    /// Something went wrong; most errors leave the session as it was.
    Error(ApiError),
    /// Documented, and of no use on a WebSocket call.
    Ignored {
        /// The event's type.
        kind: Cow<'a, str>,
    },
    /// Not documented when this was written. Count it and go on.
    Unknown {
        /// The event's type.
        kind: Cow<'a, str>,
    },
}

/// Why a frame could not be read. Never quotes the frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerEventError {
    /// The message is longer than this side reads.
    #[error("frame of {bytes} bytes is over the limit of {MAX_EVENT_BYTES}: drop it")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The message is not JSON with a type.
    #[error("frame is not a JSON object with one string `type` (column {column}): drop it")]
    NotAnEvent {
        /// Where reading ended.
        column: usize,
    },
    /// `field` is the path to what is missing or of another kind, in the documentation's names.
    #[error("`{event}` does not have its documented shape at `{field}`: drop it and raise an alarm")]
    Shape {
        /// The event's type.
        event: &'static str,
        /// What is wrong with which field; no value.
        field: String,
    },
}

/// Gives each `type` the variant that holds its payload.
macro_rules! by_type {
    ($kind:expr, $frame:expr, { $($name:literal $(| $alias:literal)? => $build:expr,)+ } else $other:expr) => {
        match $kind.as_ref() {
            $($name $(| $alias)? => shape($name, $frame).map($build),)+
            _ => $other,
        }
    };
}

impl<'a> ServerEvent<'a> {
    /// Parses one text frame.
    ///
    /// # Errors
    /// When the frame is no event at all, or a known event of another shape. Unknown events, fields,
    /// items and statuses are no errors.
    pub fn parse(frame: &'a [u8]) -> Result<Self, ServerEventError> {
        if frame.len() > MAX_EVENT_BYTES {
            return Err(ServerEventError::TooLarge { bytes: frame.len() });
        }
        let Tag { kind } = serde_json::from_slice::<Tag<'a>>(frame)
            .map_err(|error| ServerEventError::NotAnEvent { column: error.column() })?;

        by_type!(kind, frame, {
            "session.created" => |SessionEvent { session }| Self::SessionCreated(session),
            "session.updated" => |SessionEvent { session }| Self::SessionUpdated(session),
            "conversation.item.added" | "conversation.item.created" => Self::ItemAdded,
            "conversation.item.done" => Self::ItemDone,
            "conversation.item.truncated" => Self::ItemTruncated,
            "conversation.item.deleted" => Self::ItemDeleted,
            "conversation.item.input_audio_transcription.delta" => Self::InputTranscriptDelta,
            "conversation.item.input_audio_transcription.completed" => Self::InputTranscriptCompleted,
            "conversation.item.input_audio_transcription.failed" => Self::InputTranscriptFailed,
            "input_audio_buffer.committed" => Self::InputAudioCommitted,
            "input_audio_buffer.cleared" => |payload::Empty {}| Self::InputAudioCleared,
            "input_audio_buffer.speech_started" => Self::SpeechStarted,
            "input_audio_buffer.speech_stopped" => Self::SpeechStopped,
            "input_audio_buffer.timeout_triggered" => Self::TimeoutTriggered,
            "response.created" => |ResponseEvent { response }| Self::ResponseCreated(response),
            "response.done" => |ResponseEvent { response }| Self::ResponseDone(response),
            "response.output_item.added" => Self::OutputItemAdded,
            "response.output_item.done" => |FinishedItem(done)| Self::OutputItemDone(done),
            "response.content_part.added" => Self::ContentPartAdded,
            "response.content_part.done" => Self::ContentPartDone,
            "response.output_audio.delta" => Self::OutputAudioDelta,
            "response.output_audio.done" => Self::OutputAudioDone,
            "response.output_audio_transcript.delta" => Self::OutputAudioTranscriptDelta,
            "response.output_audio_transcript.done" => Self::OutputAudioTranscriptDone,
            "response.output_text.delta" => Self::OutputTextDelta,
            "response.output_text.done" => Self::OutputTextDone,
            "response.function_call_arguments.done" => Self::FunctionCallArgumentsDone,
            "rate_limits.updated" => Self::RateLimitsUpdated,
            "error" => |ErrorEvent { error }| Self::Error(error),
        } else if is_ignored(&kind) {
            Ok(Self::Ignored { kind })
        } else {
            Ok(Self::Unknown { kind: bounded(kind) })
        })
    }
}

fn shape<'a, T: Deserialize<'a>>(event: &'static str, frame: &'a [u8]) -> Result<T, ServerEventError> {
    serde_json::from_slice(frame)
        .map_err(|_| ServerEventError::Shape { event, field: wrong_field::<T>(frame) })
}

/// Where a frame that is no `T` stops being one. Only names that we know are in it: unknown fields are skipped
/// wherever they are.
fn wrong_field<'a, T: Deserialize<'a>>(frame: &'a [u8]) -> String {
    let reader = &mut serde_json::Deserializer::from_slice(frame);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(reader) else { return String::new() };
    let path = error.path().to_string();
    // A field that is not there is no place in the frame; serde names it in its message, from our own types.
    let message = error.inner().to_string();
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    match (path.as_str(), missing) {
        (".", Some(missing)) => missing.to_owned(),
        (path, Some(missing)) => format!("{path}.{missing}"),
        (path, None) => path.to_owned(),
    }
}

/// Arguments and tool progress that the finished item repeats, and what only WebRTC, SIP or MCP brings.
fn is_ignored(kind: &str) -> bool {
    matches!(
        kind,
        "conversation.created"
            | "conversation.item.retrieved"
            | "conversation.item.input_audio_transcription.segment"
            | "input_audio_buffer.dtmf_event_received"
            | "response.function_call_arguments.delta"
    ) || ["output_audio_buffer.", "mcp_list_tools.", "response.mcp_call"]
        .iter()
        .any(|family| kind.starts_with(family))
}

fn bounded(kind: Cow<'_, str>) -> Cow<'_, str> {
    let end = kind.floor_char_boundary(MAX_UNKNOWN_KIND_BYTES);
    match kind {
        Cow::Borrowed(kind) => Cow::Borrowed(&kind[..end]),
        Cow::Owned(mut kind) => {
            kind.truncate(end);
            Cow::Owned(kind)
        }
    }
}

#[cfg(test)]
mod tests;
