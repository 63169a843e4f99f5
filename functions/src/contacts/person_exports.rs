//! People ask that all that is kept of a contact is given out, and fetch it.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::BusinessId;
use domain::contact::erasure::Step;
use domain::contact::person_export::{ExportPart, LeftOut, PersonExport, PersonExportState};
use domain::contact::{ContactId, PersonRequestId};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use stores::contacts::{PersonExportBegun, Request};
use utoipa::ToSchema;

use super::{Contacts, random};
use crate::edge::api::requester::{Requester, Tenant};
use crate::edge::api::schema;
use crate::edge::idempotency::{self, Replayed};
use crate::edge::problem::Problem;
use crate::jobs::PersonExportJob;
use crate::shared::file_bucket::{LINK_TTL, no_file};
use crate::shared::shapes::Time;

/// Begins to give out all that is kept of a person: the contact with its notes and tasks, calls with what was said, transcripts
/// and recordings, texts with what came with them, messages, appointments, events and wishes, as one zip archive. Its
/// `manifest.json` says what is in it and what is left out and why; what is of other people is not in it. The request may be
/// repeated with the same `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/v1/contacts/{contact}/export",
    operation_id = "export_contact",
    params(("Idempotency-Key" = schema::IdempotencyKey, Header)),
    responses(
        (status = 202, description = "It is being written, or is there.", body = PersonExportView),
        (status = 409, description = "It went into another contact, whose id is in `detail`; or it is being erased."),
        (status = 422, description = "The key was used for another request."),
    ),
)]
pub(super) async fn export(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    requester: Requester,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let key = idempotency::required(&headers)?;
    let unknown = || Problem::not_found("contact");
    let contact = ContactId::parse(&id).map_err(|_| unknown())?;
    let stored = app.contact(&tenant.0, &id).await?;
    if stored.contact.id != contact {
        return Err(Problem::new(StatusCode::CONFLICT, "contact merged")
            .detail(format!("it went into the contact {}: export that one", stored.contact.id)));
    }
    if app.reader.erasure_of(&tenant.0, contact).await?.is_some() {
        return Err(Problem::new(StatusCode::CONFLICT, "contact erased").detail("the person is being erased"));
    }
    let request = PersonRequestId::new(app.clock.now(), random()?);
    let export = PersonExport::new(request, contact, requester.key.id.clone());
    let asked = format!("export {id}");
    let request = Request { key, body: asked.as_bytes() };
    let (export, replayed) = match app.writer.begin_person_export(&tenant.0, export, request).await? {
        PersonExportBegun::New(export) => (export, false),
        PersonExportBegun::Before(export) => (export, true),
        PersonExportBegun::Reused => return Err(idempotency::reused()),
        PersonExportBegun::NoContact => return Err(unknown()),
    };
    if export.state == PersonExportState::Writing {
        // Also when it was asked for before: the job may be lost.
        app.send_person_export(&tenant.0, &export).await?;
    }
    let view = Json(PersonExportView::new(&export, None));
    Ok((StatusCode::ACCEPTED, Replayed(replayed), view).into_response())
}

/// The exports of a person in the last month, the newest first, without links to their files. Readings are in the log.
#[utoipa::path(
    get,
    path = "/v1/contacts/{contact}/export",
    operation_id = "list_contact_person_exports",
    responses((status = 200, description = "The exports.", body = PersonExportList)),
)]
pub(super) async fn list(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let stored = app.contact(&tenant.0, &id).await?;
    let contacts = stored.contact.all_ids().copied().collect();
    let exports = app.reader.person_exports(&tenant.0, &contacts).await?;
    let exports = exports.iter().map(|export| PersonExportView::new(export, None)).collect();
    Ok(Json(PersonExportList { exports }).into_response())
}

