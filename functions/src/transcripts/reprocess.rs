//! Processing a call again. A request is a run with a number; its work is done by the queues' workers, and nothing
//! that was authorised before it can undo what comes of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::transcript::{Reprocessing, Run, RunOutcome, Stage};
use domain::{Call, RecordingState};
use http::{HeaderMap, StatusCode, header};
use platform::clock;
use platform::queues::QueueError;
use serde::Deserialize;
use serde_json::{Value, json};
use stores::transcripts::Authorised;

use super::api::Transcripts;
use super::job::TranscriptJob;
use crate::edge::auth::Operator;
use crate::edge::idempotency;
use crate::edge::problem::Problem;
use crate::recordings::job::RecordingJob;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    stages: BTreeSet<Stage>,
}

/// 202 with the run. Asking for the same while it is under way, or with the same `Idempotency-Key`, gives the same
/// run; asking for something else meanwhile is a conflict.
pub(super) async fn ask(
    State(app): State<Arc<Transcripts>>,
    operator: Operator,
    Path(sid): Path<String>,
    headers: HeaderMap,
    body: Result<Json<Ask>, JsonRejection>,
) -> Result<Response, Problem> {
    let call = operator.call(&app.calls, &sid).await?;
    let stages = body.map(|Json(ask)| ask.stages).unwrap_or_default();
    if stages.is_empty() {
        let shape = "the body is `{\"stages\": [...]}` of `recording`, `transcript`, `summary`, `extraction`";
        return Err(Problem::bad_request(shape));
    }
    let key = idempotency::optional(&headers)?;
    if call.ended_at.is_none() || call.revision.is_none() {
        return Err(conflict("the call is not over yet, or had no agent: there is nothing to process again"));
    }
    let now = clock::now();
    let run = match app.writer.authorise(&call.sid, &stages, key, now).await? {
        Authorised::New(run) => {
            tracing::info!(call = %call.sid, run = %run.run, stages = ?run.stages, "reprocessing authorised");
            run
        }
        Authorised::Same(run) => run,
        Authorised::Busy(open) => {
            return Err(conflict(format!("run {} is under way and asks for other stages", open.run)));
        }
    };
    // Again for a repeated request: the first one may have died before it came to this.
    if run.is_open(now) || run.outcome == Some(RunOutcome::HandedOn) {
        app.enqueue(&call, &run.stages).await?;
    }
    let location = format!("/v1/calls/{}/reprocess/{}", call.sid, run.run);
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(view(&call, &run, run.run)))
        .into_response())
}

/// What has become of a run.
pub(super) async fn look(
    State(app): State<Arc<Transcripts>>,
    operator: Operator,
    Path((sid, run)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let call = operator.call(&app.calls, &sid).await?;
    let run = run.parse().map(Run).map_err(|_| Problem::not_found("run"))?;
    let found = app.reader.reprocessing(&call.sid, run).await?.ok_or_else(|| Problem::not_found("run"))?;
    let (current, _) = app.reader.current_run(&call.sid).await?;
    Ok(Json(view(&call, &found, current)).into_response())
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

fn view(call: &Call, run: &Reprocessing, current: Run) -> Value {
    let state = match run.outcome {
        Some(outcome) => outcome.as_str(),
        None if current > run.run => "superseded",
        None if run.is_open(clock::now()) => "running",
        None => "lost",
    };
    json!({
        "run": run.run,
        "call": call.sid,
        "stages": run.stages,
        "asked_at": clock::rfc3339(run.asked_at),
        "state": state,
    })
}

fn conflict(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::CONFLICT, "conflict").detail(detail)
}
