//! The Graph API: messages, signs of reading and writing, media.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Request, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::check;
use super::faults::{GraphError, faulty};
use super::media;
use super::state::{State, plain, wamid};

/// The largest request read, in bytes.
const MAX_REQUEST_BYTES: usize = 256 * 1024;

/// A message that was taken to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Meta's name of it.
    pub id: String,
    /// The sender.
    pub phone_number_id: String,
    /// The person: a number, digits alone, or an id of theirs.
    pub to: String,
    /// Whether the person was named by their id.
    pub by_user_id: bool,
    /// The words; blank for a template.
    pub body: String,
    /// The template.
    pub template: Option<SentTemplate>,
    /// The message that it answers.
    pub about: Option<String>,
    /// What comes back with each status.
    pub opaque: Option<String>,
    /// When it was taken.
    pub at: Timestamp,
    /// Whether the customer service window was open then, which free words need to arrive.
    pub in_window: bool,
}

/// A template with what its places hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentTemplate {
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// What its body's places hold, with their names if they have some.
    pub places: Vec<(Option<String>, String)>,
}

/// A message of a person that was marked as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// The message.
    pub message_id: String,
    /// Whether the person is shown that an answer is being written.
    pub writing: bool,
}

/// A request that the API has received.
#[derive(Clone, PartialEq, Eq)]
pub struct GraphRequest {
    /// `GET` or `POST`.
    pub method: String,
    /// With the version.
    pub path: String,
    /// What was sent; null without JSON.
    pub body: Value,
    /// The HTTP status it was answered with.
    pub status: u16,
}

impl std::fmt::Debug for GraphRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} -> {}", self.method, self.path, self.status)
    }
}

pub(super) fn router(state: &Arc<State>) -> Router {
    let api = Router::new()
        .route("/{version}/{id}", get(media::described).delete(media::deleted))
        .route("/{version}/{sender}/messages", post(message))
        .layer(from_fn_with_state(Arc::clone(state), gate));
    Router::new()
        .merge(api)
        .route("/whatsapp_business/attachments/{id}", get(media::download))
        .with_state(Arc::clone(state))
}

/// Remembers each request, lets through those with the token, and plays the faults.
async fn gate(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_REQUEST_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let response = if !has_token(&state, &parts.headers) {
        GraphError::new(190, "Invalid OAuth access token").into_response()
    } else if let Some(fault) = state.faults.next() {
        if fault.carried_out {
            next.run(Request::from_parts(parts, Body::from(bytes))).await;
        }
        faulty(&fault)
    } else {
        next.run(Request::from_parts(parts, Body::from(bytes))).await
    };
    let status = response.status().as_u16();
    state.keep_request(GraphRequest { method, path, body, status });
    response
}

pub(super) fn has_token(state: &State, headers: &HeaderMap) -> bool {
    let given =
        headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    given == Some(state.config.token.as_str())
}

/// `POST /{version}/{sender}/messages`.
async fn message(
    Shared(state): Shared<Arc<State>>,
    Path((_, sender)): Path<(String, String)>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Json<Value>, GraphError> {
    if state.sender(&sender).is_none() {
        return Err(GraphError::NO_OBJECT);
    }
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    if !is_json || !body.is_object() {
        return Err(GraphError::parameter("The body is no JSON object"));
    }
    if body["messaging_product"] != "whatsapp" {
        return Err(GraphError::parameter("The parameter messaging_product is required."));
    }
    if let Some(sign) = check::sign(&body)? {
        state.keep_sign(sign);
        return Ok(Json(json!({ "success": true })));
    }
    let checked = check::message(&state, &body)?;
    if let Some(code) = state.faults.refuses(&sender).or_else(|| state.faults.refuses(&plain(&checked.to))) {
        return Err(GraphError::new(code, "A refusal that was asked for"));
    }
    let id = wamid();
    let sent = Sent {
        id: id.clone(),
        in_window: state.window_is_open(&sender, &checked.to),
        phone_number_id: sender,
        to: checked.to,
        by_user_id: checked.by_user_id,
        body: checked.body,
        template: checked.template,
        about: body["context"]["message_id"].as_str().map(str::to_owned),
        opaque: body["biz_opaque_callback_data"].as_str().map(str::to_owned),
        at: state.config.now(),
    };
    let contact = if sent.by_user_id {
        json!({ "input": sent.to, "user_id": sent.to })
    } else {
        json!({ "input": sent.to, "wa_id": sent.to })
    };
    state.keep_sent(sent);
    Ok(Json(json!({
        "messaging_product": "whatsapp",
        "contacts": [contact],
        "messages": [{ "id": id, "message_status": "accepted" }],
    })))
}
