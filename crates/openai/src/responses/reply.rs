use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::wire::{self, optional, whole};
use crate::{ApiError, PrivateText};

/// What came of a request. HTTP 200 only says that there is an answer to this question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponsesReply {
    /// `resp_...`.
    pub id: String,
    /// What the request came to.
    pub outcome: ResponsesOutcome,
    /// The functions that the model calls, in its order. Only a completed answer has any: arguments of one that was cut off
    /// may be half of what was meant.
    pub calls: Vec<FunctionCall>,
    /// What it used.
    pub usage: ResponsesUsage,
}

/// A call of a function that was offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionCall {
    /// `call_...`: its output is told under this name.
    pub id: String,
    /// The function.
    pub name: String,
    /// JSON, or what the model took for that.
    pub arguments: PrivateText,
}

/// What a request came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponsesOutcome {
    /// The final answer, all its parts joined.
    Text(PrivateText),
    /// The model declined; this is its explanation, not an answer.
    Refused(PrivateText),
    /// Cut off. Half a JSON text is possible, so is nothing.
    Incomplete {
        /// Why it is incomplete.
        reason: IncompleteReason,
        /// What there is of it.
        partial: PrivateText,
    },
    /// It failed.
    Failed(ApiError),
    /// Completed without a message, for example with nothing but tool calls.
    Empty,
    /// `queued`, `in_progress`, `cancelled`, or a status that did not exist when this was written.
    Unfinished {
        /// The status that is not known here.
        status: String,
    },
}

/// Why an answer is incomplete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncompleteReason {
    /// Includes reasoning: ask again with more.
    MaxOutputTokens,
    /// OpenAI's content filter cut it off.
    ContentFilter,
    /// A reason that is not known here.
    Other(String),
}

/// Tokens of one request. `cached_input` is part of `input`, `reasoning` part of `output`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResponsesUsage {
    /// Input tokens, cached ones included.
    pub input: u64,
    /// Input tokens that were read from the cache.
    pub cached_input: u64,
    /// Part of `input`, too: what was put into the cache, which costs more than what is only read.
    pub cache_write: u64,
    /// Output tokens, reasoning included.
    pub output: u64,
    /// Output tokens that were reasoning.
    pub reasoning: u64,
}

const COMPLETED: &str = "completed";

/// The body is not an answer of the Responses API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("OpenAI's answer is not a response object (column {column}): retry or report it")]
pub struct ReplyShape {
    /// Where reading ended.
    pub column: usize,
}

impl ResponsesReply {
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
            cache_write: wire.usage.input_tokens_details.cache_write_tokens,
            output: wire.usage.output_tokens,
            reasoning: wire.usage.output_tokens_details.reasoning_tokens,
        };
        let shape = || ReplyShape { column: 0 };
        let output: Vec<OutputItem> = match (wire.output, &wire.status) {
            (Some(output), _) => serde_json::from_str(output.get()).map_err(|_| shape())?,
            (None, Some(_)) => Vec::new(),
            (None, None) => return Err(shape()),
        };
        // What holds an answer is one, whatever became of the word for it.
        let status = wire.status.unwrap_or_else(|| COMPLETED.to_owned());
        let is_complete = status == COMPLETED;
        let outcome = outcome(status, wire.error, wire.incomplete_details, &output);
        let calls = output.into_iter().filter(|_| is_complete).filter_map(|item| item.call).collect();
        Ok(Self { id: wire.id.unwrap_or_default(), outcome, calls, usage })
    }
}

fn outcome(
    status: String,
    error: Option<ApiError>,
    incomplete: Option<WireIncomplete>,
    output: &[OutputItem],
) -> ResponsesOutcome {
    match status.as_str() {
        "failed" => ResponsesOutcome::Failed(error.unwrap_or_default()),
        "incomplete" => ResponsesOutcome::Incomplete {
            reason: incomplete.map_or_else(|| IncompleteReason::Other(String::new()), WireIncomplete::reason),
            partial: joined(output, |part| part.text()),
        },
        COMPLETED => {
            let refusal = joined(output, |part| part.refusal());
            let text = joined(output, |part| part.text());
            match (refusal.is_empty(), text.is_empty()) {
                (false, _) => ResponsesOutcome::Refused(refusal),
                (true, false) => ResponsesOutcome::Text(text),
                (true, true) => ResponsesOutcome::Empty,
            }
        }
        _ => ResponsesOutcome::Unfinished { status },
    }
}

