//! Call progress and stream events: the status writer.
//!
//! The status moves by rank, whatever the order of arrival; every event is kept. What follows is [`progress`]'s.
//!
//! [`progress`]: super::progress

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use domain::call::StatusEvent;
use domain::{CallSid, CallStatus};
use http::StatusCode;
use platform::aws::Aws;
use platform::clock;
use platform::env::{Parser, Reader};
use platform::secrets::Secrets;
use platform::telemetry::{self, Unit};
use twilio::form::Form;
use twilio::webhook::stream::StreamEvent;
use twilio::webhook::{StatusCallback, StreamStatus};

use super::no_content;
use super::progress::{self, Progress, ProgressError};
use crate::edge::verified_form::{Gate, Verified};
use crate::edge::{HttpFunction, StartError};

pub const CALL_PATH: &str = "/twilio/voice/status";
pub const STREAM_PATH: &str = "/twilio/stream/status";

pub struct Status {
    gate: Gate,
    progress: Progress,
}

impl HttpFunction for Status {
    const NAME: &'static str = "voice-status";

    async fn load(env: &dyn Reader) -> Result<Self, StartError> {
        let mut vars = Parser::new(env);
        let base = vars.url("PUBLIC_BASE_URL");
        let names = progress::Names::parse(&mut vars);
        let aws = Aws::load_with(env, vars).await?;
        let secrets = Secrets::load(env, &aws.config).await?;
        aws.warm(&names.calls).await;
        Ok(Self { gate: Gate::new(&base, &secrets)?, progress: Progress::new(&aws, &names) })
    }

    fn router(self) -> Router {
        Router::new()
            .route(CALL_PATH, post(call_status))
            .route(STREAM_PATH, post(stream_status))
            .with_state(Arc::new(self))
    }
}

impl AsRef<Gate> for Status {
    fn as_ref(&self) -> &Gate {
        &self.gate
    }
}

async fn call_status(State(app): State<Arc<Status>>, webhook: Verified<StatusCallback>) -> Response {
    let form = &webhook.form;
    let Some(status) = CallStatus::parse(form.call_status.as_str()) else {
        tracing::warn!(
            call = form.call_sid.as_str(),
            status = form.call_status.as_str(),
            "a status we do not know"
        );
        return no_content();
    };
    let event = StatusEvent {
        status,
        sequence: form.sequence_number,
        at: form.timestamp.as_deref().and_then(clock::from_rfc2822).unwrap_or_else(clock::now),
        duration: form.duration_s.map(|s| Duration::from_secs(u64::from(s))),
        twilio_direction: Some(form.direction.clone()),
        sip_response_code: form.sip_response_code,
        error_code: form.error_code,
    };
    // Order of firing plus status: a redelivery has the same key, two events never do.
    let order = match form.sequence_number {
        Some(sequence) => format!("{sequence:06}-{}", status.as_str()),
        None => status.as_str().to_owned(),
    };
    let Some(parent) = &form.parent_call_sid else {
        return app.take(form.call_sid.as_str(), &format!("call-{order}"), &event, &webhook.raw).await;
    };
    // A leg that the call dialled is part of its history and never a call of its own. Its progress is not the
    // call's: whom we transferred to may be busy or hang up while the caller is still there.
    let key = format!("leg-{}-{order}", form.call_sid.as_str());
    app.take(parent.as_str(), &key, &StatusEvent::history(event.at), &webhook.raw).await
}

async fn stream_status(State(app): State<Arc<Status>>, webhook: Verified<StreamStatus>) -> Response {
    let form = &webhook.form;
    let at = form.timestamp.as_deref().and_then(clock::from_rfc3339).unwrap_or_else(clock::now);
    let history = StatusEvent::history(at);
    let (word, event) = match &form.event {
        // A stream exists only on an answered call, and an inbound number reports no other progress.
        StreamEvent::Started => ("started", StatusEvent { status: CallStatus::InProgress, ..history }),
        StreamEvent::Stopped => ("stopped", history),
        StreamEvent::Error => {
            telemetry::metric("StreamErrors", 1.0, Unit::Count, &[]);
            ("error", history)
        }
        StreamEvent::Other(_) => return no_content(),
    };
    let key = format!("stream-{}-{word}", form.stream_sid.as_str());
    let call = form.call_sid.as_str();
    answer(call, &key, app.record(call, &key, &event, &webhook.raw, form.event == StreamEvent::Started).await)
}

/// Twilio hears 503 when a write failed. It then tries again, as [`DELIVERY`] asks of it, and does no harm.
///
/// [`DELIVERY`]: crate::edge::verified_form::DELIVERY
fn answer(call: &str, key: &str, recorded: Result<(), TakeError>) -> Response {
    match recorded {
        Ok(()) => no_content(),
        Err(error) => {
            tracing::error!(%error, call, event = key, "a callback could not be recorded");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

impl Status {
    /// A callback about the call itself, or about a leg of it.
    async fn take(&self, call: &str, key: &str, event: &StatusEvent, raw: &Form) -> Response {
        answer(call, key, self.record(call, key, event, raw, false).await)
    }

    async fn record(
        &self,
        call: &str,
        key: &str,
        event: &StatusEvent,
        raw: &Form,
        stream_began: bool,
    ) -> Result<(), TakeError> {
        let sid = CallSid::parse(call)?;
        let known = self.progress.take(&sid, key, event, &history(raw)).await?;
        if stream_began && known {
            self.progress.stream_began(&sid).await?;
        }
        Ok(())
    }
}

/// Parameters worth keeping with an event. Numbers and places are the call's own, once, and not history's.
fn history(raw: &Form) -> BTreeMap<String, String> {
    const KEPT: [&str; 14] = [
        "AccountSid",
        "CallDuration",
        "CallSid",
        "CallStatus",
        "CallbackSource",
        "Direction",
        "ErrorCode",
        "ParentCallSid",
        "SequenceNumber",
        "SipResponseCode",
        "StreamError",
        "StreamEvent",
        "StreamSid",
        "Timestamp",
    ];
    raw.iter()
        .filter(|(name, _)| KEPT.contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[derive(Debug, thiserror::Error)]
enum TakeError {
    #[error(transparent)]
    Id(#[from] domain::ids::InvalidId),
    #[error(transparent)]
    Progress(#[from] ProgressError),
}
