//! `POST /Calls.json`: an outbound call.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;

use super::{ApiError, Form, calls};
use crate::twilio::account::Account;
use crate::twilio::call;
use crate::twilio::lock;
use crate::twilio::script::CallerScript;
use crate::twilio::spec::{
    AmdRequest, Answerer, CallSpec, Callee, Direction, RecordingRequest, RecordingSource, StatusEvents,
    TwimlSource,
};

const NO_URL: ApiError = ApiError::bad_request(21205, "a valid Url, or Twiml, is needed");

pub(super) async fn create(
    State(account): State<Arc<Account>>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let spec = spec(&account, &Form::parse(&body))?;
    let call = call::place(&account, spec);
    Ok((StatusCode::CREATED, Json(calls::resource(&account, &call))))
}

fn spec(account: &Account, form: &Form) -> Result<CallSpec, ApiError> {
    let to = form
        .value("To")
        .filter(|to| callable(to))
        .ok_or(ApiError::bad_request(21211, "Invalid 'To' number"))?;
    let from = form
        .value("From")
        .filter(|from| callable(from))
        .ok_or(ApiError::bad_request(21212, "Invalid 'From' number"))?;
    let twiml = match (form.url("Url", NO_URL)?, form.value("Twiml")) {
        (Some(url), _) => TwimlSource::Url { url, get: form.value("Method") == Some("GET") },
        (None, Some(twiml)) => TwimlSource::Inline(twiml.to_owned()),
        (None, None) => return Err(NO_URL),
    };
    let callee = lock(&account.callees)
        .get(to)
        .cloned()
        .unwrap_or_else(|| Callee::answers(CallerScript::new(Vec::new())));
    let status_events = match form.words("StatusCallbackEvent") {
        words if words.is_empty() => StatusEvents::Final,
        words => StatusEvents::Only(words),
    };
    Ok(CallSpec {
        from: from.to_owned(),
        to: to.to_owned(),
        direction: Direction::OutboundApi,
        twiml,
        fallback_url: form.url("FallbackUrl", NO_URL)?,
        status_callback: form.url("StatusCallback", NO_URL)?,
        status_events,
        rings: callee.rings,
        person: callee.person.clone(),
        extra_params: Vec::new(),
        dial: callee.dial,
        record: if form.is_true("Record") { Some(recording(form)?) } else { None },
        amd: amd(form, &callee)?,
        faults: callee.faults,
    })
}

/// Loosely a number that can be called: E.164, a client or a SIP address.
fn callable(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    number.starts_with("client:")
        || number.starts_with("sip:")
        || (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Recordings of created calls are trimmed unless the request says otherwise.
fn recording(form: &Form) -> Result<RecordingRequest, ApiError> {
    Ok(RecordingRequest {
        dual: form.value("RecordingChannels") == Some("dual"),
        trim: form.value("Trim") != Some("do-not-trim"),
        status_callback: form.url("RecordingStatusCallback", NO_URL)?,
        events: form.words("RecordingStatusCallbackEvent"),
        source: RecordingSource::OutboundApi,
    })
}

fn amd(form: &Form, callee: &Callee) -> Result<Option<AmdRequest>, ApiError> {
    let until_message_end = match form.value("MachineDetection") {
        Some("Enable") => false,
        Some("DetectMessageEnd") => true,
        Some(_) | None => return Ok(None),
    };
    let (answered_by, takes) = match callee.answered_by {
        Answerer::Word(word) => (word, callee.amd_takes),
        Answerer::Machine { greeting } if until_message_end => ("machine_end_beep", greeting),
        Answerer::Machine { .. } => ("machine_start", callee.amd_takes),
        Answerer::Nothing => return Ok(None),
    };
    let callback = if form.is_true("AsyncAmd") { form.url("AsyncAmdStatusCallback", NO_URL)? } else { None };
    Ok(Some(AmdRequest { answered_by, takes, callback }))
}
