//! What people and programs ask about files of contacts.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::BusinessId;
use domain::contact::import::{Import, ImportPhase, ImportState, NotNow};
use domain::contact::{ExportId, ImportId};
use http::{HeaderMap, StatusCode};
use stores::contacts::Request;
use stores::contacts::files::{Begun, Export, ExportState};

use super::shapes::{ExportView, ImportList, ImportView, ListProblems, NewImport, ProblemList, UploadView};
use super::splitting::NO_FILE;
use crate::contacts::{Contacts, random};
use crate::edge::api::input::{Body, Query};
use crate::edge::api::paging::Paging;
use crate::edge::api::requester::{Requester, Tenant};
use crate::edge::api::schema;
use crate::edge::idempotency::{self, Replayed};
use crate::edge::problem::Problem;
use crate::jobs::ContactJob;
use crate::shared::file_bucket::no_file;

/// How often a step of an import is tried while a job writes it.
const TRIES: usize = 5;

/// Begins with an import. Put the file where `upload` says, then ask for its check. The request may be repeated with the same
/// `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/v1/contacts/imports",
    operation_id = "create_contact_import",
    params(("Idempotency-Key" = schema::IdempotencyKey, Header)),
    request_body = NewImport,
    responses((status = 201, description = "The import.", body = ImportView)),
)]
pub(in super::super) async fn create(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    requester: Requester,
    headers: HeaderMap,
    Body(new): Body<NewImport>,
) -> Result<Response, Problem> {
    let key = idempotency::required(&headers)?;
    let asked = new.fingerprint();
    let (options, bytes) = new.read()?;
    let id = ImportId::new(app.clock.now(), random()?);
    let import = Import::new(id, requester.key.id.clone(), options, bytes);
    let request = Request { key, body: asked.as_bytes() };
    let (import, replayed) = match app.writer.begin_file(&tenant.0, import, request).await? {
        Begun::New(import) => (import, false),
        Begun::Before(import) => (import, true),
        Begun::Reused => return Err(idempotency::reused()),
    };
    let upload = app.upload(&tenant.0, &import).await?;
    Ok((StatusCode::CREATED, Replayed(replayed), Json(ImportView::new(&import, upload))).into_response())
}

/// The newest imports. Readings are in the log.
#[utoipa::path(
    get,
    path = "/v1/contacts/imports",
    operation_id = "list_contact_imports",
    responses((status = 200, description = "The imports.", body = ImportList)),
)]
pub(in super::super) async fn list(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
) -> Result<Response, Problem> {
    let imports = app.reader.files::<Import>(&tenant.0).await?;
    Ok(Json(ImportList::new(&imports)).into_response())
}

/// One import, with a link to put its file as long as that is waited for.
#[utoipa::path(
    get,
    path = "/v1/contacts/imports/{import}",
    operation_id = "get_contact_import",
    responses((status = 200, description = "The import.", body = ImportView)),
)]
pub(in super::super) async fn one(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let import = app.import(&tenant.0, &id).await?;
    let upload = app.upload(&tenant.0, &import).await?;
    Ok(Json(ImportView::new(&import, upload)).into_response())
}

/// Checks the file: what a run would do, and what there is to say of its rows. Nothing is changed.
#[utoipa::path(
    post,
    path = "/v1/contacts/imports/{import}/check",
    operation_id = "check_contact_import",
    responses(
        (status = 202, description = "It is being checked.", body = ImportView),
        (status = 409, description = "It is not in a state for that."),
    ),
)]
pub(in super::super) async fn check(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    app.begin(&tenant.0, &id, ImportPhase::Check).await
}

/// Takes the rows over, as the check said.
#[utoipa::path(
    post,
    path = "/v1/contacts/imports/{import}/run",
    operation_id = "run_contact_import",
    responses(
        (status = 202, description = "It runs.", body = ImportView),
        (status = 409, description = "It is not in a state for that."),
    ),
)]
pub(in super::super) async fn run(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    app.begin(&tenant.0, &id, ImportPhase::Run).await
}

/// Takes back what the run did, within 24 hours: contacts that it made are taken away, those that it changed are what they
/// were. Contacts that were changed since are left as they are.
#[utoipa::path(
    post,
    path = "/v1/contacts/imports/{import}/undo",
    operation_id = "undo_contact_import",
    responses(
        (status = 202, description = "It is being taken back.", body = ImportView),
        (status = 409, description = "It is not in a state for that, or it is too late."),
    ),
)]
pub(in super::super) async fn undo(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    app.begin(&tenant.0, &id, ImportPhase::Undo).await
}

