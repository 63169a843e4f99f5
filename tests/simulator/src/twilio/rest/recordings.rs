//! The Recordings resource.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::media::{link, not_found_xml};
use super::{ApiError, Form, calls, form};
use crate::twilio::account::Account;
use crate::twilio::call::rfc2822;
use crate::twilio::events::CallStatus;
use crate::twilio::recording::{Recording, RecordingStatus};
use crate::twilio::spec::{MediaFault, RecordingRequest, RecordingSource};

/// `POST /Calls/{sid}/Recordings.json`: record from now to the end of the call.
pub(super) async fn start(
    State(account): State<Arc<Account>>,
    Path(file): Path<String>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let call = calls::find(&account, &file)?;
    if call.progress().status != CallStatus::InProgress {
        return Err(ApiError::NOT_LIVE);
    }
    let form = Form::parse(&body);
    let invalid = ApiError::bad_request(20001, "RecordingStatusCallback is not a valid URL");
    let request = RecordingRequest {
        dual: form.value("RecordingChannels") == Some("dual"),
        trim: form.value("Trim") == Some("trim-silence"),
        status_callback: form.url("RecordingStatusCallback", invalid)?,
        events: form.words("RecordingStatusCallbackEvent"),
        source: RecordingSource::StartCallRecordingApi,
    };
    let recording = call.start_recording(&account, request);
    Ok((StatusCode::CREATED, Json(resource(&account, &recording))))
}

/// `GET /Calls/{sid}/Recordings.json`.
pub(super) async fn list_of_call(
    State(account): State<Arc<Account>>,
    Path(file): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let call = calls::find(&account, &file)?;
    Ok(page(&account, Some(&call.sid)))
}

/// `GET /Recordings.json`, filtered by `CallSid`.
pub(super) async fn list(State(account): State<Arc<Account>>, RawQuery(query): RawQuery) -> Json<Value> {
    let filter = Form(form(query.unwrap_or_default().as_bytes()));
    page(&account, filter.value("CallSid"))
}

fn page(account: &Account, call_sid: Option<&str>) -> Json<Value> {
    let recordings: Vec<_> = account
        .recordings
        .all()
        .iter()
        .filter(|recording| call_sid.is_none_or(|sid| sid == recording.call_sid))
        .filter(|recording| recording.status() != RecordingStatus::Deleted && recording.is_to_be_found())
        .map(|recording| resource(account, recording))
        .collect();
    Json(json!({ "recordings": recordings, "page": 0, "page_size": recordings.len(), "next_page_uri": null }))
}

/// `GET /Recordings/{sid}.json` is the resource; with `.wav` or no extension it is the way to the media.
pub(super) async fn fetch(
    State(account): State<Arc<Account>>,
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let (sid, extension) = file.split_once('.').unwrap_or((&file, "wav"));
    let query = Form(form(query.unwrap_or_default().as_bytes()));
    // What is known of a deleted recording is kept, for those who ask for it.
    let left = extension == "json" && query.value("IncludeSoftDeleted") == Some("true");
    let found = if left { account.recordings.find(sid) } else { find(&account, sid) };
    let Some(recording) = found.filter(|recording| recording.is_to_be_found()) else {
        return ApiError::NOT_FOUND.into_response();
    };
    match extension {
        "json" => Json(resource(&account, &recording)).into_response(),
        "wav" => media(&account, &recording, &query),
        _ => ApiError::bad_request(20001, "only .wav is served").into_response(),
    }
}

/// `DELETE /Recordings/{sid}.json`: only a completed recording can be deleted.
pub(super) async fn delete(State(account): State<Arc<Account>>, Path(file): Path<String>) -> Response {
    let sid = file.strip_suffix(".json").unwrap_or(&file);
    match find(&account, sid) {
        None => ApiError::NOT_FOUND.into_response(),
        Some(recording) if recording.status() == RecordingStatus::InProgress => {
            ApiError::bad_request(20001, "the recording is in progress").into_response()
        }
        Some(recording) => {
            recording.delete();
            StatusCode::NO_CONTENT.into_response()
        }
    }
}

fn find(account: &Account, sid: &str) -> Option<Arc<Recording>> {
    account.recordings.find(sid).filter(|recording| recording.status() != RecordingStatus::Deleted)
}

/// Redirects to where the file can be downloaded, or fails as the recording's next fault says.
fn media(account: &Account, recording: &Recording, query: &Form) -> Response {
    if recording.status() != RecordingStatus::Completed || !recording.is_to_be_found() {
        return not_found_xml(StatusCode::NOT_FOUND);
    }
    let channels = match query.value("RequestedChannels") {
        Some("2") if recording.channels() == 1 => {
            return ApiError::bad_request(20001, "the recording has one channel").into_response();
        }
        Some("1") => 1,
        _ => recording.channels(),
    };
    let fault = recording.next_fault();
    match fault {
        Some(MediaFault::NotFound) => not_found_xml(StatusCode::NOT_FOUND),
        Some(MediaFault::Unauthorized) => {
            ApiError::new(StatusCode::UNAUTHORIZED, 20003, "Authenticate").into_response()
        }
        Some(MediaFault::Deleted) => {
            recording.delete();
            not_found_xml(StatusCode::NOT_FOUND)
        }
        Some(
            MediaFault::Expired
            | MediaFault::Xml
            | MediaFault::Html
            | MediaFault::TooLong
            | MediaFault::Empty
            | MediaFault::Cut(_)
            | MediaFault::WrongMagic
            | MediaFault::Mp3
            | MediaFault::Placeholder(_)
            | MediaFault::Unended(_),
        )
        | None => {
            let location = link(account, recording, channels, fault);
            (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
        }
    }
}

fn resource(account: &Account, recording: &Recording) -> Value {
    let completed = recording.status() == RecordingStatus::Completed;
    json!({
        "sid": recording.sid,
        "account_sid": account.config.account_sid,
        "call_sid": recording.call_sid,
        "status": recording.status().as_str(),
        "channels": recording.channels(),
        "source": recording.request.source.as_str(),
        "start_time": rfc2822(recording.started),
        "duration": completed.then(|| recording.duration_s().to_string()),
        "media_url": recording.url(account),
        "error_code": recording.error_code().filter(|_| recording.status() == RecordingStatus::Absent),
        "encryption_details": recording.is_encrypted().then(|| recording.encryption_details()),
        "price": null,
        "uri": format!("/2010-04-01/Accounts/{}/Recordings/{}.json", account.config.account_sid, recording.sid),
    })
}
