//! Tools that a model may call besides the session's own `end_call`: what they look like to the model, whether the
//! arguments fit, and running them to an answer.
//!
//! Whatever the model says is untrusted: a caller can talk it into anything. So a tool is only what the plan
//! offers, arguments must fit its schema, and nothing the model says is an address or a number. An answer is JSON
//! for the model, errors included: the model must be able to tell the caller that something did not work.

use std::time::{Duration, Instant};

use domain::tools::{
    APPOINTMENT_TOOLS, HttpTool, Lost, TAKE_MESSAGE, TIMEOUT_MAX, TRANSFER_CALL, TakenMessage, ToolOutcome,
    Toolbox,
};
use domain::{CallPlan, prompt};
use platform::rate_limit::RateLimited;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use self::answer::error;
use crate::ports::{Ports, ToolFailure, ToolRequest};

mod answer;
mod appointments;

/// The longest message that is kept, longer than a dictated one.
const MESSAGE_MAX_CHARACTERS: usize = 2_000;
/// How long the store may take to keep a message.
const MESSAGE_WAIT: Duration = Duration::from_secs(5);
/// Time to record an outcome, beyond the tool's own. Shorter than the session's margin, after which the session answers
/// for the tool.
const RECORD_WAIT: Duration = Duration::from_millis(500);
/// What the model is told is wrong with its arguments, at most.
const MAX_COMPLAINTS: usize = 4;

/// A tool call as the model made it.
pub(crate) struct ToolInvocation {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: String,
}

/// What a tool call came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ToolAnswer {
    /// JSON for the model.
    pub(crate) output: String,
    /// The entry of the directory that the call is to go to.
    pub(crate) transfer: Option<String>,
}

impl From<Value> for ToolAnswer {
    fn from(output: Value) -> Self {
        Self { output: output.to_string(), transfer: None }
    }
}

/// A tool as the model is told of it.
#[derive(Debug)]
pub(crate) struct Offered {
    pub(crate) name: String,
    pub(crate) description: String,
    /// JSON Schema of the arguments.
    pub(crate) parameters: Value,
}

/// What the model is offered. A tool whose schema cannot be read is left out: the call goes on without it.
pub(crate) fn offered(toolbox: &Toolbox) -> Vec<Offered> {
    let offered = prompt::tools::described(toolbox).into_iter().filter_map(|tool| {
        let parameters = match (tool.own, tool.name) {
            (Some(own), _) => schema_of(own),
            (None, TRANSFER_CALL) => Some(parameters_of_transfer(toolbox)),
            (None, TAKE_MESSAGE) => Some(parameters_of_message()),
            (None, name) => appointments::parameters(name)
                .or_else(|| Some(json!({ "type": "object", "properties": {}, "required": [] }))),
        };
        if parameters.is_none() {
            tracing::error!(tool = tool.name, "a tool is not offered: its parameters are no JSON Schema");
        }
        Some(Offered { name: tool.name.to_owned(), description: tool.description, parameters: parameters? })
    });
    offered.collect()
}

/// Runs a tool to its answer. The session's own deadline is later than all of these. `troubles` is the call's own.
pub(crate) async fn run<P: Ports>(
    ports: &P,
    plan: &CallPlan,
    call: &ToolInvocation,
    troubles: &RateLimited,
) -> ToolAnswer {
    match call.name.as_str() {
        TRANSFER_CALL if !plan.tools.directory.is_empty() => transfer(&plan.tools, &call.arguments),
        TAKE_MESSAGE if plan.tools.take_messages => message(ports, plan, call, troubles).await.into(),
        name if plan.tools.appointments && APPOINTMENT_TOOLS.contains(&name) => {
            let answer = appointments::run(ports, plan, call, troubles).await;
            answer.unwrap_or_else(|| error("unknown_tool", "there is no such tool")).into()
        }
        name => match plan.tools.http_tool(name) {
            Some(tool) => ask(ports, plan, tool, call, troubles).await,
            None => error("unknown_tool", "there is no such tool").into(),
        },
    }
}

