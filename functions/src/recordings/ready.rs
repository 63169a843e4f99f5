//! Twilio's recording callback: announce, then enqueue.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use domain::recording::{RecordingKind, RecordingSource};
use domain::{CallSid, Recording, RecordingSid, RecordingState};
use http::StatusCode;
use platform::aws::Aws;
use platform::clock;
use platform::env::{self, Parser};
use platform::queues::Queue;
use platform::secrets::Secrets;
use platform::telemetry::{self, Unit};
use stores::calls;
use stores::recordings::{Announced, Reader, Writer};
use twilio::webhook::RecordingStatus;
use twilio::webhook::recording::RecordingEvent;

use super::job::RecordingJob;
use crate::edge::verified_form::{Gate, Verified};
use crate::edge::{HttpFunction, StartError};
use crate::voice::no_content;

pub const PATH: &str = "/twilio/recording";

pub struct Ready {
    gate: Gate,
    calls: calls::Reader,
    reader: Reader,
    recordings: Writer,
    queue: Queue,
}

impl HttpFunction for Ready {
    const NAME: &'static str = "recording-ready";

    async fn load(env: &dyn env::Reader) -> Result<Self, StartError> {
        let mut vars = Parser::new(env);
        let base = vars.url("PUBLIC_BASE_URL");
        let calls = vars.text("TABLE_CALLS");
        let recordings = vars.text("TABLE_RECORDINGS");
        let queue = vars.text("QUEUE_RECORDINGS");
        let aws = Aws::load_with(env, vars).await?;
        let secrets = Secrets::load(env, &aws.config).await?;
        aws.warm(&calls).await;
        Ok(Self {
            gate: Gate::new(&base, &secrets)?,
            calls: calls::Reader::new(&aws, &calls),
            reader: Reader::new(&aws, &recordings),
            recordings: Writer::new(&aws, &recordings),
            queue: Queue::new(&aws, &queue),
        })
    }

    fn router(self) -> Router {
        Router::new().route(PATH, post(ready)).with_state(Arc::new(self))
    }
}

impl AsRef<Gate> for Ready {
    fn as_ref(&self) -> &Gate {
        &self.gate
    }
}

async fn ready(State(app): State<Arc<Ready>>, webhook: Verified<RecordingStatus>) -> Response {
    let call = webhook.form.call_sid.as_str();
    match app.take(&webhook.form).await {
        Ok(()) => no_content(),
        Err(error) => {
            tracing::error!(%error, call, "a recording could not be announced");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

impl Ready {
    async fn take(&self, form: &RecordingStatus) -> Result<(), TakeError> {
        let state = match &form.event {
            RecordingEvent::Completed => RecordingState::Announced,
            RecordingEvent::Absent => RecordingState::Absent,
            RecordingEvent::InProgress => RecordingState::InProgress,
            RecordingEvent::Other(_) => return Ok(()),
        };
        let sid = CallSid::parse(form.call_sid.as_str())?;
        let Some(call) = self.calls.call(&sid).await? else {
            // Without a call there is no business, and a recording must not end up with somebody else's.
            tracing::error!(call = %sid, "a recording of a call that was never opened");
            telemetry::metric("CallbacksOrphaned", 1.0, Unit::Count, &[]);
            return Ok(());
        };
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
                clock::now(),
            )
        };
        let recorded = match self.recordings.announce(&recording).await? {
            Announced::New => Some(state),
            Announced::Already => self.reader.recording(&recording.sid).await?.map(|recorded| recorded.state),
        };
        // A duplicate enqueues again while the copy is outstanding: the first delivery may have died between
        // its two writes, and the archiver copies once however often it is asked.
        if recorded == Some(RecordingState::Announced) {
            self.queue
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
}
