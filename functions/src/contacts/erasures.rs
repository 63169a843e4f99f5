//! People ask that all that is kept of a contact is erased, and see how far that is.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::BusinessId;
use domain::contact::erasure::{Erasure, ErasureState, Kept, KeptPart, Step, StepReport, Waits};
use domain::contact::{ContactId, PersonRequestId};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use stores::contacts::{ErasureBegun, Request};
use utoipa::ToSchema;

use super::{Contacts, random};
use crate::edge::api::input::Body;
use crate::edge::api::requester::{Requester, Tenant};
use crate::edge::api::schema;
use crate::edge::idempotency::{self, Replayed};
use crate::edge::problem::Problem;
use crate::jobs::PersonJob;
use crate::shared::shapes::Time;

/// How often an erasure that was held is tried to be resumed while others write it.
const TRIES: usize = 5;

/// What is to be confirmed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ErasureRequest, example = json!({ "confirm": "ctc_019da1c37f00d0d0d0d0d0d0d0d0d0d0" }))]
pub(super) struct Confirmation {
    /// The contact's id once more: this cannot be taken back.
    #[schema(value_type = schema::ContactId)]
    confirm: String,
}

/// Erases all that is kept of a person, everywhere: the contact with all that lies beside it, calls with their words, recordings
/// and messages, texts with what came with them, appointments, and what events say of the person. Appointments that are to
/// come are called off. It takes half an hour at least, since what was just being written is looked for again; the answer, and
/// the report later, say how far it is. Of a call whose recording is under legal hold nothing is erased: once the hold has ended,
/// ask again. The request may be repeated, also when the contact is gone.
#[utoipa::path(
    post,
    path = "/v1/contacts/{contact}/erasure",
    operation_id = "erase_contact",
    params(("Idempotency-Key" = schema::IdempotencyKey, Header)),
    request_body = Confirmation,
    responses(
        (status = 202, description = "It is being erased, or was.", body = ErasureView),
        (status = 409, description = "It went into another contact, whose id is in `detail`."),
    ),
)]
pub(super) async fn erase(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    requester: Requester,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(confirmation): Body<Confirmation>,
) -> Result<Response, Problem> {
    let key = idempotency::required(&headers)?;
    let unknown = || Problem::not_found("contact");
    let contact = ContactId::parse(&id).map_err(|_| unknown())?;
    if let Some(before) = app.reader.erasure_of(&tenant.0, contact).await? {
        confirmation.check(&id)?;
        return app.go_on(&tenant.0, before).await;
    }
    let stored = app.contact(&tenant.0, &id).await?;
    confirmation.check(&id)?;
    if stored.contact.id != contact {
        return Err(Problem::new(StatusCode::CONFLICT, "contact merged").detail(format!(
            "it went into the contact {}: erase that one, or undo the merge",
            stored.contact.id
        )));
    }
    let request = PersonRequestId::new(app.clock.now(), random()?);
    let erasure = Erasure::new(request, &stored.contact, requester.key.id.clone());
    let request = Request { key, body: id.as_bytes() };
    match app.writer.begin_erasure(&tenant.0, erasure, request).await? {
        ErasureBegun::New(erasure) => {
            app.send_erasure(&tenant.0, &erasure).await?;
            Ok((StatusCode::ACCEPTED, Json(ErasureView::new(&erasure))).into_response())
        }
        ErasureBegun::Before(before) => app.go_on(&tenant.0, before).await,
        ErasureBegun::Reused => Err(idempotency::reused()),
        ErasureBegun::NoContact => Err(unknown()),
    }
}

/// The newest erasures.
#[utoipa::path(
    get,
    path = "/v1/contacts/erasures",
    operation_id = "list_erasures",
    responses((status = 200, description = "The erasures.", body = ErasureList)),
)]
pub(super) async fn list(State(app): State<Arc<Contacts>>, tenant: Tenant) -> Result<Response, Problem> {
    let all = app.reader.erasures(&tenant.0).await?;
    Ok(Json(ErasureList { erasures: all.iter().map(ErasureView::new).collect() }).into_response())
}

/// How far an erasure is, and what is kept and why. Once it is over, nothing in it is of the person.
#[utoipa::path(
    get,
    path = "/v1/contacts/erasures/{erasure}",
    operation_id = "get_erasure",
    responses((status = 200, description = "The erasure.", body = ErasureView)),
)]
pub(super) async fn one(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("erasure");
    let id = PersonRequestId::parse(&id).map_err(|_| unknown())?;
    let erasure = app.reader.erasure(&tenant.0, id).await?.ok_or_else(unknown)?;
    Ok(Json(ErasureView::new(&erasure)).into_response())
}

