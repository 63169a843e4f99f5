//! The Realtime API over WebSocket (GA shapes): `GET /v1/realtime?model=...`.

mod conversation;
mod engine;
mod input;
mod item;
mod progress;
mod session;
mod socket;
mod timeline;
mod vad;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use self::engine::Role;
pub use self::timeline::Pace;
use super::Shared;
use super::inspect::Connection;
use super::refusal::ApiRefusal;
use super::script::Script;

/// What is different about one accepted socket. Sockets without a plan follow the configuration.
#[derive(Clone, Debug, Default)]
pub struct ConnectionPlan {
    /// How the upgrade is answered.
    pub handshake: Handshake,
    /// The script of this socket in place of the configured one.
    pub script: Option<Script>,
    /// How long the session lives in place of the configured time.
    pub session_lifetime: Option<Duration>,
}

/// How an upgrade request is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Handshake {
    #[default]
    Accept,
    /// Accepted after this long.
    Delay(Duration),
    /// Refused with an HTTP status and an error code, e.g. 429 and `rate_limit_exceeded`.
    Refuse { status: u16, code: String },
    /// Never answered.
    Hang,
}

pub(super) async fn upgrade(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    let headers = super::readable_headers(request.headers());
    let response = match answer(&shared, request).await {
        Ok(response) => response,
        Err(Refused { status: Some(status), refusal }) => refusal.with_status(status),
        Err(Refused { status: None, refusal }) => refusal.into_response(),
    };
    shared.log_request(method, path, headers, Value::Null, response.status());
    response
}

struct Refused {
    status: Option<StatusCode>,
    refusal: ApiRefusal,
}

impl From<ApiRefusal> for Refused {
    fn from(refusal: ApiRefusal) -> Self {
        Self { status: None, refusal }
    }
}

async fn answer(shared: &Arc<Shared>, mut request: Request) -> Result<Response, Refused> {
    let plan = shared.next_plan();
    match plan.handshake {
        Handshake::Accept => {}
        Handshake::Delay(delay) => tokio::time::sleep(delay).await,
        Handshake::Refuse { status, ref code } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let refusal = ApiRefusal::new(code, "The simulator was told to refuse this handshake.");
            return Err(Refused { status: Some(status), refusal });
        }
        Handshake::Hang => std::future::pending().await,
    }
    shared.authorise(request.headers())?;
    let accept_key = accept_key(request.headers())?;
    let model = shared.realtime_model(request.uri().query().unwrap_or_default())?;

    let role = Role {
        index: shared.next_index(),
        model,
        script: plan.script.unwrap_or_else(|| shared.config.script.clone()),
        pace: shared.config.pace,
        lifetime: plan.session_lifetime.unwrap_or(shared.config.session_lifetime),
    };
    let headers = super::readable_headers(request.headers());
    let beta = request.headers().contains_key("openai-beta");
    let (connection, record, commands) =
        Connection::open(role.index, &role.model, headers, shared.changes.clone());
    shared.add_connection(connection);
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(socket::serve(upgraded, role, record, commands, beta, shared.shutdown.clone()));

    let response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_ACCEPT, accept_key)
        .body(Body::empty());
    response.map_err(|error| ApiRefusal::new("invalid_request", error.to_string()).into())
}

fn accept_key(headers: &HeaderMap) -> Result<String, Refused> {
    let is_websocket =
        headers.get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    match headers.get(SEC_WEBSOCKET_KEY) {
        Some(key) if is_websocket => Ok(derive_accept_key(key.as_bytes())),
        _ => {
            let refusal = ApiRefusal::new(
                "invalid_request",
                "This endpoint speaks WebSocket: send an upgrade request.",
            );
            Err(Refused { status: Some(StatusCode::UPGRADE_REQUIRED), refusal })
        }
    }
}
