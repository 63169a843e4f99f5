//! The HTTP endpoints: transcription of files, Responses, and the list of models.

mod reading;
mod recognise;
mod responses;
mod schema;
mod transcription;

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Multipart, State};
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::refusal::ApiRefusal;
use super::{Shared, readable_headers};

/// The largest body read: a file at its limit and the form around it.
pub(super) const MAX_BODY_BYTES: usize = transcription::MAX_FILE_BYTES + 1024 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// `POST /v1/audio/transcriptions`.
pub(super) async fn transcriptions(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let (fields, answered) = match shared.authorise(&headers) {
        Ok(()) => transcription::answer(&shared, form).await,
        Err(refusal) => (Value::Null, Err(refusal)),
    };
    finish(&shared, Method::POST, "/v1/audio/transcriptions", &headers, fields, answered)
}

/// `POST /v1/responses`.
pub(super) async fn responses(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let is_json =
        headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let answered = shared.authorise(&headers).and_then(|()| {
        if is_json { responses::answer(&shared, &body) } else { Err(ApiRefusal::invalid("body", "JSON")) }
    });
    finish(&shared, Method::POST, "/v1/responses", &headers, body, answered)
}

/// `GET /v1/models`.
pub(super) async fn models(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let answered = shared.authorise(&headers).map(|()| {
        let data: Vec<Value> = shared.config.models.iter().map(super::Model::to_json).collect();
        Json(json!({ "object": "list", "data": data })).into_response()
    });
    finish(&shared, Method::GET, "/v1/models", &headers, Value::Null, answered)
}

fn finish(
    shared: &Shared,
    method: Method,
    path: &str,
    headers: &HeaderMap,
    body: Value,
    answered: Result<Response, ApiRefusal>,
) -> Response {
    let mut response = answered.unwrap_or_else(IntoResponse::into_response);
    let number = shared.next_number();
    if let Ok(id) = HeaderValue::from_str(&format!("req_{number}")) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    shared.log_request(
        method.to_string(),
        path.to_owned(),
        readable_headers(headers),
        body,
        response.status(),
    );
    response
}
