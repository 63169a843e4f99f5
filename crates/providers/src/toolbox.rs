//! Tools as a model is told of them, in calls and in texts alike: what they look like, whether arguments fit, and what their
//! answers say.
//!
//! Whatever the model says is untrusted: the person it talks to can talk it into anything. So arguments must fit the tool's
//! schema, and what does not fit goes back to the model without the values, which may be personal.

mod answer;
mod appointments;
mod call_backs;

use domain::do_not_call::MAX_REASON_CHARS;
use domain::prompt::tools::Described;
use domain::texts::call_text::MAX_CALL_TEXT;
use domain::tools::{
    HAND_OVER, HttpTool, PROMISE_CALL_BACK, RECORD_DO_NOT_CALL, SEND_MESSAGE, TAKE_MESSAGE, TRANSFER_CALL,
    TakenMessage, Toolbox,
};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

pub use answer::{error, not_done, not_known, of as answer_of};

/// The longest message that is kept, longer than a dictated one.
const MESSAGE_MAX_CHARACTERS: usize = 2_000;
/// What the model is told is wrong with its arguments, at most.
const MAX_COMPLAINTS: usize = 4;

/// A tool as the model is told of it.
#[derive(Debug)]
pub struct Offered {
    /// The name by which the model calls it.
    pub name: String,
    /// What it does and when to use it.
    pub description: String,
    /// JSON Schema of the arguments.
    pub parameters: Value,
}

/// What the model is offered of these tools. A tool whose schema cannot be read is left out: the conversation goes on without
/// it.
pub fn offered(toolbox: &Toolbox, described: Vec<Described<'_>>) -> Vec<Offered> {
    let offered = described.into_iter().filter_map(|tool| {
        let parameters = match (tool.own, tool.name) {
            (Some(own), _) => schema_of(own),
            (None, name) => parameters(toolbox, name)
                .or_else(|| Some(json!({ "type": "object", "properties": {}, "required": [] }))),
        };
        if parameters.is_none() {
            tracing::error!(tool = tool.name, "a tool is not offered: its parameters are no JSON Schema");
        }
        Some(Offered { name: tool.name.to_owned(), description: tool.description, parameters: parameters? })
    });
    offered.collect()
}

/// JSON Schema of the arguments of one of the product's own tools. `None`: it takes none, or is no such tool.
pub fn parameters(toolbox: &Toolbox, name: &str) -> Option<Value> {
    match name {
        TRANSFER_CALL => Some(parameters_of_transfer(toolbox)),
        TAKE_MESSAGE => Some(parameters_of_message()),
        SEND_MESSAGE => Some(parameters_of_send()),
        RECORD_DO_NOT_CALL => Some(parameters_of_opt_out()),
        PROMISE_CALL_BACK => Some(call_backs::parameters()),
        HAND_OVER => Some(parameters_of_hand_over()),
        name => appointments::parameters(name),
    }
}

/// The message that fitting arguments of [`TAKE_MESSAGE`] hold.
pub fn message_in(arguments: &Value) -> TakenMessage {
    let field = |name: &str| arguments[name].as_str().map(str::to_owned);
    TakenMessage {
        recipient: field("for"),
        text: field("message").unwrap_or_default(),
        callback: field("callback"),
    }
}

/// Why a person wants no more calls, as far as the arguments of [`RECORD_DO_NOT_CALL`] say it. They may be anything: the wish does
/// not depend on them.
pub fn reason_in(arguments: &str) -> Option<String> {
    let arguments: Value = serde_json::from_str(arguments).ok()?;
    let reason: String = arguments["reason"].as_str()?.trim().chars().take(MAX_REASON_CHARS).collect();
    (!reason.is_empty()).then_some(reason)
}

/// Names a message by its words, for the whole conversation: what goes on where another was lost may be asked to take it once
/// more. How a recogniser writes them makes no other message.
pub fn message_id(message: &TakenMessage) -> String {
    let parts = [Some(&message.text), message.recipient.as_ref(), message.callback.as_ref()];
    let parts: Vec<String> =
        parts.into_iter().map(|part| part.map_or_else(String::new, |p| words(p))).collect();
    digest(&parts.join("\0"))
}