fn transfer(toolbox: &Toolbox, arguments: &str) -> ToolAnswer {
    let arguments = match fitting(&parameters_of_transfer(toolbox), arguments) {
        Ok(arguments) => arguments,
        Err(complaint) => return complaint.into(),
    };
    match arguments["to"].as_str().and_then(|id| toolbox.destination(id)) {
        Some(entry) => {
            let output = json!({ "ok": true, "connecting_to": entry.label }).to_string();
            ToolAnswer { output, transfer: Some(entry.id.clone()) }
        }
        None => error("unknown_destination", "there is nobody of that name in the directory").into(),
    }
}

async fn message<P: Ports>(
    ports: &P,
    plan: &CallPlan,
    call: &ToolInvocation,
    troubles: &RateLimited,
) -> Value {
    let arguments = match fitting(&parameters_of_message(), &call.arguments) {
        Ok(arguments) => arguments,
        Err(complaint) => return complaint,
    };
    let field = |name: &str| arguments[name].as_str().map(str::to_owned);
    let message = TakenMessage {
        recipient: field("for"),
        text: field("message").unwrap_or_default(),
        callback: field("callback"),
    };
    let id = message_id(&message);
    match timeout(MESSAGE_WAIT, ports.take_message(plan, &id, &message)).await {
        Ok(Ok(())) => json!({ "ok": true }),
        Ok(Err(_)) | Err(_) => {
            if let Some(others) = troubles.admit(Instant::now()) {
                tracing::error!(call = %plan.call, others, "a message could not be kept");
            }
            error("not_noted", "the message could not be noted; noting it again does not note it twice")
        }
    }
}

async fn ask<P: Ports>(
    ports: &P,
    plan: &CallPlan,
    tool: &HttpTool,
    call: &ToolInvocation,
    troubles: &RateLimited,
) -> ToolAnswer {
    let Some(schema) = schema_of(tool) else { return error("unknown_tool", "there is no such tool").into() };
    let arguments = match fitting(&schema, &call.arguments) {
        Ok(arguments) => arguments,
        Err(complaint) => return complaint.into(),
    };
    let id = effect(plan, tool, call, &arguments);
    let wait = tool.timeout.min(TIMEOUT_MAX);
    let request = ToolRequest { tool, id: &id, arguments: &arguments, timeout: wait };
    // A request without an answer may have reached the tool.
    let asked = timeout(wait + RECORD_WAIT, ports.call_tool(plan, &request)).await;
    let asked = asked.unwrap_or(Ok(ToolOutcome::Unknown { why: Lost::Timeout }));
    let trouble: Option<&dyn std::fmt::Display> = match &asked {
        Ok(ToolOutcome::Done { .. }) => None,
        Ok(outcome) => Some(outcome),
        Err(failure) => Some(failure),
    };
    if let Some(trouble) = trouble
        && let Some(others) = troubles.admit(Instant::now())
    {
        tracing::warn!(call = %plan.call, tool = tool.name, %trouble, others, "a tool did not do what it was asked");
    }
    match asked {
        Ok(outcome) => ToolAnswer { output: answer::of(&outcome, tool.once), transfer: None },
        Err(ToolFailure::InProgress) => error("in_progress", "this is being done at this moment").into(),
        Err(ToolFailure::Superseded | ToolFailure::Store(_)) => answer::not_done().into(),
    }
}

/// Names what a call of a tool does. A tool that acts once in a call is told by its arguments, so that neither a
/// model that asks twice nor a session that was resumed makes it act again.
fn effect(plan: &CallPlan, tool: &HttpTool, call: &ToolInvocation, arguments: &Value) -> String {
    if !tool.once {
        return format!("{}.{}.{}", plan.call, plan.epoch, call.id);
    }
    // Objects are ordered by key, so equal arguments have equal texts.
    format!("{}.{}", plan.call, digest(&format!("{}\0{arguments}", tool.name)))
}

/// Names a message by its words, for the whole call: a session that goes on where another was lost may be asked to take
/// it once more. How a recogniser writes them makes no other message.
fn message_id(message: &TakenMessage) -> String {
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

fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..16])
}

fn schema_of(tool: &HttpTool) -> Option<Value> {
    let schema: Value = serde_json::from_str(&tool.parameters).ok()?;
    (schema["type"] == "object" && jsonschema::validator_for(&schema).is_ok()).then_some(schema)
}

/// The arguments, if they are an object that fits the schema; otherwise what is wrong with them, for the model.
fn fitting(schema: &Value, arguments: &str) -> Result<Value, Value> {
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

#[cfg(test)]
mod tests;
