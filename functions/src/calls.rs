//! The read API over calls: everything a business may know of its own calls, and nothing of another's.
//!
//! Reading never starts work: a recording that is not archived yet answers that it is not there yet.

mod api;
pub(crate) mod of_person;
mod parts;
mod search;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use domain::share::Disposition;
use domain::{Recording, RecordingState};
use http::{HeaderMap, StatusCode};
use platform::objects::Objects;
use stores::{calls, contacts, recordings, transcripts, turns};
use utoipa_axum::routes;

use crate::edge::answer;
use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::{Query, page_limit};
use crate::edge::api::log::Log;
use crate::edge::api::paging::Paging;
use crate::edge::api::requester::Tenant;
use crate::edge::api::routes::Routes;
use crate::edge::api::schema;
use crate::edge::etag;
use crate::edge::parts::parts;
use crate::edge::problem::Problem;
use crate::shared::recording_path::RecordingPath;
use api::{CallPage, GetCall, ListCalls, Record, RecordingLink, RecordingList, Wish};
use parts::{Include, Parts, add_contacts};
use search::of_each;

/// A presigned URL lives as long as a click needs; it is minted at each one.
const LINK_TTL: Duration = Duration::from_secs(5 * 60);

parts! {
    pub struct Calls {
        gatekeeper: Gatekeeper,
        calls: calls::Reader,
        turns: turns::Reader,
        recordings: recordings::Reader,
        transcripts: transcripts::Reader,
        contacts: contacts::Reader,
        objects: Objects,
    }
}

impl ApiFunction for Calls {
    const NAME: &'static str = "calls";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_business(Scope::CallsRead, routes!(list))
            .of_business(Scope::CallsRead, routes!(one))
            .of_business(Scope::RecordingsRead, routes!(recording))
            .of_business(Scope::CallsRead, routes!(recordings))
            .of_business(Scope::RecordingsRead, routes!(one_recording))
            .of_business(Scope::RecordingsRead, routes!(voicemail))
    }
}

/// A page of the business's calls, newest first if nothing else is asked for. A call has to fit every filter. A page that
/// the filters leave short, or empty, has a `next` as long as there are calls that were not looked at. Calls that go on are
/// followed by one request a second, `status=live&include=last_turn`, with the `ETag` of the last answer as `If-None-Match`.
#[utoipa::path(
    get,
    path = "/v1/calls",
    operation_id = "list_calls",
    params(ListCalls),
    responses(
        (status = 200, description = "A page of calls.", body = CallPage, headers(("ETag" = schema::ContentTag))),
        NotChanged,
    ),
)]
async fn list(
    State(app): State<Arc<Calls>>,
    tenant: Tenant,
    log: Log,
    headers: HeaderMap,
    paging: Paging,
    Query(query): Query<ListCalls>,
) -> Result<Response, Problem> {
    let (limit, Wish { wanted, beside, order }) = (page_limit(query.limit)?, query.read()?);
    if query.include.has_words() {
        log.reads(Scope::TranscriptsRead).await?;
    }
    let asked = paging.of("calls", &(&wanted, &beside, order))?;
    let after = asked.behind(query.cursor.as_deref())?;
    let page = app.search(&tenant.0, (&wanted, &beside), order, limit, after).await?;
    let (of, include) = (app.keepers(), &query.include);
    let read = |call| async move { Box::pin(Parts::read(of, &call, include)).await };
    let mut parts = of_each(&page.calls, read).await?;
    if include.has(Include::Contact) {
        log.reads(Scope::ContactsRead).await?;
    }
    let mut of_calls: Vec<_> = page.calls.iter().zip(&mut parts).collect();
    add_contacts(&app, &tenant.0, include, &mut of_calls).await?;
    let answer = asked.page(page.next.as_ref(), |next| CallPage::new(&page.calls, &parts, next))?;
    etag::unless_held(&headers, answer).await
}