/// How far an export of a person is, what is in it, and a link to the archive once it is there. The archive is kept for a week, and is
/// erased with the person. Readings are in the log.
#[utoipa::path(
    get,
    path = "/v1/contacts/{contact}/export/{person_export}",
    operation_id = "get_contact_person_export",
    responses((status = 200, description = "The export.", body = PersonExportView)),
)]
pub(super) async fn one(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    Path((id, export)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("export");
    let (stored, id) = (app.contact(&tenant.0, &id).await?, PersonRequestId::parse(&export));
    let id = id.map_err(|_| unknown())?;
    let export = app.reader.file::<PersonExport>(&tenant.0, id).await?;
    let is_theirs = |export: &PersonExport| stored.contact.all_ids().any(|own| *own == export.contact);
    let export = export.filter(is_theirs).ok_or_else(unknown)?;
    let url = match export.kept_until(app.clock.now()) {
        Some(_) => {
            let url = app.files.link_to_person(&tenant.0, &export).await;
            Some(url.map_err(|error| no_file(&error))?.to_string())
        }
        None => None,
    };
    Ok(Json(PersonExportView::new(&export, url)).into_response())
}

impl Contacts {
    async fn send_person_export(&self, business: &BusinessId, export: &PersonExport) -> Result<(), Problem> {
        let job = PersonExportJob::Export { business: business.clone(), export: export.id };
        self.person_exports.send(&job, Duration::ZERO).await.map_err(|error| {
            tracing::error!(%error, "a job about a person was not sent");
            Problem::unavailable()
        })
    }
}

/// The exports of a person.
#[derive(Serialize, ToSchema)]
#[schema(as = PersonExportList)]
pub(super) struct PersonExportList<'a> {
    exports: Vec<PersonExportView<'a>>,
}

/// All that is kept of a person, given out.
#[derive(Serialize, ToSchema)]
#[schema(as = PersonExport)]
pub(super) struct PersonExportView<'a> {
    #[schema(value_type = schema::PersonRequestId)]
    id: PersonRequestId,
    #[schema(value_type = schema::ContactId)]
    contact: ContactId,
    asked_at: Time,
    /// The key with which it was asked for.
    #[schema(value_type = schema::KeyId)]
    asked_by: &'a str,
    /// `writing`; `done`; `failed` when it could not be written, or the contact is gone.
    #[schema(value_type = schema::PersonExportStateWord)]
    state: PersonExportState,
    /// What is in it; empty until it is written.
    parts: Vec<PartView>,
    /// The length of the archive; null until it is written.
    bytes: Option<u64>,
    /// Null until it is written.
    #[schema(value_type = Option<schema::Sha256>)]
    sha256: Option<&'a str>,
    /// Until when the archive is kept; null until it is written.
    kept_until: Option<Time>,
    /// Where the archive is, good for `expires_in` seconds; null until it is written, once it is kept no more, and in lists.
    #[schema(value_type = Option<String>, format = "uri")]
    url: Option<String>,
    /// Null without a link.
    expires_in: Option<u64>,
}

/// What is given of one owner of data.
#[derive(Serialize, ToSchema)]
#[schema(as = PersonExportPart)]
struct PartView {
    /// Whose data it is.
    #[schema(value_type = schema::ErasureStepWord)]
    part: Step,
    /// How much is given: entries, calls, files.
    count: u64,
    left_out: Vec<LeftOutView>,
}

/// What is not given, and why.
#[derive(Serialize, ToSchema)]
#[schema(as = PersonExportLeftOut)]
struct LeftOutView {
    #[schema(value_type = schema::LeftOutWord)]
    why: LeftOut,
    detail: &'static str,
    /// How much it is; null: it is not counted.
    count: Option<u64>,
}

impl<'a> PersonExportView<'a> {
    fn new(export: &'a PersonExport, url: Option<String>) -> Self {
        let file = export.file.as_ref();
        Self {
            id: export.id,
            contact: export.contact,
            asked_at: Time(export.id.at()),
            asked_by: export.by.as_str(),
            state: export.state,
            parts: export.report.iter().flat_map(|report| &report.0).map(PartView::new).collect(),
            bytes: file.map(|file| file.bytes),
            sha256: file.map(|file| file.sha256.as_str()),
            kept_until: file.map(|file| Time(file.at.plus(domain::contact::person_export::KEPT))),
            expires_in: url.as_ref().map(|_| LINK_TTL.as_secs()),
            url,
        }
    }
}

impl PartView {
    fn new((step, part): (&Step, &ExportPart)) -> Self {
        let left_out = |(why, count): (&LeftOut, &u64)| LeftOutView {
            why: *why,
            detail: why.detail(),
            count: (*count > 0).then_some(*count),
        };
        Self { part: *step, count: part.count, left_out: part.left_out.iter().map(left_out).collect() }
    }
}
