//! Calls that a business asks for: `POST /v1/calls`, and what Twilio asks when somebody picks up.
//!
//! The request to Twilio is the one thing here that cannot be done twice without harm, so `placing` guards it. What
//! follows is as for a call that came in: the same plan, the same line to the bridge.

mod order;
mod placing;

use std::sync::Arc;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use domain::{CallSid, Timestamp};
use http::{HeaderMap, StatusCode, header};
use platform::aws::Aws;
use platform::clock;
use platform::env::{Parser, Reader};
use platform::secrets::Secrets;
use platform::telemetry::{self, Unit};
use providers::twilio_rest::TwilioRest;
use serde_json::json;
use stores::leases::Leases;
use stores::{StoreError, businesses, calls};
use twilio::twiml::{Response as Twiml, Verb};
use twilio::webhook::VoiceRequest;

use super::dialled::{DialQuery, Dialled, Opening};
use super::line::Line;
use super::published::PublishedSettings;
use super::{deployment_limit, in_time, phrases, xml};
use crate::edge::auth::Operator;
use crate::edge::problem::Problem;
use crate::edge::verified_form::{Gate, Verified};
use crate::edge::{HttpFunction, StartError, idempotency, start};

use order::NewCall;

pub const CALLS_PATH: &str = "/v1/calls";
pub const PATH: &str = "/twilio/voice/outbound";

pub struct Outbound {
    gate: Gate,
    line: Line,
    account: String,
    settings: PublishedSettings,
    businesses: businesses::Reader,
    calls: calls::Reader,
    leases: Leases,
    dialled: Dialled,
    twilio: TwilioRest,
    deployment_limit: u16,
}

impl HttpFunction for Outbound {
    const NAME: &'static str = "voice-outbound";

    async fn load(env: &dyn Reader) -> Result<Self, StartError> {
        let mut vars = Parser::new(env);
        let base = vars.url("PUBLIC_BASE_URL");
        let stream_url = vars.url("STREAM_URL");
        let twilio_api_url = vars.url("TWILIO_API_URL");
        let businesses_table = vars.text("TABLE_BUSINESSES");
        let calls_table = vars.text("TABLE_CALLS");
        let leases_table = vars.text("TABLE_LEASES");
        let deployment_limit = deployment_limit(&mut vars);
        let aws = Aws::load_with(env, vars).await?;
        let secrets = Secrets::load(env, &aws.config).await?;
        let twilio = start::twilio(&twilio_api_url, &secrets)?;
        let businesses = businesses::Reader::new(&aws, &businesses_table);
        aws.warm(&businesses_table).await;
        Ok(Self {
            gate: Gate::new(&base, &secrets)?,
            account: secrets.twilio_account_sid.clone(),
            line: Line { stream_url, token_key: secrets.stream_token_key },
            settings: PublishedSettings::new(businesses.clone()),
            businesses,
            calls: calls::Reader::new(&aws, &calls_table),
            leases: Leases::new(&aws, &leases_table),
            dialled: Dialled::new(&aws, &calls_table, &leases_table),
            twilio,
            deployment_limit,
        })
    }

    fn router(self) -> Router {
        Router::new().route(CALLS_PATH, post(place)).route(PATH, post(answered)).with_state(Arc::new(self))
    }
}

impl AsRef<Gate> for Outbound {
    fn as_ref(&self) -> &Gate {
        &self.gate
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
    let Json(body) = body.map_err(|error| Problem::bad_request(order::what_is_wrong(&error)))?;
    let key = idempotency::required(&headers)?;
    let call = app.place(&operator.0, key, body).await?;
    let location = [(header::LOCATION, format!("{CALLS_PATH}/{call}"))];
    Ok((StatusCode::CREATED, location, Json(json!({ "sid": call }))).into_response())
}

/// Somebody has picked up.
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
    let now = clock::now();
    let answer = Box::pin(app.answer(call, &dial, now));
    let answer = in_time(call, "opening the outbound call", answer).await;
    let twiml = answer.unwrap_or_else(|_| phrases::apology());
    xml(&twiml)
}

impl Outbound {
    async fn answer(&self, call: &str, dial: &domain::DialId, now: Timestamp) -> Result<Twiml, AnswerError> {
        let sid = CallSid::parse(call)?;
        Ok(match self.dialled.open(dial, &sid, now).await? {
            Opening::Open(call) if !call.status.is_terminal() => {
                // What the settings that the call began with have everybody hear.
                let pinned = match call.revision {
                    Some(revision) => self.settings.pinned(&call.business, revision).await?,
                    None => None,
                };
                let pinned = pinned.ok_or(AnswerError::NoSettings)?;
                self.line.open(&self.gate, &sid, &pinned.settings.policies)
            }
            // Nothing is said to somebody who is rung twice: the other call speaks to them.
            Opening::Open(_) | Opening::Twin => Twiml::new().then(Verb::Hangup),
            Opening::Unknown => {
                tracing::error!(call = %sid, "an outbound call that nobody ordered");
                telemetry::metric("CallbacksOrphaned", 1.0, Unit::Count, &[]);
                Twiml::new().then(Verb::Hangup)
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
