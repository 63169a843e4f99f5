use serde::Serialize;

use super::StrictSchema;
use crate::{Metadata, PrivateText, wire};

/// Longest `safety_identifier` that OpenAI accepts.
pub const MAX_SAFETY_IDENTIFIER_CHARS: usize = 128;

/// A request whose answer is not kept at OpenAI: `store` defaults to true there and is always false here,
/// because callers' words are in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResponsesRequest {
    model: String,
    instructions: PrivateText,
    input: Vec<InputMessage>,
    store: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning>,
    #[serde(skip_serializing_if = "Text::is_empty")]
    text: Text,
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    metadata: Metadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    safety_identifier: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct InputMessage {
    role: &'static str,
    content: PrivateText,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Reasoning {
    effort: Effort,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
struct Text {
    #[serde(skip_serializing_if = "Option::is_none")]
    verbosity: Option<Verbosity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<StrictSchema>,
}

impl Text {
    fn is_empty(&self) -> bool {
        self.verbosity.is_none() && self.format.is_none()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    Xhigh,
    Max,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verbosity {
    Low,
    Medium,
    High,
}

impl ResponsesRequest {
    pub fn new(model: impl Into<String>, instructions: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            instructions: PrivateText::from(instructions.into()),
            input: Vec::new(),
            store: false,
            max_output_tokens: None,
            reasoning: None,
            text: Text::default(),
            metadata: Metadata::default(),
            prompt_cache_key: None,
            safety_identifier: None,
        }
    }

    /// Adds a message of the person. With nothing stored, the whole history is sent each time.
    #[must_use]
    pub fn user(self, content: impl Into<String>) -> Self {
        self.message("user", content.into())
    }

    /// Adds an earlier answer.
    #[must_use]
    pub fn assistant(self, content: impl Into<String>) -> Self {
        self.message("assistant", content.into())
    }

    /// Ceiling on the output, reasoning included: too low a one gives an incomplete answer without text.
    #[must_use]
    pub fn max_output_tokens(mut self, tokens: u32) -> Self {
        self.max_output_tokens = Some(tokens);
        self
    }

    #[must_use]
    pub fn effort(mut self, effort: Effort) -> Self {
        self.reasoning = Some(Reasoning { effort });
        self
    }

    #[must_use]
    pub fn verbosity(mut self, verbosity: Verbosity) -> Self {
        self.text.verbosity = Some(verbosity);
        self
    }

    /// Has the answer be JSON of this shape.
    #[must_use]
    pub fn json_schema(mut self, schema: StrictSchema) -> Self {
        self.text.format = Some(schema);
        self
    }

    #[must_use]
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Requests with the same beginning and the same key share the prompt cache, such as `tenant:revision`.
    #[must_use]
    pub fn prompt_cache_key(mut self, key: impl Into<String>) -> Self {
        self.prompt_cache_key = Some(key.into());
        self
    }

    /// A stable pseudonym of the person served (a keyed hash, never a number), cut to
    /// [`MAX_SAFETY_IDENTIFIER_CHARS`].
    #[must_use]
    pub fn safety_identifier(mut self, pseudonym: &str) -> Self {
        self.safety_identifier = Some(pseudonym.chars().take(MAX_SAFETY_IDENTIFIER_CHARS).collect());
        self
    }

    pub fn to_json(&self) -> Vec<u8> {
        wire::to_json(self)
    }

    fn message(mut self, role: &'static str, content: String) -> Self {
        self.input.push(InputMessage { role, content: PrivateText::from(content) });
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_plain_request_says_only_what_it_must_and_is_never_stored() {
        let request =
            ResponsesRequest::new("gpt-6-luna", "Sum up.").user("Hello").assistant("Hi").user("Bye");
        let sent: Value = serde_json::from_slice(&request.to_json()).unwrap();
        assert_eq!(
            sent,
            json!({
                "model": "gpt-6-luna", "instructions": "Sum up.", "store": false,
                "input": [
                    {"role": "user", "content": "Hello"},
                    {"role": "assistant", "content": "Hi"},
                    {"role": "user", "content": "Bye"}
                ]
            })
        );
        assert!(!format!("{request:?}").contains("Hello"));
    }

    #[test]
    fn a_structured_request_carries_its_schema() {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["summary"],
            "properties": {"summary": {"type": "string"}}
        });
        let request = ResponsesRequest::new("gpt-6-luna", "Sum up.")
            .user("Hello")
            .max_output_tokens(800)
            .effort(Effort::None)
            .verbosity(Verbosity::Low)
            .json_schema(StrictSchema::new("call_summary", schema.clone()).unwrap())
            .metadata(Metadata::default().with("stage", "summary").unwrap())
            .prompt_cache_key("acme:v3")
            .safety_identifier(&"f".repeat(200));
        let sent: Value = serde_json::from_slice(&request.to_json()).unwrap();
        assert_eq!(
            sent["text"],
            json!({
                "verbosity": "low",
                "format": {"type": "json_schema", "name": "call_summary", "strict": true, "schema": schema}
            })
        );
        assert_eq!(sent["reasoning"], json!({"effort": "none"}));
        assert_eq!(sent["max_output_tokens"], json!(800));
        assert_eq!(sent["metadata"], json!({"stage": "summary"}));
        assert_eq!(sent["prompt_cache_key"], json!("acme:v3"));
        assert_eq!(sent["safety_identifier"].as_str().map(str::len), Some(MAX_SAFETY_IDENTIFIER_CHARS));
    }
}
