//! Calls that a business asks for: `POST /v1/calls`, and what Twilio asks when the call is answered.
//!
//! The request to Twilio is the one thing here that cannot be done twice without harm, so `placing` guards it. What
//! follows is as for a call that came in: the same plan, the same stream to the bridge.

mod api;
mod order;
mod placing;

use std::sync::Arc;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use domain::{CallSid, DialId, Timestamp};
use http::{HeaderMap, StatusCode, header};
use platform::telemetry::{self, Unit};
use stores::{StoreError, businesses};
use twilio::twiml::Response as Twiml;
use twilio::webhook::VoiceRequest;

use super::ordered_calls::{DialQuery, Opening};
use super::phrases;
use super::stream_twiml::StreamTwiml;
use super::twiml_answer::{in_time, xml};
use crate::edge::HttpFunction;
use crate::edge::auth::Operator;
use crate::edge::idempotency;
use crate::edge::parts::parts;
use crate::edge::problem::Problem;
use crate::edge::verified_form::{Gate, Verified};
use crate::shared::callbacks;
use api::{NewCall, PlacedCall, what_is_wrong};
use placing::Placing;

/// What the API answers at.
const CALLS: &str = "/v1/calls";

parts! {
    pub struct Outbound {
        businesses: businesses::Reader,
        placing: Placing,
        streams: StreamTwiml,
    }
}

impl HttpFunction for Outbound {
    const NAME: &'static str = "voice-outbound";

    fn router(self) -> Router {
        Router::new()
            .route(CALLS, post(place))
            .route(callbacks::OUTBOUND, post(answered))
            .with_state(Arc::new(self))
    }
}

impl AsRef<Gate> for Outbound {
    fn as_ref(&self) -> &Gate {
        &self.placing.gate
    }
}

impl AsRef<businesses::Reader> for Outbound {
    fn as_ref(&self) -> &businesses::Reader {
        &self.businesses
    }
}

async fn place(
    State(app): State<Arc<Outbound>>,
    operator: Operator,
    headers: HeaderMap,
    body: Result<Json<NewCall>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(new) = body.map_err(|error| Problem::bad_request(what_is_wrong(&error)))?;
    let key = idempotency::required(&headers)?;
    let sid = app.placing.place(&operator.0, key, new).await?;
    let location = [(header::LOCATION, format!("{CALLS}/{sid}"))];
    Ok((StatusCode::CREATED, location, Json(PlacedCall { sid })).into_response())
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
    let answer = Box::pin(app.answer(call, &dial, app.placing.clock.now()));
    let answer = in_time(call, "opening the outbound call", answer).await;
    xml(&answer.unwrap_or_else(|_| phrases::apology()))
}

impl Outbound {
    async fn answer(&self, call: &str, dial: &DialId, now: Timestamp) -> Result<Twiml, AnswerError> {
        let sid = CallSid::parse(call)?;
        Ok(match self.placing.ordered.open(dial, &sid, now).await? {
            Opening::Open(call) if !call.status.is_terminal() => {
                // What the settings that the call began with have everybody hear.
                let pinned = self.placing.settings.of_call(&call).await?;
                let pinned = pinned.ok_or(AnswerError::NoSettings)?;
                self.streams.first(&self.placing.gate, &sid, &pinned.settings.policies)
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
