//! The `response` of a `response.create`.

use serde_json::{Value, json};

use crate::openai::fields::Fields;
use crate::openai::realtime::item;
use crate::openai::realtime::session::check;
use crate::openai::refusal::ApiRefusal;

/// Limits of `metadata` (OpenAI Realtime GA).
const MAX_METADATA_PAIRS: usize = 16;
const MAX_METADATA_KEY_CHARS: usize = 64;
const MAX_METADATA_VALUE_CHARS: usize = 512;

/// What of a request decides about the response.
#[derive(Debug)]
pub(in crate::openai::realtime::engine) struct Options {
    pub(super) in_conversation: bool,
    pub(super) metadata: Value,
}

impl Default for Options {
    fn default() -> Self {
        Self { in_conversation: true, metadata: Value::Null }
    }
}

impl Options {
    /// A response the server creates on its own account.
    pub(in crate::openai::realtime::engine) fn of_kind(kind: &str) -> Self {
        Self { metadata: json!({ "kind": kind }), ..Self::default() }
    }

    pub(in crate::openai::realtime::engine) fn read(
        event: &Fields<'_>,
        model: &str,
    ) -> Result<Self, ApiRefusal> {
        let Some(response) = event.object("response")? else { return Ok(Self::default()) };
        response.only(&[
            "instructions",
            "input",
            "conversation",
            "output_modalities",
            "audio",
            "tools",
            "tool_choice",
            "max_output_tokens",
            "metadata",
            "reasoning",
            "parallel_tool_calls",
            "prompt",
        ])?;
        response.string("instructions")?;
        check::generation(&response, model)?;
        audio(&response)?;
        input(&response)?;
        let conversation = response.one_of("conversation", &["auto", "none"])?;
        let metadata = metadata(&response)?;
        Ok(Self { in_conversation: conversation != Some("none"), metadata })
    }
}

fn audio(response: &Fields<'_>) -> Result<(), ApiRefusal> {
    let Some(audio) = response.object("audio")? else { return Ok(()) };
    audio.only(&["output"])?;
    audio.object("output")?.map_or(Ok(()), |output| output.only(&["voice", "format"]))
}

fn input(response: &Fields<'_>) -> Result<(), ApiRefusal> {
    for (index, entry) in response.list("input")?.into_iter().flatten().enumerate() {
        let path = response.at(format_args!("input[{index}]"));
        let fields = Fields::of(entry, path.as_str())?;
        if fields.string("type")? == Some("item_reference") {
            fields.only(&["type", "id"])?;
            fields.required_string("id")?;
        } else {
            item::check(&Fields::of(&json!({ "item": entry }), "")?)?;
        }
    }
    Ok(())
}

fn metadata(response: &Fields<'_>) -> Result<Value, ApiRefusal> {
    let Some(metadata) = response.given("metadata") else { return Ok(Value::Null) };
    let pairs = metadata.as_object();
    let fits = pairs.is_some_and(|pairs| {
        pairs.len() <= MAX_METADATA_PAIRS
            && pairs.iter().all(|(key, value)| {
                let value = value.as_str().map(|value| value.chars().count());
                key.chars().count() <= MAX_METADATA_KEY_CHARS
                    && value.is_some_and(|n| n <= MAX_METADATA_VALUE_CHARS)
            })
    });
    let expected = "at most 16 pairs of strings, keys up to 64 and values up to 512 characters";
    if fits { Ok(metadata.clone()) } else { Err(ApiRefusal::invalid(&response.at("metadata"), expected)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(response: Value) -> Result<Options, ApiRefusal> {
        Options::read(&Fields::of(&json!({ "response": response }), "").unwrap(), "gpt-realtime-2.1")
    }

    #[test]
    fn a_greeting_request_is_accepted() {
        let options =
            read(json!({ "instructions": "Say hello.", "metadata": { "kind": "greeting" } })).unwrap();
        assert!(options.in_conversation);
        assert_eq!(options.metadata["kind"], "greeting");
    }

    #[test]
    fn metadata_is_bounded() {
        let pairs: serde_json::Map<String, Value> = (0..17).map(|n| (n.to_string(), json!("x"))).collect();
        for metadata in [json!(pairs), json!({ "k": "x".repeat(513) }), json!({ "k": 1 }), json!("kind")] {
            assert_eq!(read(json!({ "metadata": metadata })).unwrap_err().code, "invalid_value");
        }
    }

    #[test]
    fn beta_fields_are_unknown() {
        for key in ["modalities", "voice", "temperature", "output_audio_format"] {
            assert_eq!(read(json!({ key: "x" })).unwrap_err().code, "unknown_parameter");
        }
    }

    #[test]
    fn an_item_reference_is_good_as_input_only() {
        let reference = json!({ "type": "item_reference", "id": "item_1" });
        assert!(!read(json!({ "conversation": "none", "input": [reference] })).unwrap().in_conversation);
        assert!(item::check(&Fields::of(&json!({ "item": reference }), "").unwrap()).is_err());
    }
}