/// What there is to say of the rows of an import: of its run, or else of its check. They are kept for a week.
#[utoipa::path(
    get,
    path = "/v1/contacts/imports/{import}/problems",
    operation_id = "list_contact_import_problems",
    params(ListProblems),
    responses((status = 200, description = "A page of problems.", body = ProblemList)),
)]
pub(in super::super) async fn problems(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    paging: Paging,
    Path(id): Path<String>,
    Query(query): Query<ListProblems>,
) -> Result<Response, Problem> {
    let import = app.import(&tenant.0, &id).await?;
    let (phase, done) = match (&import.run, &import.check) {
        (Some(run), _) => (ImportPhase::Run, run.next),
        (None, Some(check)) => (ImportPhase::Check, check.next),
        (None, None) => (ImportPhase::Check, 0),
    };
    let asked = paging.of("import-problems", &(&id, phase.as_str()))?;
    let slice: u32 = asked.behind(query.cursor.as_deref())?.unwrap_or(0);
    let found = match slice < done {
        true => app.files.get_problems(&tenant.0, &import, (phase, slice)).await,
        false => Ok(None),
    };
    let found = found.map_err(|error| no_file(&error))?.unwrap_or_default();
    let next = (slice + 1 < done).then_some(slice + 1);
    asked.page(next.as_ref(), |next| ProblemList::new(&found, next))
}

/// Begins to write all contacts into a file, as CSV in UTF-8: one that an import takes back unchanged. The request may be
/// repeated with the same `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/v1/contacts/exports",
    operation_id = "create_contact_export",
    params(("Idempotency-Key" = schema::IdempotencyKey, Header)),
    responses(
        (status = 202, description = "The export.", body = ExportView),
        (status = 422, description = "The key was used for another request."),
    ),
)]
pub(in super::super) async fn create_export(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let key = idempotency::required(&headers)?;
    let id = ExportId::new(app.clock.now(), random()?);
    let export = Export { id, state: ExportState::Writing, contacts: 0, bytes: 0, version: 0 };
    let request = Request { key, body: b"export" };
    let (export, replayed) = match app.writer.begin_file(&tenant.0, export, request).await? {
        Begun::New(export) => (export, false),
        Begun::Before(export) => (export, true),
        Begun::Reused => return Err(idempotency::reused()),
    };
    if export.state == ExportState::Writing {
        app.send(ContactJob::Export { business: tenant.0.clone(), export: export.id }).await?;
    }
    Ok((StatusCode::ACCEPTED, Replayed(replayed), Json(ExportView::new(&export, None))).into_response())
}

/// One export, with a link to its file once it is written. The file is kept for a week. Readings are in the log.
#[utoipa::path(
    get,
    path = "/v1/contacts/exports/{export}",
    operation_id = "get_contact_export",
    responses((status = 200, description = "The export.", body = ExportView)),
)]
pub(in super::super) async fn one_export(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("export");
    let id = ExportId::parse(&id).map_err(|_| unknown())?;
    let export = app.reader.file::<Export>(&tenant.0, id).await?.ok_or_else(unknown)?;
    let url = match export.state {
        ExportState::Writing => None,
        ExportState::Done => {
            let url = app.files.link_to_get(&tenant.0, id).await.map_err(|error| no_file(&error))?;
            Some(url.to_string())
        }
    };
    Ok(Json(ExportView::new(&export, url)).into_response())
}

impl Contacts {
    async fn import(&self, business: &BusinessId, id: &str) -> Result<Import, Problem> {
        let unknown = || Problem::not_found("import");
        let id = ImportId::parse(id).map_err(|_| unknown())?;
        self.reader.file::<Import>(business, id).await?.ok_or_else(unknown)
    }

    async fn upload(&self, business: &BusinessId, import: &Import) -> Result<Option<UploadView>, Problem> {
        let is_missed = import.refused.as_ref().is_some_and(|refused| refused.code == NO_FILE);
        if import.state != ImportState::Waiting && !is_missed {
            return Ok(None);
        }
        let link = self.files.link_to_put(business, import).await.map_err(|error| no_file(&error))?;
        Ok(Some(UploadView::new(link.0.to_string(), link.1)))
    }

    /// Begins a phase of an import, and has it worked on: also when it has begun already, since the job may be lost.
    async fn begin(&self, business: &BusinessId, id: &str, phase: ImportPhase) -> Result<Response, Problem> {
        for _ in 0..TRIES {
            let mut import = self.import(business, id).await?;
            let is_new = import.begin(phase, self.clock.now()).map_err(not_now)?;
            if is_new && !self.writer.save_file(business, &mut import).await? {
                continue;
            }
            if import.phase() == Some(phase) {
                self.send(ContactJob::Import { business: business.clone(), import: import.id }).await?;
            }
            return Ok((StatusCode::ACCEPTED, Json(ImportView::new(&import, None))).into_response());
        }
        Err(Problem::unavailable())
    }

    async fn send(&self, job: ContactJob) -> Result<(), Problem> {
        self.jobs.send(&job, Duration::ZERO).await.map_err(|error| {
            tracing::error!(%error, "a job about contacts was not sent");
            Problem::unavailable()
        })
    }
}

fn not_now(not: NotNow) -> Problem {
    let code = match not {
        NotNow::State(_) => "state",
        NotNow::TooLate => "too_late",
    };
    Problem::new(StatusCode::CONFLICT, "not now").code(code).detail(not.to_string())
}