impl Confirmation {
    fn check(&self, id: &str) -> Result<(), Problem> {
        if self.confirm == id {
            return Ok(());
        }
        Err(Problem::invalid("/confirm", "mismatch", "repeat the contact's id: this cannot be taken back"))
    }
}

impl Contacts {
    /// Answers with an erasure that there is, and has it worked on: its job may be lost, and a legal hold may have ended.
    async fn go_on(&self, business: &BusinessId, mut erasure: Erasure) -> Result<Response, Problem> {
        for _ in 0..TRIES {
            let was = erasure.state;
            if !erasure.resume() {
                break;
            }
            if was == ErasureState::Held && !self.writer.save_erasure(business, &mut erasure).await? {
                let again = self.reader.erasure(business, erasure.id).await?;
                erasure = again.ok_or_else(|| Problem::not_found("erasure"))?;
                continue;
            }
            self.send_erasure(business, &erasure).await?;
            break;
        }
        let view = Json(ErasureView::new(&erasure));
        Ok((StatusCode::ACCEPTED, Replayed(true), view).into_response())
    }

    async fn send_erasure(&self, business: &BusinessId, erasure: &Erasure) -> Result<(), Problem> {
        let job = PersonJob::Erase { business: business.clone(), erasure: erasure.id };
        self.persons.send(&job, Duration::ZERO).await.map_err(|error| {
            tracing::error!(%error, "a job about a person was not sent");
            Problem::unavailable()
        })
    }
}

/// The newest erasures, the newest first; fifty at most.
#[derive(Serialize, ToSchema)]
#[schema(as = ErasureList)]
pub(super) struct ErasureList<'a> {
    erasures: Vec<ErasureView<'a>>,
}

/// The erasing of a person.
#[derive(Serialize, ToSchema)]
#[schema(as = Erasure)]
pub(super) struct ErasureView<'a> {
    #[schema(value_type = schema::PersonRequestId)]
    id: PersonRequestId,
    /// The contact that it is about, or was.
    #[schema(value_type = schema::ContactId)]
    contact: ContactId,
    asked_at: Time,
    /// The key with which it was asked for.
    #[schema(value_type = schema::KeyId)]
    asked_by: &'a str,
    /// `running`; `held`, when all is done but what is under legal hold; `done`.
    #[schema(value_type = schema::ErasureStateWord)]
    state: ErasureState,
    /// When it came to its end; null while it goes on.
    ended_at: Option<Time>,
    steps: Vec<StepView>,
}

/// One owner of data.
#[derive(Serialize, ToSchema)]
#[schema(as = ErasureStep)]
struct StepView {
    /// Whose data it is.
    #[schema(value_type = schema::ErasureStepWord)]
    step: Step,
    /// `pending`, `waiting`, `kept` when something stays, `done` when nothing is left.
    #[schema(value_type = schema::ErasureStepStateWord)]
    state: &'static str,
    /// How much was found and is gone: rows, recordings, appointments.
    count: u64,
    /// What it waits for.
    #[schema(value_type = Option<schema::ErasureWaitsWord>)]
    waits_for: Option<Waits>,
    kept: Vec<KeptView>,
}

/// What is kept, and why.
#[derive(Serialize, ToSchema)]
#[schema(as = ErasureKept)]
struct KeptView {
    #[schema(value_type = schema::ErasureKeptWord)]
    why: Kept,
    detail: &'static str,
    count: u64,
    /// Until when, if that is known.
    until: Option<Time>,
}

impl<'a> ErasureView<'a> {
    fn new(erasure: &'a Erasure) -> Self {
        Self {
            id: erasure.id,
            contact: erasure.contact,
            asked_at: Time(erasure.id.at()),
            asked_by: erasure.by.as_str(),
            state: erasure.state,
            ended_at: erasure.ended_at.map(Time),
            steps: erasure.steps.iter().map(|(step, report)| StepView::new(*step, report)).collect(),
        }
    }
}

impl StepView {
    fn new(step: Step, report: &StepReport) -> Self {
        let state = match report {
            StepReport { done: false, .. } => "pending",
            StepReport { waits: Some(_), .. } => "waiting",
            StepReport { kept, .. } if !kept.is_empty() => "kept",
            StepReport { .. } => "done",
        };
        let kept = report.kept.iter().map(|(why, KeptPart { count, until })| KeptView {
            why: *why,
            detail: why.detail(),
            count: *count,
            until: until.map(Time),
        });
        Self { step, state, count: report.count, waits_for: report.waits, kept: kept.collect() }
    }
}