/// What is left of a text without case, punctuation and spacing; all of it if that is nothing.
fn words(text: &str) -> String {
    let words: Vec<String> = text
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    if words.is_empty() { text.to_owned() } else { words.join(" ") }
}

/// What stands for a text: 32 hexadecimal digits.
pub fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..16])
}

/// JSON Schema of the arguments of a business's own tool. `None`: it cannot be read.
pub fn schema_of(tool: &HttpTool) -> Option<Value> {
    let schema: Value = serde_json::from_str(&tool.parameters).ok()?;
    (schema["type"] == "object" && jsonschema::validator_for(&schema).is_ok()).then_some(schema)
}

/// The arguments, if they are an object that fits the schema.
///
/// # Errors
/// What is wrong with them, for the model.
pub fn fitting(schema: &Value, arguments: &str) -> Result<Value, Value> {
    // Some models send nothing where there is nothing to say.
    let text = if arguments.trim().is_empty() { "{}" } else { arguments };
    let parsed: Map<String, Value> = serde_json::from_str(text)
        .map_err(|_| error("invalid_arguments", "the arguments are not a JSON object"))?;
    let arguments = Value::Object(parsed);
    let validator =
        jsonschema::validator_for(schema).map_err(|_| error("unknown_tool", "there is no such tool"))?;
    // Where it is wrong and what was expected, never the value: it may be personal.
    let complaints: Vec<Value> = validator
        .iter_errors(&arguments)
        .take(MAX_COMPLAINTS)
        .map(|wrong| json!({ "at": wrong.instance_path().to_string(), "rule": wrong.kind().keyword() }))
        .collect();
    if complaints.is_empty() {
        return Ok(arguments);
    }
    let mut answer = error("invalid_arguments", "the arguments do not fit the tool's parameters");
    answer["wrong"] = complaints.into();
    Err(answer)
}

fn parameters_of_transfer(toolbox: &Toolbox) -> Value {
    let ids: Vec<&str> = toolbox.directory.iter().map(|entry| entry.id.as_str()).collect();
    json!({
        "type": "object",
        "properties": { "to": { "type": "string", "enum": ids } },
        "required": ["to"],
        "additionalProperties": false,
    })
}

fn parameters_of_message() -> Value {
    let text = |description: &str, max: usize| json!({ "type": "string", "description": description, "maxLength": max });
    let mut message = text("The message, in the caller's words", MESSAGE_MAX_CHARACTERS);
    message["minLength"] = 1.into();
    json!({
        "type": "object",
        "properties": {
            "for": text("Whom it is for, if the caller said so", 200),
            "message": message,
            "callback": text("Where to call back, as the caller said it", 200),
        },
        "required": ["message"],
        "additionalProperties": false,
    })
}

fn parameters_of_send() -> Value {
    json!({
        "type": "object",
        "properties": {
            "text": {
                "type": "string",
                "description": "The whole text, in the caller's language. It is sent as it is",
                "minLength": 1,
                "maxLength": MAX_CALL_TEXT,
            },
        },
        "required": ["text"],
        "additionalProperties": false,
    })
}

fn parameters_of_opt_out() -> Value {
    json!({
        "type": "object",
        "properties": {
            "reason": {
                "type": "string",
                "description": "Why, in a few words, if the person said so",
                "maxLength": MAX_REASON_CHARS,
            },
        },
        "required": [],
        "additionalProperties": false,
    })
}

fn parameters_of_hand_over() -> Value {
    let text = |description: &str, max: usize| json!({ "type": "string", "description": description, "minLength": 1, "maxLength": max });
    json!({
        "type": "object",
        "properties": {
            "reason": text("Why, for the business: what the person wants and what is known of it", 500),
            "say": text("What the person is told, in their language: that a person will answer", 1_000),
        },
        "required": ["reason", "say"],
        "additionalProperties": false,
    })
}
