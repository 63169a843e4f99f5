use serde::Serialize;
use serde_json::Value;
use strum::{IntoStaticStr, VariantArray};

use super::{FunctionCall, StrictSchema};
use crate::http_error::HttpError;
use crate::{Metadata, PrivateText, wire};

/// Longest `safety_identifier` that OpenAI accepts.
pub const MAX_SAFETY_IDENTIFIER_CHARS: usize = 128;

/// A request whose answer is not kept at OpenAI: `store` defaults to true there and is always false here,
/// because callers' words are in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResponsesRequest {
    model: String,
    instructions: PrivateText,
    input: Vec<InputItem>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Function>,
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
#[serde(untagged)]
enum InputItem {
    Message {
        role: &'static str,
        content: PrivateText,
    },
    /// A call of a function that the model made before. With nothing stored it is told again, without the name that it had
    /// there.
    Call {
        #[serde(rename = "type")]
        kind: &'static str,
        call_id: String,
        name: String,
        arguments: PrivateText,
    },
    Output {
        #[serde(rename = "type")]
        kind: &'static str,
        call_id: String,
        output: PrivateText,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Function {
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    description: String,
    parameters: Value,
    strict: bool,
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

/// What a request may do without: not every model takes it, and no answer is worth losing for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Nicety {
    /// How much the model thinks.
    Reasoning,
    /// How long its answer is.
    Verbosity,
    /// Notes that OpenAI keeps with the request.
    Metadata,
    /// The key under which prompts are cached.
    PromptCacheKey,
    /// The identifier of the person that the request is about.
    SafetyIdentifier,
}

impl Nicety {
    const ALL: &[Self] = Self::VARIANTS;

    /// The name in the API, and the label in logs and metrics.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether a parameter's path leads to it: `reasoning.effort`, `text.verbosity`.
    fn is_named_in(self, param: &str) -> bool {
        param.contains(self.as_str())
    }
}

/// How much the model thinks before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effort {
    /// Not at all.
    None,
    /// Hardly at all.
    Minimal,
    /// Little.
    Low,
    /// The usual amount.
    Medium,
    /// Much.
    High,
    /// More.
    Xhigh,
    /// The most.
    Max,
}

/// How long the model's answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verbosity {
    /// Short.
    Low,
    /// The usual length.
    Medium,
    /// Long.
    High,
}

