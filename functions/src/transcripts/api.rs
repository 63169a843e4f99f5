//! A business's way to its transcripts: every version, correcting one by hand, and asking for a call to be
//! processed again.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use domain::transcript::TranscriptLine;
use domain::{Speaker, Transcript};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use platform::aws::Aws;
use platform::clock;
use platform::env::{Parser, Reader};
use platform::queues::Queue;
use serde::Deserialize;
use serde_json::{Value, json};
use stores::transcripts::{Edited, Pointer};
use stores::{businesses, calls, recordings, transcripts};

use super::job::TranscriptJob;
use super::reprocess;
use crate::edge::auth::Operator;
use crate::edge::problem::Problem;
use crate::edge::{HttpFunction, StartError};

/// Hours of conversation are some hundred kilobytes.
const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;
const MAX_LINES: usize = 10_000;

pub struct Transcripts {
    businesses: businesses::Reader,
    pub(super) calls: calls::Reader,
    pub(super) recordings: recordings::Reader,
    pub(super) reader: transcripts::Reader,
    pub(super) writer: transcripts::Writer,
    pub(super) recording_jobs: Queue,
    pub(super) transcript_jobs: Queue,
}

impl HttpFunction for Transcripts {
    const NAME: &'static str = "transcripts";

    async fn load(env: &dyn Reader) -> Result<Self, StartError> {
        let mut vars = Parser::new(env);
        let businesses = vars.text("TABLE_BUSINESSES");
        let calls = vars.text("TABLE_CALLS");
        let recordings = vars.text("TABLE_RECORDINGS");
        let transcripts = vars.text("TABLE_TRANSCRIPTS");
        let recording_jobs = vars.text("QUEUE_RECORDINGS");
        let transcript_jobs = vars.text("QUEUE_TRANSCRIPTS");
        let aws = Aws::load_with(env, vars).await?;
        aws.warm(&businesses).await;
        Ok(Self {
            businesses: businesses::Reader::new(&aws, &businesses),
            calls: calls::Reader::new(&aws, &calls),
            recordings: recordings::Reader::new(&aws, &recordings),
            reader: transcripts::Reader::new(&aws, &transcripts),
            writer: transcripts::Writer::new(&aws, &transcripts),
            recording_jobs: Queue::new(&aws, &recording_jobs),
            transcript_jobs: Queue::new(&aws, &transcript_jobs),
        })
    }

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadQuery {
    version: Option<u32>,
}

/// The final version, or the one that is asked for; with it, which ones there are.
async fn read(
    State(app): State<Arc<Transcripts>>,
    operator: Operator,
    Path(sid): Path<String>,
    query: Result<Query<ReadQuery>, QueryRejection>,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    lines: Vec<EditedLine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EditedLine {
    speaker: Option<Speaker>,
    text: String,
    start_ms: Option<u64>,
}

/// A new version by hand. `If-Match` says which state of the transcript the person has seen: two people do not
/// undo each other unawares.
async fn edit(
    State(app): State<Arc<Transcripts>>,
    operator: Operator,
    Path(sid): Path<String>,
    headers: HeaderMap,
    body: Result<Json<Edit>, JsonRejection>,
) -> Result<Response, Problem> {
    let call = operator.call(&app.calls, &sid).await?;
    let seen = headers.get(header::IF_MATCH).ok_or_else(|| {
        Problem::new(StatusCode::PRECONDITION_REQUIRED, "precondition required")
            .detail("send the `ETag` of the transcript that was edited as `If-Match`")
    })?;
    let seen =
        seen.to_str().ok().and_then(|tag| tag.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok());
    let seen = seen.ok_or_else(|| Problem::bad_request("`If-Match` is not a transcript's `ETag`"))?;
    let lines = lines(body)?;
    match app.writer.edit(&call.sid, lines, seen, clock::now()).await? {
        Edited::Stored(pointer) => {
            tracing::info!(call = %call.sid, version = pointer.number, "transcript edited");
            // What rests on the transcript is looked at again. The edit itself stands whatever becomes of this.
            let job = TranscriptJob { call: call.sid.clone() };
            if let Err(error) = app.transcript_jobs.send(&job, Duration::ZERO).await {
                tracing::error!(%error, call = %call.sid, "nobody was told of an edit");
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

fn lines(body: Result<Json<Edit>, JsonRejection>) -> Result<Vec<TranscriptLine>, Problem> {
    let Json(edit) = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too large").detail("at most 2 MiB")
        }
        _ => Problem::bad_request(
            "the body is `{\"lines\": [{\"speaker\": \"caller\" or \"agent\" or null, \"text\": ...}]}`",
        ),
    })?;
    if edit.lines.is_empty() || edit.lines.len() > MAX_LINES {
        return Err(Problem::bad_request(format!("`lines` has 1 to {MAX_LINES} entries")));
    }
    if edit.lines.iter().any(|line| line.text.trim().is_empty()) {
        return Err(Problem::bad_request("a line without words cannot be kept: leave it out"));
    }
    let line = |EditedLine { speaker, text, start_ms }| TranscriptLine {
        start_ms,
        ..TranscriptLine::new(speaker, text.trim())
    };
    Ok(edit.lines.into_iter().map(line).collect())
}

fn answer(pointer: Option<&Pointer>, version: Option<&Transcript>, versions: &[Transcript]) -> Response {
    let about = |version: &Transcript| {
        json!({
            "version": version.number,
            "source": version.source.as_str(),
            "run": version.run,
            "model": version.model,
            "recording": version.recording,
            "at": clock::rfc3339(version.at),
            "final": pointer.is_some_and(|pointer| pointer.number == Some(version.number)),
        })
    };
    let mut body = json!({
        "transcript_source": pointer.map(|pointer| pointer.source.as_str()),
        "version": Value::Null,
        "lines": [],
        "versions": versions.iter().map(about).collect::<Vec<_>>(),
    });
    if let Some(version) = version {
        body["version"] = version.number.into();
        body["lines"] = json!(version.lines);
    }
    let mut response = Json(body).into_response();
    if let Some(tag) =
        pointer.and_then(|pointer| HeaderValue::try_from(format!("\"{}\"", pointer.moves)).ok())
    {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
