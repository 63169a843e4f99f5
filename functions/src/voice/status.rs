//! Call progress and stream events: the status writer.
//!
//! The status moves by rank, whatever the order of arrival; every event is kept. What follows from a status
//! (a slot released, a recording started, a transcript due) is asked for after the write and is itself safe to
//! ask for twice, so a crash between the two loses nothing that a redelivery does not repair.

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
use platform::queues::Queue;
use platform::secrets::Secrets;
use platform::stores::calls::{StatusOutcome, Writer};
use platform::telemetry::{self, Unit};
use twilio::form::Form;
use twilio::webhook::stream::StreamEvent;
use twilio::webhook::{StatusCallback, StreamStatus};

use super::no_content;
use crate::edge::verified_form::{Gate, Verified};
use crate::edge::{HttpFunction, StartError};
use crate::recordings::job::RecordingJob;
use crate::transcripts::job::TranscriptJob;

pub const CALL_PATH: &str = "/twilio/voice/status";
pub const STREAM_PATH: &str = "/twilio/stream/status";

/// The bridge writes the last turns in the second after a call; asking sooner would only mean asking twice.
const TRANSCRIPT_DELAY: Duration = Duration::from_secs(2);

pub struct Status {
    gate: Gate,
    calls: Writer,
    recordings: Queue,
    transcripts: Queue,
}

impl HttpFunction for Status {
    const NAME: &'static str = "voice-status";

    async fn load(env: &dyn Reader) -> Result<Self, StartError> {
        let mut vars = Parser::new(env);
        let base = vars.url("PUBLIC_BASE_URL");
        let calls = vars.text("TABLE_CALLS");
        let leases = vars.text("TABLE_LEASES");
        let recordings = vars.text("QUEUE_RECORDINGS");
        let transcripts = vars.text("QUEUE_TRANSCRIPTS");
        let aws = Aws::load_with(env, vars).await?;
        let secrets = Secrets::load(env, &aws.config).await?;
        aws.warm(&calls).await;
        Ok(Self {
            gate: Gate::new(&base, &secrets)?,
            calls: Writer::new(&aws, &calls, &leases),
            recordings: Queue::new(&aws, &recordings),
            transcripts: Queue::new(&aws, &transcripts),
        })
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
    let key = match form.sequence_number {
        Some(sequence) => format!("call-{sequence:06}-{}", status.as_str()),
        None => format!("call-{}", status.as_str()),
    };
    app.take(form.call_sid.as_str(), &key, &event, &webhook.raw).await
}

async fn stream_status(State(app): State<Arc<Status>>, webhook: Verified<StreamStatus>) -> Response {
    let form = &webhook.form;
    let (word, status) = match &form.event {
        // A stream exists only on an answered call, and an inbound number reports no other progress.
        StreamEvent::Started => ("started", CallStatus::InProgress),
        // Neither says anything about the call: it is history, ranked below everything.
        StreamEvent::Stopped => ("stopped", CallStatus::Queued),
        StreamEvent::Error => {
            telemetry::metric("StreamErrors", 1.0, Unit::Count, &[]);
            ("error", CallStatus::Queued)
        }
        StreamEvent::Other(_) => return no_content(),
    };
    let event = StatusEvent {
        status,
        sequence: None,
        at: form.timestamp.as_deref().and_then(clock::from_rfc3339).unwrap_or_else(clock::now),
        duration: None,
        twilio_direction: None,
        sip_response_code: None,
        error_code: None,
    };
    let key = format!("stream-{}-{word}", form.stream_sid.as_str());
    app.take(form.call_sid.as_str(), &key, &event, &webhook.raw).await
}

impl Status {
    /// Twilio hears 503 when a write failed. It then tries again, as [`DELIVERY`] asks of it, and does no harm.
    ///
    /// [`DELIVERY`]: crate::edge::verified_form::DELIVERY
    async fn take(&self, call: &str, key: &str, event: &StatusEvent, raw: &Form) -> Response {
        match self.record(call, key, event, raw).await {
            Ok(()) => no_content(),
            Err(error) => {
                tracing::error!(%error, call, event = key, "a callback could not be recorded");
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        }
    }

    async fn record(&self, call: &str, key: &str, event: &StatusEvent, raw: &Form) -> Result<(), TakeError> {
        let sid = CallSid::parse(call)?;
        let StatusOutcome { moved, duplicate, call } =
            self.calls.record_status(&sid, key, event, &history(raw)).await?;
        let Some(call) = call else {
            tracing::warn!(call = %sid, event = key, "a callback for a call that was never opened");
            telemetry::metric("CallbacksOrphaned", 1.0, Unit::Count, &[]);
            return Ok(());
        };
        if duplicate {
            telemetry::metric("WebhooksDuplicate", 1.0, Unit::Count, &[]);
        }
        if moved && event.status.is_terminal() {
            tracing::info!(call = %sid, business = %call.business, status = event.status.as_str(), "call ended");
        }
        match event.status {
            CallStatus::InProgress => {
                self.recordings.send(&RecordingJob::Start { call: sid }, Duration::ZERO).await?
            }
            status if status.is_terminal() => {
                // Neither must miss its turn because the other failed.
                let job = TranscriptJob { call: sid };
                let (released, sent) = tokio::join!(
                    self.calls.release_slot(&call),
                    self.transcripts.send(&job, TRANSCRIPT_DELAY)
                );
                released?;
                sent?;
            }
            _ => {}
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
    Store(#[from] platform::stores::StoreError),
    #[error(transparent)]
    Queue(#[from] platform::queues::QueueError),
}