impl ResponsesRequest {
    /// A request to a model, with its instructions.
    pub fn new(model: impl Into<String>, instructions: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            instructions: PrivateText::from(instructions.into()),
            input: Vec::new(),
            tools: Vec::new(),
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

    /// Offers a function. `parameters` is a JSON Schema, which need not be one of the strict kind.
    #[must_use]
    pub fn function(
        mut self,
        name: impl Into<String>,
        description: impl Into<String>,
        parameters: Value,
    ) -> Self {
        let (name, description) = (name.into(), description.into());
        self.tools.push(Function { kind: "function", name, description, parameters, strict: false });
        self
    }

    /// Adds a function call that the model made, with what it was answered.
    #[must_use]
    pub fn called(mut self, call: &FunctionCall, output: impl Into<String>) -> Self {
        let FunctionCall { id, name, arguments } = call;
        self.input.push(InputItem::Call {
            kind: "function_call",
            call_id: id.clone(),
            name: name.clone(),
            arguments: arguments.clone(),
        });
        let output = PrivateText::from(output.into());
        self.input.push(InputItem::Output { kind: "function_call_output", call_id: id.clone(), output });
        self
    }

    /// Ceiling on the output, reasoning included: too low a one gives an incomplete answer without text.
    #[must_use]
    pub fn max_output_tokens(mut self, tokens: u32) -> Self {
        self.max_output_tokens = Some(tokens);
        self
    }

    /// How much the model thinks.
    #[must_use]
    pub fn effort(mut self, effort: Effort) -> Self {
        self.reasoning = Some(Reasoning { effort });
        self
    }

    /// How long its answer is.
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

    /// Notes that OpenAI keeps with the request.
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

    /// Which of its niceties a model refused with this error: those that it names. None when the fault lies elsewhere.
    pub fn refused(&self, error: &HttpError) -> Vec<Nicety> {
        let param = error.error.param.as_deref().filter(|_| error.refuses_request()).unwrap_or_default();
        let given = Nicety::ALL.iter().copied().filter(|nicety| self.has(*nicety));
        given.filter(|nicety| nicety.is_named_in(param)).collect()
    }

    /// The same request without one of its niceties.
    #[must_use]
    pub fn without(mut self, nicety: Nicety) -> Self {
        match nicety {
            Nicety::Reasoning => self.reasoning = None,
            Nicety::Verbosity => self.text.verbosity = None,
            Nicety::Metadata => self.metadata = Metadata::default(),
            Nicety::PromptCacheKey => self.prompt_cache_key = None,
            Nicety::SafetyIdentifier => self.safety_identifier = None,
        }
        self
    }

    fn has(&self, nicety: Nicety) -> bool {
        match nicety {
            Nicety::Reasoning => self.reasoning.is_some(),
            Nicety::Verbosity => self.text.verbosity.is_some(),
            Nicety::Metadata => !self.metadata.is_empty(),
            Nicety::PromptCacheKey => self.prompt_cache_key.is_some(),
            Nicety::SafetyIdentifier => self.safety_identifier.is_some(),
        }
    }

    /// The request's body.
    pub fn to_json(&self) -> Vec<u8> {
        wire::to_json(self)
    }

    fn message(mut self, role: &'static str, content: String) -> Self {
        self.input.push(InputItem::Message { role, content: PrivateText::from(content) });
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_function_is_offered_and_its_calls_are_told_again_with_their_outputs() {
        let schema = json!({"type": "object", "properties": {"day": {"type": "string"}}});
        let call = FunctionCall {
            id: "call_1".into(),
            name: "find_slots".into(),
            arguments: PrivateText::from(r#"{"day":"Tuesday"}"#.to_owned()),
        };
        let request = ResponsesRequest::new("gpt-6-luna", "Answer.")
            .function("find_slots", "Looks for times.", schema.clone())
            .user("Tuesday?")
            .called(&call, r#"{"slots":[]}"#);
        let sent: Value = serde_json::from_slice(&request.to_json()).unwrap();
        assert_eq!(
            sent["tools"],
            json!([{"type": "function", "name": "find_slots", "description": "Looks for times.",
                    "parameters": schema, "strict": false}])
        );
        assert_eq!(
            sent["input"],
            json!([
                {"role": "user", "content": "Tuesday?"},
                {"type": "function_call", "call_id": "call_1", "name": "find_slots",
                 "arguments": r#"{"day":"Tuesday"}"#},
                {"type": "function_call_output", "call_id": "call_1", "output": r#"{"slots":[]}"#}
            ])
        );
        assert!(!format!("{request:?}").contains("Tuesday"), "what was said does not print");
    }

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

    /// Case C07.
    #[test]
    fn what_a_model_refuses_is_left_out_if_it_can_be() {
        let request = ResponsesRequest::new("gpt-6-luna", "Sum up.")
            .user("Hello")
            .effort(Effort::Low)
            .verbosity(Verbosity::Low)
            .prompt_cache_key("acme")
            .safety_identifier("x");
        let refused = |param: &str| {
            let body = format!(r#"{{"error":{{"code":"unsupported_parameter","param":"{param}"}}}}"#);
            let now = std::time::SystemTime::UNIX_EPOCH;
            request.refused(&HttpError::new(400, Default::default(), body.as_bytes(), now))
        };
        assert_eq!(refused("reasoning.effort"), [Nicety::Reasoning]);
        assert_eq!(refused("text.verbosity"), [Nicety::Verbosity]);
        assert_eq!(refused("prompt_cache_key"), [Nicety::PromptCacheKey]);
        for elsewhere in ["metadata", "input", "model", "text.format.schema", ""] {
            assert_eq!(refused(elsewhere), [], "{elsewhere}");
        }
        let bare = Nicety::ALL.iter().copied().fold(request, ResponsesRequest::without);
        let sent: Value = serde_json::from_slice(&bare.to_json()).unwrap();
        let names: Vec<&String> = sent.as_object().unwrap().keys().collect();
        assert_eq!(names, ["input", "instructions", "model", "store"]);
    }
}