/// A call, with those parts of its record that `include` names. `turns`, `last_turn`, `transcript` and `messages` take the
/// scope `transcripts:read` besides, `contact` takes `contacts:read`, and they are in the log of readings once in five minutes.
#[utoipa::path(
    get,
    path = "/v1/calls/{sid}",
    operation_id = "get_call",
    params(GetCall),
    responses(
        (status = 200, description = "The call.", body = Record, headers(("ETag" = schema::ContentTag))),
        NotChanged,
    ),
)]
async fn one(
    State(app): State<Arc<Calls>>,
    tenant: Tenant,
    log: Log,
    headers: HeaderMap,
    Path(sid): Path<String>,
    Query(query): Query<GetCall>,
) -> Result<Response, Problem> {
    let call = tenant.call(&app.calls, &sid).await?;
    if query.include.has_words() {
        log.reads(Scope::TranscriptsRead).await?;
    }
    if query.include.has(Include::Contact) {
        log.reads(Scope::ContactsRead).await?;
    }
    let mut parts = Box::pin(Parts::read(app.keepers(), &call.sid, &query.include)).await?;
    add_contacts(&app, &tenant.0, &query.include, &mut [(&call, &mut parts)]).await?;
    etag::unless_held(&headers, Json(Record::new(&call, &parts)).into_response()).await
}

/// The answer to an `If-None-Match` with the tag of what is there, for the document.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "the document alone reads it")]
enum NotChanged {
    /// It is as the client has it, by `If-None-Match`.
    #[response(status = 304, headers(("ETag" = schema::ContentTag)))]
    AsItIsHeld,
}

/// What there is in place of a link as JSON, for the document.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "the document alone reads it")]
enum OtherThanLink {
    /// The link, for every other client.
    #[response(status = 302, headers(("Location" = String, description = "Where the bytes are, for five minutes.")))]
    Redirect,
    /// The recording is still being made or copied.
    #[response(status = 409)]
    NotYet,
    /// The recording is gone, or never came to be.
    #[response(status = 410)]
    Gone,
}

/// A link to the recording of the conversation.
#[utoipa::path(
    get,
    path = "/v1/calls/{sid}/recording",
    operation_id = "get_recording",
    responses(
        (status = 200, description = "The link, for a client whose `Accept` names `application/json`.", body = RecordingLink),
        OtherThanLink,
    ),
)]
async fn recording(
    State(app): State<Arc<Calls>>,
    tenant: Tenant,
    Path(path): Path<RecordingPath>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.link(&path.recording(&tenant, &app.calls, &app.recordings).await?, &headers).await
}

/// A link to one of a call's recordings.
#[utoipa::path(
    get,
    path = "/v1/calls/{sid}/recordings/{recording}",
    operation_id = "get_recording_by_id",
    responses(
        (status = 200, description = "The link, for a client whose `Accept` names `application/json`.", body = RecordingLink),
        OtherThanLink,
    ),
)]
async fn one_recording(
    state: State<Arc<Calls>>,
    tenant: Tenant,
    path: Path<RecordingPath>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    recording(state, tenant, path, headers).await
}

/// All of a call's, each with its own address.
#[utoipa::path(
    get,
    path = "/v1/calls/{sid}/recordings",
    operation_id = "list_recordings",
    responses((status = 200, description = "The recordings of the call.", body = RecordingList)),
)]
async fn recordings(
    State(app): State<Arc<Calls>>,
    tenant: Tenant,
    Path(path): Path<RecordingPath>,
) -> Result<Response, Problem> {
    let call = path.call(&tenant, &app.calls).await?;
    let all = app.recordings.for_call(&call.sid).await?;
    Ok(Json(RecordingList::new(&all.all)).into_response())
}

/// A link to the message that the caller left where no agent was to be had.
#[utoipa::path(
    get,
    path = "/v1/calls/{sid}/voicemail",
    operation_id = "get_voicemail",
    responses(
        (status = 200, description = "The link, for a client whose `Accept` names `application/json`.", body = RecordingLink),
        OtherThanLink,
    ),
)]
async fn voicemail(
    State(app): State<Arc<Calls>>,
    tenant: Tenant,
    Path(sid): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let call = tenant.call(&app.calls, &sid).await?;
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
        Ok(answer::link_with(headers, &url, LINK_TTL, |link| RecordingLink::new(link, recording)))
    }
}
