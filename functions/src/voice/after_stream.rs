//! The stream is over but the call is not: what now?
//!
//! Twilio asks here when `<Connect>` ends on a live call. If the session meant to end it, the call is hung up;
//! in every other case the caller hears an apology, or is connected to a person, never silence.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use domain::CallSid;
use platform::aws::Aws;
use platform::env::{Parser, Reader};
use platform::secrets::Secrets;
use platform::stores::{StoreError, businesses, calls, turns};
use platform::telemetry::{self, Unit};
use twilio::twiml::{Response as Twiml, Verb};
use twilio::webhook::ConnectAction;

use super::{phrases, xml};
use crate::edge::verified_form::{Gate, Verified};
use crate::edge::{HttpFunction, StartError};

pub const PATH: &str = "/twilio/voice/after-stream";

pub struct AfterStream {
    gate: Gate,
    businesses: businesses::Reader,
    calls: calls::Reader,
    turns: turns::Reader,
}

impl HttpFunction for AfterStream {
    const NAME: &'static str = "voice-after-stream";

    async fn load(env: &dyn Reader) -> Result<Self, StartError> {
        let mut vars = Parser::new(env);
        let base = vars.url("PUBLIC_BASE_URL");
        let businesses = vars.text("TABLE_BUSINESSES");
        let calls = vars.text("TABLE_CALLS");
        let turns = vars.text("TABLE_TURNS");
        let aws = Aws::load_with(env, vars).await?;
        let secrets = Secrets::load(env, &aws.config).await?;
        aws.warm(&calls).await;
        Ok(Self {
            gate: Gate::new(&base, &secrets)?,
            businesses: businesses::Reader::new(&aws, &businesses),
            calls: calls::Reader::new(&aws, &calls),
            turns: turns::Reader::new(&aws, &turns),
        })
    }

    fn router(self) -> Router {
        Router::new().route(PATH, post(after_stream)).with_state(Arc::new(self))
    }
}

impl AsRef<Gate> for AfterStream {
    fn as_ref(&self) -> &Gate {
        &self.gate
    }
}

async fn after_stream(State(app): State<Arc<AfterStream>>, webhook: Verified<ConnectAction>) -> Response {
    let form = &webhook.form;
    let call = form.call.call_sid.as_str();
    if form.call_is_over() {
        return xml(&Twiml::new().then(Verb::Hangup));
    }
    let twiml = app.next(call).await.unwrap_or_else(|error| {
        tracing::error!(%error, call, "cannot tell why the stream ended");
        phrases::apology()
    });
    xml(&twiml)
}

impl AfterStream {
    async fn next(&self, call: &str) -> Result<Twiml, NextError> {
        let sid = CallSid::parse(call)?;
        let report = self.turns.report(&sid).await?;
        if report.as_ref().is_some_and(|report| report.end.on_purpose()) {
            return Ok(Twiml::new().then(Verb::Hangup));
        }
        let reason = report.map_or("unknown", |report| report.end.as_str());
        tracing::error!(call = %sid, reason, "the stream ended before the conversation did");
        telemetry::metric("StreamsLost", 1.0, Unit::Count, &[("Reason", reason)]);
        let fallback = match self.calls.call(&sid).await? {
            Some(call) => self.businesses.published(&call.business).await?,
            None => None,
        }
        .and_then(|published| published.business.fallback_number);
        Ok(fallback.as_ref().map_or_else(phrases::apology, phrases::hand_over))
    }
}

#[derive(Debug, thiserror::Error)]
enum NextError {
    #[error(transparent)]
    Id(#[from] domain::ids::InvalidId),
    #[error(transparent)]
    Store(#[from] StoreError),
}
