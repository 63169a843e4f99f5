//! The response object of `response.created` and `response.done`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::item::Item;
use crate::ApiError;
use crate::wire::{self, optional, whole};

/// One answer of the model.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Response {
    /// `resp_...`; empty where the server gives none, which then means the one that is under way.
    #[serde(default, deserialize_with = "optional")]
    pub id: String,
    /// How far it is.
    #[serde(default, deserialize_with = "optional")]
    pub status: ResponseStatus,
    /// Why it is not complete.
    #[serde(default, deserialize_with = "optional")]
    pub status_details: StatusDetails,
    /// Finished items; empty when the response has only begun. Several messages and calls are possible.
    #[serde(default, deserialize_with = "wire::list")]
    pub output: Vec<Item>,
    /// What `response.create` attached.
    #[serde(default, deserialize_with = "labels")]
    pub metadata: BTreeMap<String, String>,
    /// Null when created and on some failures; a cancelled response costs, too.
    #[serde(default, deserialize_with = "optional")]
    pub usage: Option<Usage>,
}

/// How far a response is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseStatus {
    /// The model is still making it.
    InProgress,
    /// It is complete.
    Completed,
    /// It was cancelled.
    Cancelled,
    /// It ended before it was complete.
    Incomplete,
    /// It failed.
    Failed,
    /// Absent or new.
    #[default]
    #[serde(other)]
    Other,
}

/// Why a response ended as it did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct StatusDetails {
    /// Why it ended, if it was cut off.
    #[serde(default, deserialize_with = "optional")]
    pub reason: Option<EndReason>,
    /// What went wrong, if it failed.
    #[serde(default, deserialize_with = "optional")]
    pub error: Option<ApiError>,
}

/// Why a response ended before it was complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Cancelled: the caller spoke.
    TurnDetected,
    /// Cancelled: we said so.
    ClientCancelled,
    /// Incomplete: the ceiling was reached.
    MaxOutputTokens,
    /// Incomplete: withheld.
    ContentFilter,
    /// A reason that is not known here.
    #[serde(other)]
    Other,
}

/// Tokens of one response, by the classes they are priced in. The whole conversation counts as input of
/// every response; `cached` is the part *of* the input that was cheaper.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "WireUsage")]
pub struct Usage {
    /// All tokens.
    pub total: u64,
    /// All input, cached included.
    pub input: Tokens,
    /// A subset of `input`.
    pub cached: Tokens,
    /// Tokens that the model produced.
    pub output: Tokens,
}

