//! What a business asks of its calls while they go on.
//!
//! An action is kept under its `Idempotency-Key` before anything is done. The session that has the call takes it within
//! a second or so, and writes down what came of it; no request goes to a bridge. A call that still rings has no session:
//! Twilio is asked to give it up. Listening changes nothing, and is the one thing for which a browser goes to a bridge.

mod api;
mod listening;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use domain::action::NotDone;
use domain::token::TokenKey;
use domain::{ActionId, ActionState, Call, CallAction, CallStatus};
use http::{HeaderMap, StatusCode, header};
use platform::Clock;
use providers::twilio_rest::{TwilioAccounts, TwilioError};
use stores::actions::{self, Asked, Standing};
use stores::{businesses, calls};
use url::Url;
use utoipa_axum::routes;

use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::Body;
use crate::edge::api::requester::Tenant;
use crate::edge::api::routes::Routes;
use crate::edge::api::schema;
use crate::edge::idempotency::{self, Replayed};
use crate::edge::parts::{parts, table_parts};
use crate::edge::problem::Problem;
use api::{ActionAnswer, DescribedAction, NewAction, refused};

parts! {
    pub struct CallActions {
        gatekeeper: Gatekeeper,
        clock: Clock,
        businesses: businesses::Reader,
        calls: calls::Reader,
        actions: actions::Requests,
        twilio: TwilioAccounts,
        stream_url: Url => |needs| needs.vars.url("STREAM_URL"),
        token_key: TokenKey,
    }
}

table_parts! {
    actions::Requests: "TABLE_LEASES";
}

impl ApiFunction for CallActions {
    const NAME: &'static str = "call-actions";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_business(Scope::CallsControl, routes!(ask))
            .of_business(Scope::CallsControl, routes!(look))
            .of_business(Scope::CallsWrite, routes!(cancel))
            .of_business(Scope::CallsListen, routes!(listening::listen))
    }
}

/// Asks something of a call in progress. 202 with the action as it stands; a repetition of the request is answered with
/// what has become of it.
#[utoipa::path(
    post,
    path = "/v1/calls/{sid}/actions",
    operation_id = "act_on_call",
    params(("Idempotency-Key" = schema::IdempotencyKey, Header)),
    request_body = DescribedAction,
    responses(
        (
            status = 202,
            description = "The action is kept for the call's session, or was before.",
            body = ActionAnswer,
            headers(("Location" = String, description = "Where the action can be looked at.")),
        ),
        (status = 409, description = "The call cannot be asked for this: `code` says why."),
    ),
)]
async fn ask(
    State(app): State<Arc<CallActions>>,
    tenant: Tenant,
    Path(sid): Path<String>,
    headers: HeaderMap,
    Body(new): Body<NewAction>,
) -> Result<Response, Problem> {
    let call = tenant.call(&app.calls, &sid).await?;
    let (action, key) = (new.checked()?, idempotency::required(&headers)?);
    let (standing, replayed) = app.keep(&call, key, &action).await?;
    Ok(answered(&call, &standing, replayed))
}

