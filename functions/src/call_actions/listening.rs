//! Who may listen to a call while it goes on: the API gives out a token for one view, and the bridge lets it in.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::listening::{Grant, LISTEN_PATH, PROTOCOL, TOKEN_TTL, ViewId};
use domain::{CallAction, Timestamp};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::CallActions;
use super::api::refused;
use crate::edge::api::requester::{Requester, Tenant};
use crate::edge::problem::Problem;
use crate::shared::shapes::Time;

/// Where a call can be listened to, once.
#[derive(Serialize, ToSchema)]
pub(super) struct View {
    /// The address of the WebSocket. Pages of the console's origin may open it.
    #[schema(example = "wss://media.example.com/listen/CA00000000000000000000000000000001")]
    url: String,
    /// The subprotocols to open it with, in this order: the name of the protocol, and the token.
    #[schema(value_type = Vec<String>, min_items = 2, max_items = 2)]
    protocols: [String; 2],
    /// When the token stops being good. A view that was opened by then goes on until the call ends.
    expires_at: Time,
}

// The token lets in.
impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Lets a person hear a call while it goes on. They are not heard. The answer is good for one view within 60 seconds; the
/// call's record says from when to when they listened, in `listeners`.
///
/// Over the WebSocket come binary messages: one byte, 0 for the caller or 1 for the agent, and behind it mu-law of 8,000
/// samples a second. The agent's sound comes faster than it is played. Messages in text are JSON with an `event`: `clear`
/// throws away what of the agent's sound was not played yet, `said` has a `speaker` and a `text`, and `caller_speaking`,
/// `caller_silent`, `agent_speaking`, `agent_silent`, `interrupted`, `tool_called`, `tool_answered`, `hanging_up` and
/// `model_lost` tell how the call stands. Others may be added. It closes with 1000 when the call is over or another session
/// took it up, and with 4008 if the listener does not keep up.
#[utoipa::path(
    post,
    path = "/v1/calls/{sid}/listen",
    operation_id = "listen_to_call",
    responses(
        (status = 201, description = "The view.", body = View),
        (status = 409, description = "No conversation goes on: `code` says why."),
    ),
)]
pub(super) async fn listen(
    State(app): State<Arc<CallActions>>,
    tenant: Tenant,
    requester: Requester,
    Path(sid): Path<String>,
) -> Result<Response, Problem> {
    let call = tenant.call(&app.calls, &sid).await?;
    // What a call in progress can be asked for at any time: there is something to be heard then.
    CallAction::End.fits_call(&call).map_err(refused)?;
    let random = platform::random::bytes().ok_or_else(Problem::unavailable)?;
    let until: Timestamp = app.clock.now().plus(TOKEN_TTL);
    let grant = Grant { view: ViewId::of_random(&random), by: requester.key.id.clone(), until };
    let token = grant.token(&app.token_key, &call.sid);
    let mut url = app.stream_url.clone();
    url.set_path(&format!("{LISTEN_PATH}/{}", call.sid));
    let view = View {
        url: url.into(),
        protocols: [PROTOCOL.to_owned(), token.expose().to_owned()],
        expires_at: Time(until),
    };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}