fn joined<'a>(output: &'a [OutputItem], part: impl Fn(&'a Part) -> Option<&'a str>) -> PrivateText {
    let parts = output.iter().flat_map(|OutputItem { content, .. }| content).filter_map(part);
    PrivateText::from(parts.collect::<String>())
}

#[derive(Deserialize)]
struct WireReply<'a> {
    #[serde(default, deserialize_with = "optional")]
    id: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    status: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    error: Option<ApiError>,
    #[serde(default, deserialize_with = "optional")]
    incomplete_details: Option<WireIncomplete>,
    #[serde(default, borrow)]
    output: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "optional")]
    usage: WireUsage,
}

#[derive(Deserialize)]
struct WireIncomplete {
    #[serde(default, deserialize_with = "optional")]
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
    #[serde(default, deserialize_with = "whole")]
    input_tokens: u64,
    #[serde(default, deserialize_with = "whole")]
    output_tokens: u64,
    #[serde(default, deserialize_with = "optional")]
    input_tokens_details: WireDetails,
    #[serde(default, deserialize_with = "optional")]
    output_tokens_details: WireDetails,
}

#[derive(Default, Deserialize)]
struct WireDetails {
    #[serde(default, deserialize_with = "whole")]
    cached_tokens: u64,
    #[serde(default, deserialize_with = "whole")]
    cache_write_tokens: u64,
    #[serde(default, deserialize_with = "whole")]
    reasoning_tokens: u64,
}

/// What a final message says; empty for reasoning, tool calls, commentary and whatever else comes in the
/// list. So the answer is found wherever it stands.
struct OutputItem {
    content: Vec<Part>,
    call: Option<FunctionCall>,
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
        #[derive(Default, Deserialize)]
        struct Message {
            #[serde(rename = "type", default, deserialize_with = "optional")]
            kind: Option<String>,
            #[serde(default, deserialize_with = "optional")]
            phase: Option<String>,
            #[serde(default, deserialize_with = "wire::list")]
            content: Vec<Part>,
            #[serde(default, deserialize_with = "optional")]
            call_id: Option<String>,
            #[serde(default, deserialize_with = "optional")]
            name: Option<String>,
            #[serde(default, deserialize_with = "optional")]
            arguments: Option<String>,
        }

        let Message { kind, phase, content, call_id, name, arguments } = optional(deserializer)?;
        let is_final = kind.as_deref() == Some("message") && phase.as_deref() != Some("commentary");
        let call = match (kind.as_deref(), call_id, name) {
            (Some("function_call"), Some(id), Some(name)) => {
                Some(FunctionCall { id, name, arguments: PrivateText::from(arguments.unwrap_or_default()) })
            }
            _ => None,
        };
        Ok(Self { content: if is_final { content } else { Vec::new() }, call })
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        struct Wire {
            #[serde(rename = "type", default, deserialize_with = "optional")]
            kind: Option<String>,
            #[serde(default, deserialize_with = "optional")]
            text: Option<String>,
            #[serde(default, deserialize_with = "optional")]
            refusal: Option<String>,
        }