/// What has become of an action.
#[utoipa::path(
    get,
    path = "/v1/calls/{sid}/actions/{action}",
    operation_id = "get_action",
    responses((status = 200, description = "The action.", body = ActionAnswer)),
)]
async fn look(
    State(app): State<Arc<CallActions>>,
    tenant: Tenant,
    Path((sid, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let call = tenant.call(&app.calls, &sid).await?;
    let id = ActionId::parse(&id).map_err(|_| Problem::not_found("action"))?;
    let found = app.actions.get(&call.sid, &id, app.clock.now()).await?;
    let standing = found.ok_or_else(|| Problem::not_found("action"))?;
    Ok(Json(ActionAnswer::new(&call, &standing)).into_response())
}

/// Gives up a call that this business placed and that was not answered yet. The call's status becomes `canceled` as soon
/// as Twilio says so.
#[utoipa::path(
    post,
    path = "/v1/calls/{sid}/cancel",
    operation_id = "cancel_call",
    params(("Idempotency-Key" = schema::IdempotencyKey, Header)),
    responses(
        (
            status = 202,
            description = "Twilio gives the call up.",
            body = ActionAnswer,
            headers(("Location" = String, description = "Where the action can be looked at.")),
        ),
        (status = 409, description = "The call cannot be cancelled: `code` says why."),
        (status = 422, description = "The key was used for another action on this call."),
    ),
)]
async fn cancel(
    State(app): State<Arc<CallActions>>,
    tenant: Tenant,
    Path(sid): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let call = tenant.call(&app.calls, &sid).await?;
    let key = idempotency::required(&headers)?;
    let (mut standing, replayed) = app.keep(&call, key, &CallAction::Cancel).await?;
    if !standing.state.is_final() {
        standing.state = app.give_up(&call).await?;
        app.actions.settle(&call.sid, &standing.id, standing.state).await?;
    }
    match standing.state {
        ActionState::NotDone(why) => Err(refused(why)),
        _ => Ok(answered(&call, &standing, replayed)),
    }
}

impl CallActions {
    /// Keeps an action, unless the call cannot be asked for it. A repetition finds what was kept, whatever has become of
    /// the call since.
    async fn keep(
        &self,
        call: &Call,
        key: &str,
        action: &CallAction,
    ) -> Result<(Standing, Replayed), Problem> {
        let (id, now) = (ActionId::of(&call.sid, key), self.clock.now());
        let kept = match self.actions.get(&call.sid, &id, now).await? {
            Some(standing) if standing.action == *action => return Ok((standing, Replayed(true))),
            Some(_) => Asked::KeyTaken,
            None => {
                action.fits_call(call).map_err(refused)?;
                if let CallAction::Transfer { .. } = action {
                    let settings = self.businesses.settings_of(call).await?;
                    let tools = settings.map(|settings| settings.tools).unwrap_or_default();
                    action.fits_tools(&tools).map_err(refused)?;
                }
                self.actions.ask(&call.sid, &id, action, now).await?
            }
        };
        match kept {
            Asked::New(standing) => Ok((standing, Replayed(false))),
            Asked::Existing(standing) => Ok((standing, Replayed(true))),
            Asked::TooMany => Err(refused(NotDone::TooManyActions)),
            Asked::KeyTaken => Err(idempotency::reused()),
        }
    }

    /// Asks Twilio to give the call up. Asking twice is as good as once.
    async fn give_up(&self, call: &Call) -> Result<ActionState, Problem> {
        match self.twilio.of_call(&call.account, &call.business).cancel(&call.sid).await {
            Ok(()) => Ok(ActionState::Done),
            // It was answered, or ended, since it was looked at.
            Err(TwilioError::NotFound) => {
                let status = self.calls.call(&call.sid).await?.map(|call| call.status);
                Ok(ActionState::NotDone(match status {
                    Some(CallStatus::InProgress) => NotDone::CallAnswered,
                    Some(status) if status.is_terminal() => NotDone::CallOver,
                    Some(_) | None => NotDone::Refused,
                }))
            }
            Err(error) if error.is_retryable() => {
                tracing::warn!(call = %call.sid, %error, "a call is not cancelled yet");
                Err(Problem::unavailable())
            }
            Err(error) => {
                tracing::error!(call = %call.sid, %error, "a call cannot be cancelled");
                Ok(ActionState::NotDone(NotDone::Refused))
            }
        }
    }
}

/// 202, with the address where the action can be looked at.
fn answered(call: &Call, standing: &Standing, replayed: Replayed) -> Response {
    let location = format!("/v1/calls/{}/actions/{}", call.sid, standing.id);
    let answer = Json(ActionAnswer::new(call, standing));
    (StatusCode::ACCEPTED, [(header::LOCATION, location)], replayed, answer).into_response()
}
