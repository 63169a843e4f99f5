//! The Calls resource: look, hang up, redirect.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use serde_json::{Value, json};

use super::{ApiError, Form, form};
use crate::twilio::account::Account;
use crate::twilio::call::{CallState, Ending, Interrupt, rfc2822};
use crate::twilio::events::{CallStatus, EndedBy};
use crate::twilio::spec::TwimlSource;

/// `GET /Calls.json`, filtered by `To`, `From` and `Status`; newest first, all on one page.
pub(super) async fn list(State(account): State<Arc<Account>>, RawQuery(query): RawQuery) -> Json<Value> {
    let filter = Form(form(query.unwrap_or_default().as_bytes()));
    let mut calls = account.calls.all();
    calls.retain(|call| {
        let matches = |name, actual: &str| filter.value(name).is_none_or(|wanted| wanted == actual);
        matches("To", &call.spec.to)
            && matches("From", &call.spec.from)
            && matches("Status", call.progress().status.as_str())
    });
    let calls: Vec<_> = calls.iter().rev().map(|call| resource(&account, call)).collect();
    Json(json!({ "calls": calls, "page": 0, "page_size": calls.len(), "next_page_uri": null }))
}

/// `GET /Calls/{sid}.json`.
pub(super) async fn fetch(
    State(account): State<Arc<Account>>,
    Path(file): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let call = find(&account, &file)?;
    Ok(Json(resource(&account, &call)))
}

/// `POST /Calls/{sid}.json`: `Status` ends the call, `Url` or `Twiml` redirects it.
pub(super) async fn update(
    State(account): State<Arc<Account>>,
    Path(file): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let call = find(&account, &file)?;
    let form = Form::parse(&body);
    let status = call.progress().status;
    let (interrupt, allowed) = match form.value("Status") {
        Some("completed") => (hang_up(CallStatus::Completed), !status.is_final()),
        Some("canceled") => {
            let before_the_answer =
                matches!(status, CallStatus::Queued | CallStatus::Initiated | CallStatus::Ringing);
            (hang_up(CallStatus::Canceled), before_the_answer)
        }
        Some(_) => return Err(ApiError::bad_request(20001, "Status must be completed or canceled")),
        None => (Interrupt::Redirect(source(&form)?), status == CallStatus::InProgress),
    };
    if !allowed || !call.interrupt(interrupt) {
        return Err(ApiError::NOT_LIVE);
    }
    Ok(Json(resource(&account, &call)))
}

fn hang_up(unanswered: CallStatus) -> Interrupt {
    Interrupt::HangUp(Ending { by: EndedBy::Rest, unanswered })
}

fn source(form: &Form) -> Result<TwimlSource, ApiError> {
    const INVALID: ApiError = ApiError::bad_request(21205, "Url is not a valid URL");
    match (form.url("Url", INVALID)?, form.value("Twiml")) {
        (Some(_), Some(_)) => Err(ApiError::bad_request(20001, "Url and Twiml exclude each other")),
        (Some(url), None) => Ok(TwimlSource::Url { url, get: form.value("Method") == Some("GET") }),
        (None, Some(twiml)) => Ok(TwimlSource::Inline(twiml.to_owned())),
        (None, None) => Err(ApiError::bad_request(20001, "one of Status, Url and Twiml is needed")),
    }
}

pub(super) fn find(account: &Account, file: &str) -> Result<Arc<CallState>, ApiError> {
    let sid = file.strip_suffix(".json").unwrap_or(file);
    account.calls.find(sid).ok_or(ApiError::NOT_FOUND)
}

/// A call as the API writes it: numbers as strings, times in RFC 2822.
pub(super) fn resource(account: &Account, call: &CallState) -> Value {
    let progress = call.progress();
    json!({
        "sid": call.sid,
        "account_sid": account.config.account_sid,
        "from": call.spec.from,
        "to": call.spec.to,
        "status": progress.status.as_str(),
        "direction": call.spec.direction.as_str(),
        "answered_by": progress.answered_by,
        "date_created": rfc2822(progress.created),
        "start_time": progress.answered.map(|(at, _)| rfc2822(at)),
        "end_time": progress.ended.map(|(at, _)| rfc2822(at)),
        "duration": progress.ended.map(|(_, duration)| duration.as_secs().to_string()),
        "parent_call_sid": null,
        "price": null,
        "queue_time": "0",
        "api_version": "2010-04-01",
        "uri": format!("/2010-04-01/Accounts/{}/Calls/{}.json", account.config.account_sid, call.sid),
    })
}
