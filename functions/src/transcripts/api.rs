//! A business's way to its transcripts: every version, correcting one by hand, and asking for a call to be
//! processed again.

mod answers;
mod reprocess;
mod requests;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use domain::Transcript;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use platform::Clock;
use stores::transcripts::{Edited, Pointer};
use stores::{businesses, calls, recordings, transcripts};

use crate::edge::HttpFunction;
use crate::edge::auth::Operator;
use crate::edge::inbox::Jobs;
use crate::edge::parts::parts;
use crate::edge::problem::Problem;
use crate::jobs::{RecordingJob, TranscriptJob};
use answers::TranscriptAnswer;
use requests::{EditTranscript, MAX_BODY_BYTES, ReadTranscript};

parts! {
    pub struct Transcripts {
        clock: Clock,
        businesses: businesses::Reader,
        calls: calls::Reader,
        recordings: recordings::Reader,
        reader: transcripts::Reader,
        writer: transcripts::Writer,
        recording_jobs: Jobs<RecordingJob>,
        transcript_jobs: Jobs<TranscriptJob>,
    }
}

impl HttpFunction for Transcripts {
    const NAME: &'static str = "transcripts";

    fn router(self) -> Router {
        Router::new()
            .route("/v1/calls/{sid}/transcript", get(read).put(edit))
            .route("/v1/calls/{sid}/reprocess", post(reprocess::ask))
            .route("/v1/calls/{sid}/reprocess/{run}", get(reprocess::look))
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .with_state(Arc::new(self))
    }
}

impl AsRef<businesses::Reader> for Transcripts {
    fn as_ref(&self) -> &businesses::Reader {
        &self.businesses
    }
}

/// The final version, or the one that is asked for; with it, which ones there are.
async fn read(
    State(app): State<Arc<Transcripts>>,
    operator: Operator,
    Path(sid): Path<String>,
    query: Result<Query<ReadTranscript>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|_| Problem::bad_request("the query takes `version`, a number"))?;
    let call = operator.call(&app.calls, &sid).await?;
    let (pointer, versions) =
        tokio::try_join!(app.reader.pointer(&call.sid), app.reader.versions(&call.sid))?;
    let wanted = match (query.version, &pointer) {
        (Some(number), _) => Some(number),
        (None, Some(pointer)) => pointer.number,
        (None, None) => return Err(Problem::not_found("transcript")),
    };
    let version = versions.iter().find(|version| Some(version.number) == wanted);
    if query.version.is_some() && version.is_none() {
        return Err(Problem::not_found("version"));
    }
    Ok(answer(pointer.as_ref(), version, &versions))
}

/// A new version by hand. `If-Match` says which state of the transcript the person has seen: two people do not
/// undo each other unawares.
async fn edit(
    State(app): State<Arc<Transcripts>>,
    operator: Operator,
    Path(sid): Path<String>,
    headers: HeaderMap,
    body: Result<Json<EditTranscript>, JsonRejection>,
) -> Result<Response, Problem> {
    let call = operator.call(&app.calls, &sid).await?;
    let seen = headers.get(header::IF_MATCH).ok_or_else(|| {
        Problem::new(StatusCode::PRECONDITION_REQUIRED, "precondition required")
            .detail("send the `ETag` of the transcript that was edited as `If-Match`")
    })?;
    let seen =
        seen.to_str().ok().and_then(|tag| tag.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok());
    let seen = seen.ok_or_else(|| Problem::bad_request("`If-Match` is not a transcript's `ETag`"))?;
    let lines = EditTranscript::lines(body)?;
    match app.writer.edit(&call.sid, lines, seen, app.clock.now()).await? {
        Edited::Stored(pointer) => {
            tracing::info!(call = %call.sid, version = pointer.number, "transcript edited");
            // What rests on the transcript is looked at again. The edit itself stands whatever becomes of this.
            let job = TranscriptJob { call: call.sid.clone() };
            if let Err(error) = app.transcript_jobs.send(&job, Duration::ZERO).await {
                tracing::error!(%error, call = %call.sid, "an edit was stored and its follow-up was not sent");
            }
            let versions = app.reader.versions(&call.sid).await?;
            let version = versions.iter().find(|version| Some(version.number) == pointer.number);
            Ok(answer(Some(&pointer), version, &versions))
        }
        Edited::Stale => Err(Problem::new(StatusCode::PRECONDITION_FAILED, "precondition failed")
            .detail("the transcript has changed since it was read: read it again")),
        Edited::NotFinal => Err(Problem::new(StatusCode::CONFLICT, "not ready yet")
            .detail("the call has no final transcript yet; ask again in a few seconds")),
    }
}

fn answer(pointer: Option<&Pointer>, shown: Option<&Transcript>, versions: &[Transcript]) -> Response {
    let mut response = Json(TranscriptAnswer::new(pointer, shown, versions)).into_response();
    if let Some(tag) =
        pointer.and_then(|pointer| HeaderValue::try_from(format!("\"{}\"", pointer.moves)).ok())
    {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
