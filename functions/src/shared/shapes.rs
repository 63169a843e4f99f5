//! Values of the API that several answers and the events have in common.

use std::time::Duration;

use domain::Speaker;
use domain::Timestamp;
use domain::tools::TakenMessage;
use domain::transcript::TranscriptLine;
use platform::clock;
use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{KnownFormat, SchemaFormat};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::edge::api::schema;

/// A moment, as RFC 3339 in UTC with milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time(pub(crate) Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&clock::rfc3339(self.0))
    }
}

/// A length of time in whole milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Millis(pub(crate) Duration);

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX))
    }
}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let text = text.format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
        let text = text.description(Some("A moment, as RFC 3339 in UTC with milliseconds."));
        text.examples([serde_json::Value::from("2026-12-01T08:30:00.000Z")]).into()
    }
}

impl ToSchema for Time {}

impl PartialSchema for Millis {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
        let number = number.format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)));
        number.description(Some("A length of time in milliseconds.")).into()
    }
}

impl ToSchema for Millis {}

/// A message that a caller left with the agent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Message<'a> {
    /// When the agent took it.
    at: Time,
    /// The person it is for, as the caller named them.
    r#for: Option<&'a str>,
    /// The message in the caller's words.
    message: &'a str,
    /// The number to call back, as the caller said it.
    callback: Option<&'a str>,
}

impl<'a> Message<'a> {
    pub(crate) fn new(at: Timestamp, message: &'a TakenMessage) -> Self {
        let TakenMessage { recipient, text, callback } = message;
        Self { at: Time(at), r#for: recipient.as_deref(), message: text, callback: callback.as_deref() }
    }
}

/// One line of a transcript.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TranscriptLine)]
pub(crate) struct Line<'a> {
    /// Null where the speakers could not be told apart.
    #[schema(value_type = Option<schema::SpeakerWord>)]
    speaker: Option<Speaker>,
    text: &'a str,
    /// Where in the recording it begins, milliseconds, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_ms: Option<u64>,
    /// Where in the recording it ends, milliseconds, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    end_ms: Option<u64>,
}

impl<'a> Line<'a> {
    pub(crate) fn all(lines: &'a [TranscriptLine]) -> Vec<Self> {
        let line = |line: &'a TranscriptLine| {
            let TranscriptLine { speaker, text, start_ms, end_ms } = line;
            Self { speaker: *speaker, text, start_ms: *start_ms, end_ms: *end_ms }
        };
        lines.iter().map(line).collect()
    }
}
