//! Processing a call again. A request is a run with a number; its work is done by the queues' workers, and nothing
//! that was authorised before it can undo what comes of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::transcript::{Run, RunOutcome, Stage};
use domain::{Call, RecordingState};
use http::{HeaderMap, StatusCode, header};
use platform::queues::QueueError;
use stores::transcripts::Authorised;

use super::Transcripts;
use super::answers::RunAnswer;
use super::requests::Reprocess;
use crate::edge::api::input::Body;
use crate::edge::api::requester::Tenant;
use crate::edge::api::schema;
use crate::edge::idempotency::{self, Replayed};
use crate::edge::problem::Problem;
use crate::jobs::{RecordingJob, TranscriptJob};

/// 202 with the run. Asking for the same while it is under way, or with the same `Idempotency-Key`, gives the same
/// run; asking for something else meanwhile is a conflict.
#[utoipa::path(
    post,
    path = "/v1/calls/{sid}/reprocess",
    operation_id = "reprocess_call",
    params(("Idempotency-Key" = Option<schema::IdempotencyKey>, Header)),
    request_body = Reprocess,
    responses(
        (
            status = 202,
            description = "The run, under way.",
            body = RunAnswer,
            headers(("Location" = String, description = "The run's address.")),
        ),
        (status = 409, description = "The call is not over yet or had no agent, or another run is under way."),
    ),
)]
pub(super) async fn ask(
    State(app): State<Arc<Transcripts>>,
    tenant: Tenant,
    Path(sid): Path<String>,
    headers: HeaderMap,
    Body(asked): Body<Reprocess>,
) -> Result<Response, Problem> {
    let call = tenant.call(&app.calls, &sid).await?;
    let stages = asked.stages()?;
    let key = idempotency::optional(&headers)?;
    if call.ended_at.is_none() || call.revision.is_none() {
        return Err(conflict("the call is not over yet, or had no agent: there is nothing to process again"));
    }
    let now = app.clock.now();
    let (run, replayed) = match app.writer.authorise(&call.sid, &stages, key, now).await? {
        Authorised::New(run) => {
            tracing::info!(call = %call.sid, run = %run.run, stages = ?run.stages, "reprocessing authorised");
            (run, Replayed(false))
        }
        Authorised::Same(run) => (run, Replayed(key.is_some())),
        Authorised::Busy(open) => {
            return Err(conflict(format!("run {} is under way and asks for other stages", open.run)));
        }
    };
    // Again for a repeated request: the first one may have died before it came to this.
    if run.is_open(now) || run.outcome == Some(RunOutcome::HandedOn) {
        app.enqueue(&call, &run.stages).await?;
    }
    let location = format!("/v1/calls/{}/reprocess/{}", call.sid, run.run);
    let answer = RunAnswer::new(&call.sid, &run, run.run, now);
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], replayed, Json(answer)).into_response())
}

/// What has become of a run.
#[utoipa::path(
    get,
    path = "/v1/calls/{sid}/reprocess/{run}",
    operation_id = "get_reprocessing",
    responses((status = 200, description = "The run.", body = RunAnswer)),
)]
pub(super) async fn look(
    State(app): State<Arc<Transcripts>>,
    tenant: Tenant,
    Path((sid, run)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let call = tenant.call(&app.calls, &sid).await?;
    let run = run.parse().map(Run).map_err(|_| Problem::not_found("run"))?;
    let found = app.reader.reprocessing(&call.sid, run).await?.ok_or_else(|| Problem::not_found("run"))?;
    let (current, _) = app.reader.current_run(&call.sid).await?;
    Ok(Json(RunAnswer::new(&call.sid, &found, current, app.clock.now())).into_response())
}

impl Transcripts {
    async fn enqueue(&self, call: &Call, stages: &BTreeSet<Stage>) -> Result<(), Problem> {
        let unsent = |error: QueueError| {
            tracing::error!(%error, call = %call.sid, "cannot enqueue what was authorised");
            Problem::unavailable()
        };
        if stages.contains(&Stage::Recording) {
            for recording in self.recordings.for_call(&call.sid).await?.all {
                if matches!(recording.state, RecordingState::Announced | RecordingState::Failed { .. }) {
                    let job = RecordingJob::Archive { call: call.sid.clone(), recording: recording.sid };
                    self.recording_jobs.send(&job, Duration::ZERO).await.map_err(unsent)?;
                }
            }
        }
        // The transcript's worker looks at everything behind the recording.
        let job = TranscriptJob { call: call.sid.clone() };
        self.transcript_jobs.send(&job, Duration::ZERO).await.map_err(unsent)
    }
}

fn conflict(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::CONFLICT, "conflict").detail(detail)
}