/// A count with its split by class. The classes may be unknown while the total is not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// All of these tokens.
    pub total: u64,
    /// Tokens of text.
    pub text: u64,
    /// Tokens of audio.
    pub audio: u64,
    /// Tokens of images.
    pub image: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireUsage {
    #[serde(deserialize_with = "whole")]
    total_tokens: u64,
    #[serde(deserialize_with = "whole")]
    input_tokens: u64,
    #[serde(deserialize_with = "whole")]
    output_tokens: u64,
    #[serde(deserialize_with = "optional")]
    input_token_details: WireInput,
    #[serde(deserialize_with = "optional")]
    output_token_details: WireClasses,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireInput {
    #[serde(deserialize_with = "whole")]
    text_tokens: u64,
    #[serde(deserialize_with = "whole")]
    audio_tokens: u64,
    #[serde(deserialize_with = "whole")]
    image_tokens: u64,
    #[serde(deserialize_with = "whole")]
    cached_tokens: u64,
    #[serde(deserialize_with = "optional")]
    cached_tokens_details: WireClasses,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireClasses {
    #[serde(deserialize_with = "whole")]
    text_tokens: u64,
    #[serde(deserialize_with = "whole")]
    audio_tokens: u64,
    #[serde(deserialize_with = "whole")]
    image_tokens: u64,
}

impl From<WireUsage> for Usage {
    fn from(wire: WireUsage) -> Self {
        let input = wire.input_token_details;
        let classes = WireClasses {
            text_tokens: input.text_tokens,
            audio_tokens: input.audio_tokens,
            image_tokens: input.image_tokens,
        };
        Usage {
            total: wire.total_tokens,
            input: tokens(wire.input_tokens, &classes),
            cached: tokens(input.cached_tokens, &input.cached_tokens_details),
            output: tokens(wire.output_tokens, &wire.output_token_details),
        }
    }
}

fn tokens(total: u64, classes: &WireClasses) -> Tokens {
    Tokens { total, text: classes.text_tokens, audio: classes.audio_tokens, image: classes.image_tokens }
}

/// The labels that are texts, which is all that we ever attach.
fn labels<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let labels: BTreeMap<String, &'de RawValue> = optional(deserializer)?;
    Ok(labels.into_iter().filter_map(|(key, label)| Some((key, wire::lenient(label)?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realtime::error_class::ErrorClass;

    fn response(json: &str) -> Response {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn usage_is_split_by_price_class_with_cached_as_a_subset() {
        let done = response(
            r#"{"id":"resp_1","object":"realtime.response","status":"completed","status_details":null,
                "output":[{"id":"item_1","type":"message","status":"completed","role":"assistant",
                           "content":[{"type":"output_audio","transcript":"Hallo"}]}],
                "conversation_id":"conv_1","output_modalities":["audio"],"max_output_tokens":"inf",
                "audio":{"output":{"format":{"type":"audio/pcmu"},"voice":"marin"}},
                "metadata":{"kind":"greeting"},
                "usage":{"total_tokens":253,"input_tokens":132,"output_tokens":121,
                  "input_token_details":{"text_tokens":119,"audio_tokens":13,"image_tokens":0,
                    "cached_tokens":64,"cached_tokens_details":{"text_tokens":60,"audio_tokens":4,"image_tokens":0}},
                  "output_token_details":{"text_tokens":30,"audio_tokens":91}}}"#,
        );
        let usage = done.usage.unwrap();
        assert_eq!(usage.input, Tokens { total: 132, text: 119, audio: 13, image: 0 });
        assert_eq!(usage.cached, Tokens { total: 64, text: 60, audio: 4, image: 0 });
        assert_eq!(usage.output, Tokens { total: 121, text: 30, audio: 91, image: 0 });
        assert_eq!(done.metadata.get("kind").map(String::as_str), Some("greeting"));
        assert_eq!(done.output[0].text().as_str(), "Hallo");
    }

    #[test]
    fn nulls_anywhere_in_a_response_are_harmless() {
        let created = response(
            r#"{"id":"resp_1","status":"in_progress","status_details":null,"output":null,"metadata":null,"usage":null}"#,
        );
        assert_eq!((created.status, created.usage), (ResponseStatus::InProgress, None));

        let partial = response(
            r#"{"id":"resp_1","usage":{"total_tokens":null,"input_tokens":5,
                "input_token_details":{"cached_tokens":9,"cached_tokens_details":null},"output_token_details":null}}"#,
        );
        let usage = partial.usage.unwrap();
        assert_eq!((usage.input.total, usage.cached.total), (5, 9));
        assert_eq!(partial.status, ResponseStatus::Other);
    }

    #[test]
    fn a_barge_in_says_that_the_caller_spoke() {
        let cancelled = response(
            r#"{"id":"resp_1","status":"cancelled","status_details":{"type":"cancelled","reason":"turn_detected"}}"#,
        );
        assert_eq!(cancelled.status, ResponseStatus::Cancelled);
        assert_eq!(cancelled.status_details.reason, Some(EndReason::TurnDetected));
    }

    #[test]
    fn a_failed_response_carries_an_error_that_can_be_classified() {
        let failed = response(
            r#"{"id":"resp_1","status":"failed","status_details":{"type":"failed",
                "error":{"type":"tokens","code":"rate_limit_exceeded","message":"Rate limit reached"}}}"#,
        );
        let class = failed.status_details.error.map(|error| error.class());
        assert_eq!(class, Some(ErrorClass::RateLimited));
    }

    #[test]
    fn statuses_and_reasons_from_the_future_parse() {
        let odd =
            response(r#"{"id":"r","status":"paused","status_details":{"reason":"solar_flare","new":[1]}}"#);
        assert_eq!(odd.status, ResponseStatus::Other);
        assert_eq!(odd.status_details.reason, Some(EndReason::Other));
    }
}