        let Wire { kind, text, refusal } = optional(deserializer)?;
        Ok(match (kind.as_deref(), text, refusal) {
            (Some("output_text"), Some(text), _) => Self::Text(text),
            (Some("refusal"), _, Some(refusal)) => Self::Refusal(refusal),
            _ => Self::Other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: &str, rest: &str) -> ResponsesReply {
        ResponsesReply::parse(
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
             "usage":{"input_tokens":36,"input_tokens_details":{"cached_tokens":8,"cache_write_tokens":4},
                      "output_tokens":87,"output_tokens_details":{"reasoning_tokens":40},"total_tokens":123}"#,
        );
        assert_eq!(done.outcome, ResponsesOutcome::Text(r#"{"a":1}"#.into()));
        assert_eq!(
            done.usage,
            ResponsesUsage { input: 36, cached_input: 8, cache_write: 4, output: 87, reasoning: 40 }
        );
        assert!(!format!("{done:?}").contains("\"a\""));
    }

    #[test]
    fn a_refusal_is_not_an_answer() {
        let refused = reply(
            "completed",
            r#""output":[{"type":"message","content":[{"type":"refusal","refusal":"I cannot."}]}],"usage":null"#,
        );
        assert_eq!(refused.outcome, ResponsesOutcome::Refused("I cannot.".into()));
    }

    #[test]
    fn an_incomplete_answer_says_why_and_keeps_what_there_is() {
        let cut = |reason: &str| {
            let rest = format!(
                r#""incomplete_details":{reason},
                   "output":[{{"type":"message","content":[{{"type":"output_text","text":"{{\"a\""}}]}}]"#
            );
            match reply("incomplete", &rest).outcome {
                ResponsesOutcome::Incomplete { reason, partial } => (reason, partial.into_string()),
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
        let ResponsesOutcome::Failed(error) = failed.outcome else { panic!("not failed") };
        assert_eq!(error.code.as_deref(), Some("server_error"));
        assert_eq!(reply("failed", r#""error":null"#).outcome, ResponsesOutcome::Failed(ApiError::default()));
    }

    #[test]
    fn functions_are_called_by_a_completed_answer_alone() {
        let output = r#""output":[{"type":"reasoning"},
            {"type":"function_call","id":"fc_1","call_id":"call_1","name":"find_slots","arguments":"{\"day\":\"Tuesday\"}"},
            {"type":"function_call","call_id":"call_2","name":"my_appointments"},
            {"type":"function_call","name":"nameless","arguments":"{}"}]"#;
        let done = reply("completed", output);
        assert_eq!(done.outcome, ResponsesOutcome::Empty);
        let calls: Vec<_> = done
            .calls
            .iter()
            .map(|call| (call.id.as_str(), call.name.as_str(), call.arguments.as_str()))
            .collect();
        let first = ("call_1", "find_slots", r#"{"day":"Tuesday"}"#);
        assert_eq!(calls, [first, ("call_2", "my_appointments", "")]);
        assert_eq!(reply("incomplete", output).calls, [], "its arguments may be half of what was meant");
    }

    #[test]
    fn other_ends_are_told_apart() {
        assert_eq!(reply("completed", r#""output":[]"#).outcome, ResponsesOutcome::Empty);
        for status in ["queued", "in_progress", "cancelled", "paused"] {
            let outcome = reply(status, r#""output":null"#).outcome;
            assert_eq!(outcome, ResponsesOutcome::Unfinished { status: status.to_owned() });
        }
    }

    /// Case C15.
    #[test]
    fn an_odd_optional_field_does_not_lose_the_answer() {
        let message = r#"{"type":"message","content":[{"type":"output_text","text":"Hello."}]}"#;
        for body in [
            format!(r#"{{"id":7,"status":"completed","output":[{message}],"usage":12.5}}"#),
            format!(r#"{{"status":"completed","output":[{message}],"usage":{{"input_tokens":12.0,"output_tokens":4.5,"input_tokens_details":[]}}}}"#),
            format!(r#"{{"id":null,"status":null,"error":"none","output":[{message}],"incomplete_details":"no"}}"#),
            format!(r#"{{"id":"r","status":"completed","error":{{"code":5}},"output":[null,7,{{}},{{"type":1}},{message}]}}"#),
            r#"{"id":"r","status":"completed","output":[{"type":"message","phase":5,"content":[null,{"type":"output_text"},
                {"type":"output_text","text":"Hello.","annotations":7,"logprobs":{}}]}]}"#.to_owned(),
        ] {
            let read = ResponsesReply::parse(body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error}"));
            assert_eq!(read.outcome, ResponsesOutcome::Text("Hello.".into()), "{body}");
        }
    }

    #[test]
    fn a_body_of_another_shape_is_an_error_that_does_not_quote_it() {
        for body in
            [&b"<html>"[..], br#"{"id":"r"}"#, br#"{"id":"r","status":"completed","output":"secret"}"#]
        {
            let error = ResponsesReply::parse(body).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
    }
}
