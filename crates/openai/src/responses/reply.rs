use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::wire::{Tag, null_as_default};
use crate::{ApiError, PrivateText};

/// What came of a request. HTTP 200 only says that there is an answer to this question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// `resp_...`.
    pub id: String,
    pub outcome: Outcome,
    pub usage: ResponsesUsage,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The final answer, all its parts joined.
    Text(PrivateText),
    /// The model declined; this is its explanation, not an answer.
    Refused(PrivateText),
    /// Cut off. Half a JSON text is possible, so is nothing.
    Incomplete {
        reason: IncompleteReason,
        partial: PrivateText,
    },
    Failed(ApiError),
    /// Completed without a message, for example with nothing but tool calls.
    Empty,
    /// `queued`, `in_progress`, `cancelled`, or a status that did not exist when this was written.
    Unfinished {
        status: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncompleteReason {
    /// Includes reasoning: ask again with more.
    MaxOutputTokens,
    ContentFilter,
    Other(String),
}

/// Tokens of one request. `cached_input` is part of `input`, `reasoning` part of `output`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResponsesUsage {
    pub input: u64,
    pub cached_input: u64,
    pub output: u64,
    pub reasoning: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("OpenAI's answer is not a response object (column {column}): retry or report it")]
pub struct ReplyShape {
    pub column: usize,
}

impl Reply {
    /// Parses the body of a 200.
    ///
    /// # Errors
    /// When it is not a response object. The error does not quote it.
    pub fn parse(body: &[u8]) -> Result<Self, ReplyShape> {
        let wire: WireReply =
            serde_json::from_slice(body).map_err(|error| ReplyShape { column: error.column() })?;
        let usage = ResponsesUsage {
            input: wire.usage.input_tokens,
            cached_input: wire.usage.input_tokens_details.cached_tokens,
            output: wire.usage.output_tokens,
            reasoning: wire.usage.output_tokens_details.reasoning_tokens,
        };
        Ok(Self {
            id: wire.id,
            outcome: outcome(wire.status, wire.error, wire.incomplete_details, &wire.output),
            usage,
        })
    }
}

fn outcome(
    status: String,
    error: Option<ApiError>,
    incomplete: Option<WireIncomplete>,
    output: &[OutputItem],
) -> Outcome {
    match status.as_str() {
        "failed" => Outcome::Failed(error.unwrap_or_default()),
        "incomplete" => Outcome::Incomplete {
            reason: incomplete.map_or_else(|| IncompleteReason::Other(String::new()), WireIncomplete::reason),
            partial: joined(output, |part| part.text()),
        },
        "completed" => {
            let refusal = joined(output, |part| part.refusal());
            let text = joined(output, |part| part.text());
            match (refusal.is_empty(), text.is_empty()) {
                (false, _) => Outcome::Refused(refusal),
                (true, false) => Outcome::Text(text),
                (true, true) => Outcome::Empty,
            }
        }
        _ => Outcome::Unfinished { status },
    }
}

fn joined<'a>(output: &'a [OutputItem], part: impl Fn(&'a Part) -> Option<&'a str>) -> PrivateText {
    let parts = output.iter().flat_map(|OutputItem { content }| content).filter_map(part);
    PrivateText::from(parts.collect::<String>())
}

#[derive(Deserialize)]
struct WireReply {
    id: String,
    status: String,
    #[serde(default)]
    error: Option<ApiError>,
    #[serde(default)]
    incomplete_details: Option<WireIncomplete>,
    #[serde(default, deserialize_with = "null_as_default")]
    output: Vec<OutputItem>,
    #[serde(default, deserialize_with = "null_as_default")]
    usage: WireUsage,
}

#[derive(Deserialize)]
struct WireIncomplete {
    #[serde(default, deserialize_with = "null_as_default")]
    reason: String,
}

impl WireIncomplete {
    fn reason(self) -> IncompleteReason {
        match self.reason.as_str() {
            "max_output_tokens" => IncompleteReason::MaxOutputTokens,
            "content_filter" => IncompleteReason::ContentFilter,
            _ => IncompleteReason::Other(self.reason),
        }
    }
}

#[derive(Default, Deserialize)]
struct WireUsage {
    #[serde(default, deserialize_with = "null_as_default")]
    input_tokens: u64,
    #[serde(default, deserialize_with = "null_as_default")]
    output_tokens: u64,
    #[serde(default, deserialize_with = "null_as_default")]
    input_tokens_details: WireDetails,
    #[serde(default, deserialize_with = "null_as_default")]
    output_tokens_details: WireDetails,
}

#[derive(Default, Deserialize)]
struct WireDetails {
    #[serde(default, deserialize_with = "null_as_default")]
    cached_tokens: u64,
    #[serde(default, deserialize_with = "null_as_default")]
    reasoning_tokens: u64,
}

/// What a final message says; empty for reasoning, tool calls, commentary and whatever else comes in the
/// list. So the answer is found wherever it stands.
struct OutputItem {
    content: Vec<Part>,
}

enum Part {
    Text(String),
    Refusal(String),
    Other,
}

impl Part {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Refusal(_) | Self::Other => None,
        }
    }

    fn refusal(&self) -> Option<&str> {
        match self {
            Self::Refusal(refusal) => Some(refusal),
            Self::Text(_) | Self::Other => None,
        }
    }
}

