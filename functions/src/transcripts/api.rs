//! A business's way to its transcripts: every version, correcting one by hand, and asking for a call to be
//! processed again.

mod answers;
pub(crate) mod of_person;
mod reprocess;
mod requests;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Response};
use domain::Transcript;
use domain::access::Scope;
use http::{HeaderMap, StatusCode};
use platform::Clock;
use stores::transcripts::{Edited, Pointer};
use stores::{calls, recordings, transcripts};
use utoipa_axum::routes;

use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::{Body, Query};
use crate::edge::api::requester::Tenant;
use crate::edge::api::routes::Routes;
use crate::edge::api::schema;
use crate::edge::etag;
use crate::edge::inbox::Jobs;
use crate::edge::parts::parts;
use crate::edge::problem::Problem;
use crate::jobs::{RecordingJob, TranscriptJob};
use crate::shared::telling::Outbox;
use answers::TranscriptAnswer;
use requests::{EditTranscript, MAX_BODY_BYTES, ReadTranscript};

parts! {
    pub struct Transcripts {
        clock: Clock,
        gatekeeper: Gatekeeper,
        calls: calls::Reader,
        recordings: recordings::Reader,
        reader: transcripts::Reader,
        writer: transcripts::Writer,
        outbox: Outbox,
        recording_jobs: Jobs<RecordingJob>,
        transcript_jobs: Jobs<TranscriptJob>,
    }
}

impl ApiFunction for Transcripts {
    const NAME: &'static str = "transcripts";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_business(Scope::TranscriptsRead, routes!(read))
            .of_business(Scope::TranscriptsWrite, routes!(edit))
            .of_business(Scope::TranscriptsWrite, routes!(reprocess::ask))
            .of_business(Scope::TranscriptsRead, routes!(reprocess::look))
            .layered(|router| router.layer(DefaultBodyLimit::max(MAX_BODY_BYTES)))
    }
}

/// The final version, or the one that is asked for; with it, which ones there are.
#[utoipa::path(
    get,
    path = "/v1/calls/{sid}/transcript",
    operation_id = "get_transcript",
    params(ReadTranscript),
    responses((
        status = 200,
        description = "The version, and which ones there are.",
        body = TranscriptAnswer,
        headers(("ETag" = schema::VersionTag, description = "The state of the transcript, for `If-Match`.")),
    )),
)]
async fn read(
    State(app): State<Arc<Transcripts>>,
    tenant: Tenant,
    Path(sid): Path<String>,
    Query(query): Query<ReadTranscript>,
) -> Result<Response, Problem> {
    let call = tenant.call(&app.calls, &sid).await?;
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
#[utoipa::path(
    put,
    path = "/v1/calls/{sid}/transcript",
    operation_id = "edit_transcript",
    params(("If-Match" = schema::VersionTag, Header, description = "The `ETag` of the transcript that was edited.")),
    request_body = EditTranscript,
    responses(
        (
            status = 200,
            description = "The new version.",
            body = TranscriptAnswer,
            headers(("ETag" = schema::VersionTag, description = "The new state of the transcript.")),
        ),
        (status = 409, description = "The call has no final transcript yet."),
        (status = 412, description = "The transcript has changed since it was read."),
        (status = 428, description = "`If-Match` is missing."),
    ),
)]
async fn edit(
    State(app): State<Arc<Transcripts>>,
    tenant: Tenant,
    Path(sid): Path<String>,
    headers: HeaderMap,
    Body(edited): Body<EditTranscript>,
) -> Result<Response, Problem> {
    let call = tenant.call(&app.calls, &sid).await?;
    let seen = etag::seen(&headers)?;
    let lines = edited.lines()?;
    match app.writer.edit(&call.sid, lines, seen, app.clock.now(), app.outbox.of(&call)).await? {
        Edited::Stored(pointer) => {
            tracing::info!(call = %call.sid, version = pointer.number, "transcript edited");
            app.outbox.tell(&call.business).await;
            // What rests on the transcript is looked at again. The edit itself stands whatever becomes of this.
            let job = TranscriptJob { call: call.sid.clone() };
            if let Err(error) = app.transcript_jobs.send(&job, Duration::ZERO).await {
                tracing::error!(%error, call = %call.sid, "an edit was stored and its follow-up was not sent");
            }
            let versions = app.reader.versions(&call.sid).await?;
            let version = versions.iter().find(|version| Some(version.number) == pointer.number);
            Ok(answer(Some(&pointer), version, &versions))
        }
        Edited::Stale => {
            let now = app.reader.pointer(&call.sid).await?;
            Err(etag::stale(now.map_or(0, |pointer| pointer.moves.into())))
        }
        Edited::NotFinal => Err(Problem::new(StatusCode::CONFLICT, "not ready yet")
            .detail("the call has no final transcript yet; ask again in a few seconds")),
    }
}

fn answer(pointer: Option<&Pointer>, shown: Option<&Transcript>, versions: &[Transcript]) -> Response {
    let body = Json(TranscriptAnswer::new(pointer, shown, versions));
    match pointer {
        Some(pointer) => (etag::of(pointer.moves.into()), body).into_response(),
        None => body.into_response(),
    }
}
