//! The tools about appointments: what the model is told of their arguments, and running them. What they do is in
//! `stores::appointments::desk`, the same for calls and texts.

use std::time::{Duration, Instant};

use domain::CallPlan;
use domain::tools::{
    BOOK_APPOINTMENT, CANCEL_APPOINTMENT, FIND_SLOTS, MY_APPOINTMENTS, RESCHEDULE_APPOINTMENT,
};
use platform::rate_limit::RateLimited;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::answer::error;
use super::{ToolInvocation, fitting};
use crate::ports::{AppointmentRequest, Ports};

/// How long the store may take. The caller hears that it takes a while long before, and the session answers for the tool
/// later.
const WAIT: Duration = Duration::from_secs(6);
const NOT_KNOWN: &str = "it is not known whether this was done. Do not say that it was. The same may be called again: it is \
                         never done twice";

/// JSON Schema of a tool's arguments. `None`: it is no tool about appointments.
pub(super) fn parameters(name: &str) -> Option<Value> {
    let text = |description: &str, max: usize| json!({ "type": "string", "description": description, "maxLength": max });
    let word = |description: &str, words: &[&str]| json!({ "type": "string", "description": description, "enum": words });
    let clock = |description: &str| {
        text(
            &format!(
                "{description}: `16:30`, `4:30pm`, or `4` exactly as the caller said it if it is not clear which half of the day is meant"
            ),
            10,
        )
    };
    let slot = || text("The `slot` of an offered time, copied exactly; never one that you made", 64);
    let appointment =
        || text("The `appointment` of one that my_appointments or book_appointment gave, copied exactly", 64);
    let (properties, required): (Value, &[&str]) = match name {
        FIND_SLOTS => (
            json!({
                "service": text("The service, by its id or name. Leave it out to learn which services there are", 200),
                "with": text("A person or place that the caller asked for, by name", 200),
                "day": text("The day as the caller said it, one of: a weekday (`Tuesday`, `יום שלישי`), `today`, `tomorrow`, `day after tomorrow`, a date with month and day `12-03`, or a date that a tool gave `2026-12-03`. Compute no date yourself", 32),
                "week": word("Which week, only if the caller said so: `next` for \"next Tuesday\"", &["this", "next"]),
                "part": word("The part of the day, if the caller said so", &["morning", "afternoon", "evening"]),
                "after": clock("Not before this hour"),
                "before": clock("Over by this hour"),
                "at": clock("As near to this hour as can be"),
            }),
            &[],
        ),
        BOOK_APPOINTMENT => (
            json!({
                "slot": slot(),
                "name": text("The caller's full name, as they said it", 100),
                "notes": text("Whatever else matters for the appointment, in the caller's words", 1_000),
            }),
            &["slot", "name"],
        ),
        RESCHEDULE_APPOINTMENT => {
            (json!({ "appointment": appointment(), "slot": slot() }), &["appointment", "slot"])
        }
        CANCEL_APPOINTMENT => (json!({ "appointment": appointment() }), &["appointment"]),
        MY_APPOINTMENTS => (json!({}), &[]),
        _ => return None,
    };
    Some(json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    }))
}

/// Runs one of the tools. `None`: another tool was called.
pub(super) async fn run<P: Ports>(
    ports: &P,
    plan: &CallPlan,
    call: &ToolInvocation,
    troubles: &RateLimited,
) -> Option<Value> {
    let schema = parameters(&call.name)?;
    let request = match fitting(&schema, &call.arguments).and_then(|arguments| read(&call.name, arguments)) {
        Ok(request) => request,
        Err(complaint) => return Some(complaint),
    };
    let trouble = match timeout(WAIT, ports.appointments(plan, &request)).await {
        Ok(Ok(answer)) => match serde_json::to_value(&answer) {
            Ok(answer) => return Some(answer),
            Err(error) => error.to_string(),
        },
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the store did not answer in time".to_owned(),
    };
    if let Some(others) = troubles.admit(Instant::now()) {
        tracing::error!(call = %plan.call, tool = call.name, %trouble, others, "a tool about appointments failed");
    }
    Some(error("not_known", NOT_KNOWN))
}

fn read(name: &str, arguments: Value) -> Result<AppointmentRequest, Value> {
    Ok(match name {
        FIND_SLOTS => AppointmentRequest::Find(shaped(arguments)?),
        BOOK_APPOINTMENT => AppointmentRequest::Book(shaped(arguments)?),
        RESCHEDULE_APPOINTMENT => AppointmentRequest::Reschedule(shaped(arguments)?),
        CANCEL_APPOINTMENT => AppointmentRequest::Cancel(shaped(arguments)?),
        _ => AppointmentRequest::List,
    })
}

/// Whatever fits the schema and yet cannot be read has an hour that is not written as one.
fn shaped<T: DeserializeOwned>(arguments: Value) -> Result<T, Value> {
    serde_json::from_value(arguments).map_err(|_| {
        error("invalid_arguments", "an hour is written like `16:30`, `4:30pm`, or `4` if it has two meanings")
    })
}
