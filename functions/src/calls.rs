//! The read API over calls: everything a business may know of its own calls, and nothing of another's.
//!
//! Reading never starts work: a recording that is not archived yet answers that it is not there yet.

mod api;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use domain::share::Disposition;
use domain::{Recording, RecordingState};
use http::{HeaderMap, StatusCode};
use platform::objects::Objects;
use stores::{StoreError, businesses, calls, recordings, transcripts, turns};

use crate::edge::auth::Operator;
use crate::edge::parts::parts;
use crate::edge::problem::Problem;
use crate::edge::{HttpFunction, answer};
use crate::shared::recording_path::RecordingPath;
use api::{CallPage, ListCalls, Record, RecordingList, Sources};

/// A presigned URL lives as long as a click needs; it is minted at each one.
const LINK_TTL: Duration = Duration::from_secs(5 * 60);
const DEFAULT_PAGE: u16 = 25;
const MAX_PAGE: u16 = 100;

parts! {
    pub struct Calls {
        businesses: businesses::Reader,
        calls: calls::Reader,
        turns: turns::Reader,
        recordings: recordings::Reader,
        transcripts: transcripts::Reader,
        objects: Objects,
    }
}

impl HttpFunction for Calls {
    const NAME: &'static str = "calls";

    fn router(self) -> Router {
        Router::new()
            .route("/v1/calls", get(list))
            .route("/v1/calls/{sid}", get(one))
            .route("/v1/calls/{sid}/recording", get(recording))
            .route("/v1/calls/{sid}/recordings", get(recordings))
            .route("/v1/calls/{sid}/recordings/{recording}", get(recording))
            .route("/v1/calls/{sid}/voicemail", get(voicemail))
            .with_state(Arc::new(self))
    }
}

impl AsRef<businesses::Reader> for Calls {
    fn as_ref(&self) -> &businesses::Reader {
        &self.businesses
    }
}

async fn list(
    State(app): State<Arc<Calls>>,
    operator: Operator,
    query: Result<Query<ListCalls>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query
        .map_err(|_| Problem::bad_request("the query takes `limit` (1 to 100) and `cursor` (from `next`)"))?;
    let limit = query.limit.unwrap_or(DEFAULT_PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(Problem::bad_request("`limit` must be between 1 and 100"));
    }
    let page = match app.calls.list(&operator.0, limit, query.cursor).await {
        Ok(page) => page,
        Err(StoreError::Cursor) => return Err(Problem::bad_request("`cursor` is not one of this list's")),
        Err(error) => return Err(error.into()),
    };
    Ok(Json(CallPage::new(&page.calls, page.next)).into_response())
}

async fn one(
    State(app): State<Arc<Calls>>,
    operator: Operator,
    Path(sid): Path<String>,
) -> Result<Response, Problem> {
    let call = operator.call(&app.calls, &sid).await?;
    // Written in one transaction: read in this order, a call that is summed up has its cost.
    let summed_up = async {
        let insights = app.transcripts.insights(&call.sid).await?;
        Ok((insights, app.transcripts.cost(&call.sid).await?))
    };
    let (events, turns, messages, report, recordings, transcript, (insights, cost)) = tokio::try_join!(
        app.calls.events(&call.sid),
        app.turns.turns(&call.sid),
        app.turns.messages(&call.sid),
        app.turns.report(&call.sid),
        app.recordings.for_call(&call.sid),
        app.transcripts.final_transcript(&call.sid),
        summed_up,
    )?;
    let record = Record::new(&Sources {
        call: &call,
        events: &events,
        turns: &turns,
        messages: &messages,
        report: report.as_ref(),
        recordings: &recordings,
        transcript: transcript.as_ref(),
        insights: insights.last(),
        cost: cost.as_ref(),
    });
    Ok(Json(record).into_response())
}

async fn recording(
    State(app): State<Arc<Calls>>,
    operator: Operator,
    Path(path): Path<RecordingPath>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.link(&path.recording(&operator, &app.calls, &app.recordings).await?, &headers).await
}

/// All of a call's, each with its own address.
async fn recordings(
    State(app): State<Arc<Calls>>,
    operator: Operator,
    Path(path): Path<RecordingPath>,
) -> Result<Response, Problem> {
    let call = path.call(&operator, &app.calls).await?;
    let all = app.recordings.for_call(&call.sid).await?;
    Ok(Json(RecordingList::new(&all.all)).into_response())
}

async fn voicemail(
    State(app): State<Arc<Calls>>,
    operator: Operator,
    Path(sid): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let call = operator.call(&app.calls, &sid).await?;
    let recordings = app.recordings.for_call(&call.sid).await?;
    app.link(recordings.voicemail().ok_or_else(|| Problem::not_found("recording"))?, &headers).await
}

impl Calls {
    /// A link to a recording of a call.
    async fn link(&self, recording: &Recording, headers: &HeaderMap) -> Result<Response, Problem> {
        let archived = match &recording.state {
            RecordingState::Archived(archived) => archived,
            RecordingState::InProgress | RecordingState::Announced => {
                return Err(Problem::new(StatusCode::CONFLICT, "not ready yet")
                    .detail("the recording is still being made or copied; ask again in a while"));
            }
            state @ (RecordingState::Failed { .. }
            | RecordingState::Lost
            | RecordingState::Absent
            | RecordingState::Deleted(_)) => {
                return Err(Problem::new(StatusCode::GONE, "no recording")
                    .detail(format!("the recording's state is `{}`", state.as_str())));
            }
        };
        let name = Disposition::Attachment.header(&recording.sid);
        let url = self.objects.presign_get(&archived.key, LINK_TTL, Some(&name)).await.map_err(|error| {
            tracing::error!(%error, "cannot presign");
            Problem::unavailable()
        })?;
        Ok(answer::link(headers, &url, LINK_TTL))
    }
}
