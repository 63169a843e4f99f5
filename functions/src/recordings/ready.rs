//! Twilio's recording callback: announce, then enqueue.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use domain::recording::{RecordingKind, RecordingSource};
use domain::{CallSid, Recording, RecordingSid, RecordingState};
use platform::telemetry::{self, Unit};
use platform::{Clock, clock};
use stores::calls;
use stores::recordings::{Announced, Reader, Writer};
use twilio::webhook::RecordingStatus;
use twilio::webhook::recording::RecordingEvent;

use crate::edge::HttpFunction;
use crate::edge::answer::{no_content, try_again};
use crate::edge::inbox::Jobs;
use crate::edge::parts::parts;
use crate::edge::verified_form::{Gate, Refused, Verified};
use crate::jobs::RecordingJob;
use crate::shared::callbacks;

parts! {
    pub struct Ready {
        clock: Clock,
        calls: calls::Reader,
        reader: Reader,
        recordings: Writer,
        jobs: Jobs<RecordingJob>,
        gate: Gate,
    }
}

impl HttpFunction for Ready {
    const NAME: &'static str = "recording-ready";

    fn router(self) -> Router {
        Router::new().route(callbacks::RECORDING_STATUS, post(ready)).with_state(Arc::new(self))
    }
}

impl AsRef<Gate> for Ready {
    fn as_ref(&self) -> &Gate {
        &self.gate
    }
}

async fn ready(State(app): State<Arc<Ready>>, webhook: Verified<RecordingStatus>) -> Response {
    let call = webhook.form.call_sid.as_str();
    match app.take(&webhook).await {
        Ok(()) => no_content(),
        Err(TakeError::NotTheirs(refused)) => refused.into_response(),
        Err(error) => {
            tracing::error!(%error, call, "a recording could not be announced");
            try_again()
        }
    }
}

impl Ready {
    async fn take(&self, webhook: &Verified<RecordingStatus>) -> Result<(), TakeError> {
        let form = &webhook.form;
        let state = match &form.event {
            RecordingEvent::Completed => RecordingState::Announced,
            RecordingEvent::Absent => RecordingState::Absent,
            RecordingEvent::InProgress => RecordingState::InProgress,
            RecordingEvent::Other(_) => return Ok(()),
        };
        let sid = CallSid::parse(form.call_sid.as_str())?;
        let Some(call) = self.calls.call(&sid).await? else {
            // Without a call there is no business, and a recording must not end up with another one.
            tracing::error!(call = %sid, "a recording of a call that was never opened");
            telemetry::metric("CallbacksOrphaned", 1.0, Unit::Count, &[]);
            return Ok(());
        };
        webhook.about(&call).map_err(TakeError::NotTheirs)?;
        let recording = Recording {
            source: form.source.as_deref().map(RecordingSource::parse).unwrap_or_default(),
            error_code: form.error_code.filter(|code| *code != 0),
            encrypted: form.encrypted,
            kind: if form.is_of_record_verb() { RecordingKind::Voicemail } else { RecordingKind::Call },
            announced_duration: form.duration_s.map(|s| Duration::from_secs(u64::from(s))),
            channels: form.channels.map(u16::from),
            started_at: form.start_time.as_deref().and_then(clock::from_rfc2822),
            ..Recording::new(
                RecordingSid::parse(form.recording_sid.as_str())?,
                sid.clone(),
                call.business,
                state.clone(),
                self.clock.now(),
            )
        };
        let recorded = match self.recordings.announce(&recording).await? {
            Announced::New => Some(state),
            Announced::Already => self.reader.recording(&recording.sid).await?.map(|recorded| recorded.state),
        };
        // A duplicate enqueues again while the copy is outstanding: the first delivery may have died between
        // its two writes, and the archiver copies once however often it is asked.
        if recorded == Some(RecordingState::Announced) {
            self.jobs
                .send(&RecordingJob::Archive { call: sid, recording: recording.sid }, Duration::ZERO)
                .await?;
        }
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
enum TakeError {
    #[error(transparent)]
    Id(#[from] domain::ids::InvalidId),
    #[error(transparent)]
    Store(#[from] stores::StoreError),
    #[error(transparent)]
    Queue(#[from] platform::queues::QueueError),
    #[error("another account carries the call")]
    NotTheirs(Refused),
}
