//! Calls that a business asks for: `POST /v1/calls`, and what Twilio asks when the call is answered.
//!
//! The request to Twilio is the one thing here that cannot be done twice without harm, so `placing` guards it. What
//! follows is as for a call that came in: the same plan, the same stream to the bridge.

mod api;
mod order;
mod placing;
mod policy;

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use domain::access::Scope;
use domain::own_account::Signer;
use domain::{CallSid, DialId, Timestamp};
use http::{HeaderMap, StatusCode, header};
use platform::telemetry::{self, Unit};
use stores::StoreError;
use twilio::twiml::Response as Twiml;
use twilio::webhook::VoiceRequest;
use utoipa_axum::routes;

use super::ordered_calls::{DialQuery, Opening};
use super::phrases;
use super::stream_twiml::StreamTwiml;
use super::twiml_answer::{in_time, xml};
use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::Body;
use crate::edge::api::requester::Tenant;
use crate::edge::api::routes::Routes;
use crate::edge::api::schema;
use crate::edge::idempotency;
use crate::edge::parts::parts;
use crate::edge::problem::Problem;
use crate::edge::verified_form::{Gate, Verified};
use crate::shared::callbacks;
pub(super) use api::WantedCall;
use api::{NewCall, PlacedCall};
pub(super) use api::{in_language, text};
pub(super) use placing::Placing;

/// What the API answers at.
const CALLS: &str = "/v1/calls";

parts! {
    pub struct Outbound {
        gatekeeper: Gatekeeper,
        placing: Placing,
        streams: StreamTwiml,
    }
}

impl ApiFunction for Outbound {
    const NAME: &'static str = "voice-outbound";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_business(Scope::CallsWrite, routes!(place))
            .besides(|app| Router::new().route(callbacks::OUTBOUND, post(answered)).with_state(app))
    }
}

impl AsRef<Gate> for Outbound {
    fn as_ref(&self) -> &Gate {
        &self.placing.gate
    }
}

/// Places a call. One `Idempotency-Key` is one call, however often it is sent.
#[utoipa::path(
    post,
    path = "/v1/calls",
    operation_id = "place_call",
    params(("Idempotency-Key" = schema::IdempotencyKey, Header)),
    request_body = NewCall,
    responses(
        (
            status = 201,
            description = "The call was placed.",
            body = PlacedCall,
            headers(("Location" = String, description = "The call's address.")),
        ),
        (status = 409, description = "A request with this key is still under way."),
    ),
)]
async fn place(
    State(app): State<Arc<Outbound>>,
    tenant: Tenant,
    headers: HeaderMap,
    Body(new): Body<NewCall>,
) -> Result<Response, Problem> {
    let key = idempotency::required(&headers)?;
    let (sid, replayed) = Box::pin(app.placing.place(&tenant.0, key, new)).await?;
    let location = [(header::LOCATION, format!("{CALLS}/{sid}"))];
    Ok((StatusCode::CREATED, location, replayed, Json(PlacedCall { sid })).into_response())
}

/// The call was answered.
async fn answered(
    State(app): State<Arc<Outbound>>,
    query: Result<Query<DialQuery>, QueryRejection>,
    webhook: Verified<VoiceRequest>,
) -> Response {
    let call = webhook.form.call_sid.as_str();
    let Ok(Query(DialQuery { dial: Some(dial) })) = query else {
        tracing::error!(call, "an address that names no order was asked what an outbound call is for");
        return xml(&phrases::apology());
    };
    let answer = Box::pin(app.answer(call, &dial, &webhook.signer, app.placing.clock.now()));
    let answer = in_time(call, "opening the outbound call", answer).await;
    xml(&answer.unwrap_or_else(|_| phrases::apology()))
}

impl Outbound {
    async fn answer(
        &self,
        call: &str,
        dial: &DialId,
        signer: &Signer,
        now: Timestamp,
    ) -> Result<Twiml, AnswerError> {
        let sid = CallSid::parse(call)?;
        Ok(match self.placing.ordered.open_for(signer, dial, &sid, now).await? {
            Opening::Open(call) if !call.status.is_terminal() => {
                // What the settings that the call began with have everybody hear.
                let pinned = self.placing.settings.of_call(&call).await?;
                let pinned = pinned.ok_or(AnswerError::NoSettings)?;
                self.streams.first(&self.placing.gate, (&*call).into(), &pinned)
            }
            // Nothing is said to a person who is rung twice: the other call speaks to them.
            Opening::Open(_) | Opening::Twin => phrases::hang_up(),
            Opening::Unknown => {
                tracing::error!(call = %sid, "an outbound call that nobody ordered");
                telemetry::metric("CallbacksOrphaned", 1.0, Unit::Count, &[]);
                phrases::hang_up()
            }
        })
    }
}

#[derive(Debug, thiserror::Error)]
enum AnswerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Id(#[from] domain::ids::InvalidId),
    #[error("the settings that the call was ordered with are gone")]
    NoSettings,
}
