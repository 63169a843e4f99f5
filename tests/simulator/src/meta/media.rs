//! Media that people send: described by their id, fetched at an address that is good for five minutes.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::faults::GraphError;
use super::graph::has_token;
use super::state::State;
use super::webhooks::hex;

/// How long an address is good (Meta docs, "Media").
const ADDRESS_LIVES: SignedDuration = SignedDuration::from_mins(5);

/// A picture, a voice note or a document that a person sent.
#[derive(Clone)]
pub(crate) struct Medium {
    pub(crate) bytes: Bytes,
    pub(crate) mime_type: String,
    /// Requests for its bytes that find nothing yet.
    pub(crate) late: u32,
}

impl Medium {
    pub(crate) fn sha256(&self) -> String {
        hex(digest(&SHA256, &self.bytes).as_ref())
    }
}

/// `GET /{version}/{id}`.
pub(super) async fn described(
    Shared(state): Shared<Arc<State>>,
    Path((_, id)): Path<(String, String)>,
) -> Result<Json<Value>, GraphError> {
    let until = state.config.now() + ADDRESS_LIVES;
    let address =
        state.api_url.join(&format!("/whatsapp_business/attachments/{id}?ext={}", until.as_second()));
    let (Ok(address), Some(medium)) = (address, state.medium(&id, |medium| medium.clone())) else {
        return Err(GraphError::NO_OBJECT);
    };
    Ok(Json(json!({
        "messaging_product": "whatsapp",
        "url": address.as_str(),
        "mime_type": medium.mime_type,
        "sha256": medium.sha256(),
        "file_size": medium.bytes.len(),
        "id": id,
    })))
}

/// `DELETE /{version}/{id}`.
pub(super) async fn deleted(
    Shared(state): Shared<Arc<State>>,
    Path((_, id)): Path<(String, String)>,
) -> Result<Json<Value>, GraphError> {
    let gone = state.medium(&id, |medium| medium.bytes = Bytes::new());
    gone.map(|()| Json(json!({ "success": true }))).ok_or(GraphError::NO_OBJECT)
}

/// The bytes. The token is needed here as well.
pub(super) async fn download(
    Shared(state): Shared<Arc<State>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if !has_token(&state, &headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let query = query.unwrap_or_default();
    let until = form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "ext")
        .and_then(|(_, second)| second.parse().ok())
        .and_then(|second| Timestamp::from_second(second).ok());
    let found = state.medium(&id, |medium| {
        let is_late = medium.late > 0;
        medium.late = medium.late.saturating_sub(1);
        (!is_late).then(|| medium.clone())
    });
    match found.flatten() {
        Some(medium) if until.is_some_and(|until| state.config.now() < until) => {
            ([(header::CONTENT_TYPE, medium.mime_type)], medium.bytes).into_response()
        }
        Some(_) | None => StatusCode::NOT_FOUND.into_response(),
    }
}