impl<'de> Deserialize<'de> for OutputItem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Message<'a> {
            #[serde(default, borrow)]
            phase: Option<Cow<'a, str>>,
            #[serde(default, deserialize_with = "null_as_default")]
            content: Vec<Part>,
        }

        let raw = <&'de RawValue>::deserialize(deserializer)?;
        if Tag::of(raw).map_err(serde::de::Error::custom)? != "message" {
            return Ok(Self { content: Vec::new() });
        }
        let Message { phase, content } = serde_json::from_str(raw.get()).map_err(serde::de::Error::custom)?;
        let content = if phase.as_deref() == Some("commentary") { Vec::new() } else { content };
        Ok(Self { content })
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Text {
            text: String,
        }
        #[derive(Deserialize)]
        struct Refusal {
            refusal: String,
        }

        let raw = <&'de RawValue>::deserialize(deserializer)?;
        let part = match Tag::of(raw).map_err(serde::de::Error::custom)?.as_ref() {
            "output_text" => serde_json::from_str(raw.get()).map(|Text { text }| Self::Text(text)),
            "refusal" => serde_json::from_str(raw.get()).map(|Refusal { refusal }| Self::Refusal(refusal)),
            _ => Ok(Self::Other),
        };
        part.map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: &str, rest: &str) -> Reply {
        Reply::parse(
            format!(r#"{{"id":"resp_1","object":"response","status":"{status}",{rest}}}"#).as_bytes(),
        )
        .unwrap()
    }

    #[test]
    fn the_answer_is_found_behind_reasoning_and_commentary() {
        let done = reply(
            "completed",
            r#""error":null,"incomplete_details":null,"output":[
                {"type":"reasoning","id":"rs_1","summary":[],"content":{"odd":true}},
                {"type":"message","role":"assistant","status":"completed","phase":"commentary",
                 "content":[{"type":"output_text","text":"Let me see.","annotations":[]}]},
                {"type":"function_call","call_id":"call_1","name":"x","arguments":"{}"},
                {"type":"message","role":"assistant","status":"completed","phase":"final_answer",
                 "content":[{"type":"output_text","text":"{\"a\":","annotations":[]},
                            {"type":"hologram","text":7},
                            {"type":"output_text","text":"1}","annotations":[]}]}],
             "usage":{"input_tokens":36,"input_tokens_details":{"cached_tokens":8,"cache_write_tokens":0},
                      "output_tokens":87,"output_tokens_details":{"reasoning_tokens":40},"total_tokens":123}"#,
        );
        assert_eq!(done.outcome, Outcome::Text(r#"{"a":1}"#.into()));
        assert_eq!(done.usage, ResponsesUsage { input: 36, cached_input: 8, output: 87, reasoning: 40 });
        assert!(!format!("{done:?}").contains("\"a\""));
    }

    #[test]
    fn a_refusal_is_not_an_answer() {
        let refused = reply(
            "completed",
            r#""output":[{"type":"message","content":[{"type":"refusal","refusal":"I cannot."}]}],"usage":null"#,
        );
        assert_eq!(refused.outcome, Outcome::Refused("I cannot.".into()));
    }

    #[test]
    fn an_incomplete_answer_says_why_and_keeps_what_there_is() {
        let cut = |reason: &str| {
            let rest = format!(
                r#""incomplete_details":{reason},
                   "output":[{{"type":"message","content":[{{"type":"output_text","text":"{{\"a\""}}]}}]"#
            );
            match reply("incomplete", &rest).outcome {
                Outcome::Incomplete { reason, partial } => (reason, partial.into_string()),
                other => panic!("{other:?}"),
            }
        };
        let partial = r#"{"a""#.to_owned();
        assert_eq!(cut(r#"{"reason":"max_output_tokens"}"#), (IncompleteReason::MaxOutputTokens, partial));
        assert_eq!(cut(r#"{"reason":"content_filter"}"#).0, IncompleteReason::ContentFilter);
        assert_eq!(cut(r#"{"reason":"steered"}"#).0, IncompleteReason::Other("steered".to_owned()));
        assert_eq!(cut("null").0, IncompleteReason::Other(String::new()));
    }

    #[test]
    fn a_failure_inside_a_200_is_a_failure() {
        let failed = reply("failed", r#""error":{"code":"server_error","message":"m"},"output":[]"#);
        let Outcome::Failed(error) = failed.outcome else { panic!("not failed") };
        assert_eq!(error.code.as_deref(), Some("server_error"));
        assert_eq!(reply("failed", r#""error":null"#).outcome, Outcome::Failed(ApiError::default()));
    }

    #[test]
    fn other_ends_are_told_apart() {
        assert_eq!(reply("completed", r#""output":[]"#).outcome, Outcome::Empty);
        for status in ["queued", "in_progress", "cancelled", "paused"] {
            let outcome = reply(status, r#""output":null"#).outcome;
            assert_eq!(outcome, Outcome::Unfinished { status: status.to_owned() });
        }
    }

    #[test]
    fn a_body_of_another_shape_is_an_error_that_does_not_quote_it() {
        for body in
            [&b"<html>"[..], br#"{"id":"r"}"#, br#"{"id":"r","status":"completed","output":"secret"}"#]
        {
            let error = Reply::parse(body).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
    }
}
