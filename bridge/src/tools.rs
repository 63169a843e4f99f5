//! Tools that a model may call besides the session's own `end_call`: what they look like to the model, whether the
//! arguments fit, and running them to an answer.
//!
//! Whatever the model says is untrusted: a caller can talk it into anything. So a tool is only what the plan
//! offers, arguments must fit its schema, and nothing the model says is an address or a number. An answer is JSON
//! for the model, errors included: the model must be able to tell the caller that something did not work.

use std::time::{Duration, Instant};

use domain::tools::{
    APPOINTMENT_TOOLS, HttpTool, Lost, SEND_MESSAGE, TAKE_MESSAGE, TIMEOUT_MAX, TRANSFER_CALL, ToolOutcome,
    Toolbox,
};
use domain::{CallPlan, Direction, prompt};
use platform::rate_limit::RateLimited;
use providers::toolbox::{
    self, Offered, answer_of, digest, error, fitting, message_id, message_in, not_done, reason_in, schema_of,
};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::ports::{Ports, ToolFailure, ToolRequest};

mod appointments;
mod call_backs;

/// How long the store may take to keep a message.
const MESSAGE_WAIT: Duration = Duration::from_secs(5);
/// Time to record an outcome, beyond the tool's own. Shorter than the session's margin, after which the session answers
/// for the tool.
const RECORD_WAIT: Duration = Duration::from_millis(500);

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

/// What the model of a call is offered.
pub(crate) fn offered(plan: &CallPlan) -> Vec<Offered> {
    let toolbox = &plan.tools;
    let described = match plan.direction {
        Direction::Outbound if plan.call_back.is_some() => prompt::tools::described_with_call_back(toolbox),
        Direction::Outbound => prompt::tools::described_when_calling(toolbox),
        Direction::Inbound | Direction::Test | Direction::Unknown => prompt::tools::described(toolbox),
    };
    toolbox::offered(toolbox, described)
}

/// Runs a tool to its answer. The session's own deadline is later than all of these. `troubles` is the call's own.
pub(crate) async fn run<P: Ports>(
    ports: &P,
    plan: &CallPlan,
    call: &ToolInvocation,
    troubles: &RateLimited,
) -> ToolAnswer {
    match call.name.as_str() {
        name if plan.is_opt_out(name) => opt_out(ports, plan, call, troubles).await.into(),
        name if plan.is_call_back(name) => call_backs::run(ports, plan, call, troubles).await.into(),
        TRANSFER_CALL if !plan.tools.directory.is_empty() => transfer(&plan.tools, &call.arguments),
        TAKE_MESSAGE if plan.tools.take_messages => message(ports, plan, call, troubles).await.into(),
        SEND_MESSAGE if plan.tools.send_message => send(ports, plan, call, troubles).await.into(),
        name if plan.tools.appointments && APPOINTMENT_TOOLS.contains(&name) => {
            let answer = appointments::run(ports, plan, call, troubles).await;
            answer.unwrap_or_else(|| error("unknown_tool", "there is no such tool")).into()
        }
        name => match plan.http_tool(name) {
            Some(tool) => ask(ports, plan, tool, call, troubles).await,
            None => error("unknown_tool", "there is no such tool").into(),
        },
    }
}

/// As [`fitting`], for one of the product's own tools.
fn fitting_own(toolbox: &Toolbox, name: &str, arguments: &str) -> Result<Value, Value> {
    let schema = toolbox::parameters(toolbox, name);
    fitting(&schema.ok_or_else(|| error("unknown_tool", "there is no such tool"))?, arguments)
}

fn transfer(toolbox: &Toolbox, arguments: &str) -> ToolAnswer {
    let arguments = match fitting_own(toolbox, TRANSFER_CALL, arguments) {
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
    let arguments = match fitting_own(&plan.tools, TAKE_MESSAGE, &call.arguments) {
        Ok(arguments) => arguments,
        Err(complaint) => return complaint,
    };
    let message = message_in(&arguments);
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

/// To the number that the person calls from, and to no other: the model says no number.
async fn send<P: Ports>(ports: &P, plan: &CallPlan, call: &ToolInvocation, troubles: &RateLimited) -> Value {
    let arguments = match fitting_own(&plan.tools, SEND_MESSAGE, &call.arguments) {
        Ok(arguments) => arguments,
        Err(complaint) => return complaint,
    };
    if plan.caller.is_none() {
        return error("no_number", "nothing was sent: the caller's number is not known");
    }
    let text = arguments["text"].as_str().unwrap_or_default().trim();
    let sent = timeout(MESSAGE_WAIT, ports.send_message(plan, &digest(text), text)).await;
    match sent {
        Ok(Ok(true)) => {
            json!({ "ok": true, "message": "it is on its way to the number that the caller calls from" })
        }
        Ok(Ok(false)) => {
            error("opted_out", "nothing was sent: the person wants no messages; do not offer it again")
        }
        Ok(Err(_)) | Err(_) => {
            if let Some(others) = troubles.admit(Instant::now()) {
                tracing::error!(call = %plan.call, others, "a text to a caller could not be asked for");
            }
            error("not_sent", "it is not known whether it is sent; asking again does not send it twice")
        }
    }
}

/// The number that was called, and no other: the model says no number. Arguments that do not fit lose the reason at most, never
/// the wish.
async fn opt_out<P: Ports>(
    ports: &P,
    plan: &CallPlan,
    call: &ToolInvocation,
    troubles: &RateLimited,
) -> Value {
    let reason = reason_in(&call.arguments);
    match timeout(MESSAGE_WAIT, ports.record_do_not_call(plan, reason.as_deref())).await {
        Ok(Ok(())) => json!({
            "ok": true,
            "message": "it is recorded that this number is not called again; say so, say goodbye and end the call",
        }),
        Ok(Err(_)) | Err(_) => {
            if let Some(others) = troubles.admit(Instant::now()) {
                tracing::error!(call = %plan.call, others, "a wish not to be called could not be recorded yet");
            }
            error("not_recorded", "it is not recorded yet: promise nothing, say goodbye and end the call")
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
        Ok(outcome) => ToolAnswer { output: answer_of(&outcome, tool.once), transfer: None },
        Err(ToolFailure::InProgress) => error("in_progress", "this is being done at this moment").into(),
        Err(ToolFailure::Superseded | ToolFailure::Store(_)) => not_done().into(),
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

#[cfg(test)]
mod tests;
