//! Settings: drafts of them, their publication as immutable revisions, and what changed between two.
//!
//! A draft belongs to the key that saved it. Publishing makes the next revision of it and moves the pointer in one
//! transaction, if nothing else was published since its author looked. Calls that are up keep the revision they began
//! with.

mod difference;
mod document;
mod shapes;

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use domain::locale::LOCALES;
use domain::settings_check::{Finding, Severity, check};
use domain::{Business, BusinessId, Revision, Settings};
use http::{HeaderMap, StatusCode, header};
use platform::Clock;
use stores::businesses::{Publication, Reader, Saved, Versioned, Writer};
use utoipa_axum::routes;

use crate::edge::answer::no_content;
use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::{OptionalBody, Query};
use crate::edge::api::requester::{Requester, Tenant};
use crate::edge::api::routes::Routes;
use crate::edge::api::schema;
use crate::edge::etag;
use crate::edge::parts::parts;
use crate::edge::problem::{FieldError, Problem};
use document::SettingsDocument;
use shapes::{Differences, Findings, Published, RevisionList, SettingsView, WhichTwo};

parts! {
    pub struct SettingsOfBusinesses {
        gatekeeper: Gatekeeper,
        clock: Clock,
        reader: Reader,
        writer: Writer,
    }
}

type App = State<Arc<SettingsOfBusinesses>>;

impl ApiFunction for SettingsOfBusinesses {
    const NAME: &'static str = "settings";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_business(Scope::SettingsRead, routes!(published))
            .of_business(Scope::SettingsRead, routes!(revisions))
            .of_business(Scope::SettingsRead, routes!(revision))
            .of_business(Scope::SettingsRead, routes!(differences))
            .of_business(Scope::SettingsWrite, routes!(draft))
            .of_business(Scope::SettingsWrite, routes!(save))
            .of_business(Scope::SettingsWrite, routes!(discard))
            .of_business(Scope::SettingsWrite, routes!(validate))
            .of_business(Scope::SettingsPublish, routes!(publish))
            .of_business(Scope::SettingsPublish, routes!(restore))
    }
}

/// The settings that calls run with now. As TOML with `Accept: application/toml`.
#[utoipa::path(get, path = "/v1/settings", operation_id = "get_settings", tag = "settings",
    responses((status = 200, body = SettingsView, headers(("ETag" = schema::VersionTag)))))]
async fn published(State(app): App, tenant: Tenant, headers: HeaderMap) -> Result<Response, Problem> {
    let none = || Problem::new(StatusCode::NOT_FOUND, "nothing published").detail("publish a draft first");
    let revision = app.reader.published_revision(&tenant.0).await?.ok_or_else(none)?;
    app.show(&tenant.0, revision, &headers).await
}

/// Every revision, with its author and note, the first one first.
#[utoipa::path(get, path = "/v1/settings/revisions", operation_id = "list_revisions", tag = "settings",
    responses((status = 200, body = RevisionList)))]
async fn revisions(State(app): App, tenant: Tenant) -> Result<Response, Problem> {
    let published = app.reader.published_revision(&tenant.0).await?;
    let revisions = app.reader.revisions(&tenant.0).await?;
    Ok(Json(RevisionList::new(&revisions, published)).into_response())
}

/// One revision. As TOML with `Accept: application/toml`.
#[utoipa::path(get, path = "/v1/settings/revisions/{revision}", operation_id = "get_revision", tag = "settings",
    params(("revision" = u32, Path)), responses((status = 200, body = SettingsView, headers(("ETag" = schema::VersionTag)))))]
async fn revision(
    State(app): App,
    tenant: Tenant,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.show(&tenant.0, revision_number(&number)?, &headers).await
}

/// What changed between two revisions, or a revision and the draft, by area.
#[utoipa::path(get, path = "/v1/settings/diff", operation_id = "diff_settings", tag = "settings", params(WhichTwo),
    responses((status = 200, body = Differences)))]
async fn differences(
    State(app): App,
    tenant: Tenant,
    requester: Requester,
    Query(which): Query<WhichTwo>,
) -> Result<Response, Problem> {
    let from = app.named(&tenant.0, &requester, &which.from).await?;
    let to = app.named(&tenant.0, &requester, &which.to).await?;
    Ok(Json(Differences::new(which, difference::between(&from, &to))).into_response())
}

/// The draft of the key that asks. Without one, the settings to begin from: what is published, or, of a business that
/// has published nothing, a prompt in its language.
#[utoipa::path(get, path = "/v1/settings/draft", operation_id = "get_draft", tag = "settings",
    params(shapes::Beginning), responses((status = 200, body = SettingsView, headers(("ETag" = schema::VersionTag)))))]
async fn draft(
    State(app): App,
    tenant: Tenant,
    requester: Requester,
    headers: HeaderMap,
    Query(begin): Query<shapes::Beginning>,
) -> Result<Response, Problem> {
    if let Some(draft) = app.reader.draft(&tenant.0, &requester.key.id).await? {
        let shown = document::show(&draft.value.settings, &headers);
        return Ok((etag::of(draft.version), shown).into_response());
    }
    Ok(document::show(&app.beginning(&tenant.0, begin.language.as_deref()).await?, &headers))
}

/// Saves the draft of the key that asks, as JSON or TOML: `If-Match` names the version that was read, and is left out for
/// the first one. A draft may be wrong in what it says, but not in its shape: unknown fields are refused.
#[utoipa::path(put, path = "/v1/settings/draft", operation_id = "save_draft", tag = "settings",
    params(("If-Match" = Option<schema::VersionTag>, Header)), request_body = SettingsView,
    responses((status = 200, body = Findings, headers(("ETag" = schema::VersionTag))), (status = 412, description = "It has changed since it was read."), (status = 409, description = "Its state has changed meanwhile, or forbids it.")))]
async fn save(
    State(app): App,
    tenant: Tenant,
    requester: Requester,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let business = app.business(&tenant.0).await?;
    let SettingsDocument(mut settings) = document::read(&headers, &body)?;
    let seen = etag::optional(&headers)?;
    settings.revision = app.reader.published_revision(&tenant.0).await?.unwrap_or(Revision(0));
    let (now, author) = (app.clock.now(), &requester.key.id);
    match app.writer.save_draft(&tenant.0, author, &settings, seen, now).await? {
        Saved::Done(version) => {
            let findings = Findings::new(&check(&business, &settings));
            Ok((etag::of(version), Json(findings)).into_response())
        }
        Saved::Overtaken => match app.reader.draft(&tenant.0, author).await? {
            Some(Versioned { version, .. }) => Err(etag::stale(version)),
            None => Err(Problem::new(StatusCode::PRECONDITION_FAILED, "precondition failed")
                .detail("there is no draft any more: leave `If-Match` out")),
        },
    }
}

/// Throws the draft away.
#[utoipa::path(delete, path = "/v1/settings/draft", operation_id = "discard_draft", tag = "settings",
    responses((status = 204, description = "There is no draft any more")))]
async fn discard(State(app): App, tenant: Tenant, requester: Requester) -> Result<Response, Problem> {
    app.writer.discard_draft(&tenant.0, &requester.key.id).await?;
    Ok(no_content())
}

/// What is wrong, or likely a mistake, in the settings that are sent; without a body, in the draft. Nothing is stored.
#[utoipa::path(post, path = "/v1/settings/validate", operation_id = "validate_settings", tag = "settings",
    request_body = Option<SettingsView>, responses((status = 200, body = Findings)))]
async fn validate(
    State(app): App,
    tenant: Tenant,
    requester: Requester,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let business = app.business(&tenant.0).await?;
    let settings = if body.trim_ascii().is_empty() {
        app.own_draft(&tenant.0, &requester).await?
    } else {
        let SettingsDocument(settings) = document::read(&headers, &body)?;
        settings
    };
    Ok(Json(Findings::new(&check(&business, &settings))).into_response())
}

/// Publishes the draft as the next revision: new calls run with it within half a minute. `If-Match` names the published
/// settings that the author has seen (the `ETag` of `GET /v1/settings`); a business that has published nothing leaves it
/// out.
#[utoipa::path(post, path = "/v1/settings/publish", operation_id = "publish_settings", tag = "settings",
    params(("If-Match" = schema::VersionTag, Header)), request_body = Option<shapes::Note>,
    responses((status = 201, body = Published, headers(("ETag" = schema::VersionTag))), (status = 409, description = "Its state has changed meanwhile, or forbids it."), (status = 412, description = "It has changed since it was read."), (status = 428, description = "`If-Match` is missing.")))]
async fn publish(
    State(app): App,
    tenant: Tenant,
    requester: Requester,
    headers: HeaderMap,
    OptionalBody(note): OptionalBody<shapes::Note>,
) -> Result<Response, Problem> {
    let draft = app.own_draft(&tenant.0, &requester).await?;
    let published = app.put_in_force(&tenant.0, &requester, &headers, draft, &note).await?;
    app.writer.discard_draft(&tenant.0, &requester.key.id).await?;
    Ok(published)
}

/// Publishes an earlier revision again, as the next one. `If-Match` as for publishing.
#[utoipa::path(post, path = "/v1/settings/revisions/{revision}/restore", operation_id = "restore_revision",
    tag = "settings", params(("If-Match" = schema::VersionTag, Header)), request_body = Option<shapes::Note>,
    responses((status = 201, body = Published, headers(("ETag" = schema::VersionTag))), (status = 409, description = "Its state has changed meanwhile, or forbids it."), (status = 412, description = "It has changed since it was read."), (status = 428, description = "`If-Match` is missing.")))]
async fn restore(
    State(app): App,
    tenant: Tenant,
    requester: Requester,
    Path(number): Path<String>,
    headers: HeaderMap,
    OptionalBody(note): OptionalBody<shapes::Note>,
) -> Result<Response, Problem> {
    let earlier = app.revision(&tenant.0, revision_number(&number)?).await?;
    app.put_in_force(&tenant.0, &requester, &headers, earlier, &note).await
}

fn revision_number(text: &str) -> Result<Revision, Problem> {
    text.parse().map(Revision).map_err(|_| Problem::not_found("revision"))
}

impl SettingsOfBusinesses {
    async fn business(&self, id: &BusinessId) -> Result<Business, Problem> {
        self.reader.business(id).await?.ok_or_else(|| Problem::not_found("business"))
    }

    async fn revision(&self, id: &BusinessId, revision: Revision) -> Result<Settings, Problem> {
        let settings = self.reader.settings(id, revision).await?;
        settings.ok_or_else(|| Problem::not_found("revision"))
    }

    async fn own_draft(&self, id: &BusinessId, requester: &Requester) -> Result<Settings, Problem> {
        let draft = self.reader.draft(id, &requester.key.id).await?;
        draft.map(|draft| draft.value.settings).ok_or_else(|| Problem::not_found("draft"))
    }

    /// The settings that a draft is begun from.
    async fn beginning(&self, id: &BusinessId, language: Option<&str>) -> Result<Settings, Problem> {
        let business = self.business(id).await?;
        match self.reader.published_revision(id).await? {
            Some(revision) => self.revision(id, revision).await,
            None => document::first(&business, language.unwrap_or("en")).ok_or_else(|| {
                let known: Vec<&str> = LOCALES.iter().map(|locale| locale.code).collect();
                Problem::bad_request(format!("`language` is one of {}", known.join(", ")))
            }),
        }
    }

    /// A revision by its number, or the word `draft`.
    async fn named(&self, id: &BusinessId, requester: &Requester, name: &str) -> Result<Settings, Problem> {
        match name {
            "draft" => self.own_draft(id, requester).await,
            number => self.revision(id, revision_number(number)?).await,
        }
    }

    async fn show(
        &self,
        id: &BusinessId,
        revision: Revision,
        headers: &HeaderMap,
    ) -> Result<Response, Problem> {
        let settings = self.revision(id, revision).await?;
        Ok((etag::of(revision.0.into()), document::show(&settings, headers)).into_response())
    }

    async fn put_in_force(
        &self,
        id: &BusinessId,
        requester: &Requester,
        headers: &HeaderMap,
        mut settings: Settings,
        note: &shapes::Note,
    ) -> Result<Response, Problem> {
        note.check()?;
        let business = self.business(id).await?;
        let current = self.reader.published_revision(id).await?;
        let seen = match current {
            Some(_) => Some(etag::seen(headers)?),
            None => etag::optional(headers)?,
        };
        if seen != current.map(|revision| u64::from(revision.0)) {
            return Err(etag::stale(current.map_or(0, |revision| revision.0.into())));
        }
        let findings = check(&business, &settings);
        let errors: Vec<FieldError> =
            findings.iter().filter(|finding| finding.severity == Severity::Error).map(field).collect();
        if !errors.is_empty() {
            return Err(Problem::fields(errors));
        }
        let latest = self.reader.latest_revision(id).await?;
        settings.revision = Revision(latest.map_or(0, |revision| revision.0) + 1);
        let (by, now) = (&requester.key.id, self.clock.now());
        match self.writer.publish(id, &settings, current, by, note.note.as_deref(), now).await? {
            Publication::Done(revision) => {
                tracing::info!(business = %id, revision = revision.0, by = %by, "settings are published");
                let location = [(header::LOCATION, format!("/v1/settings/revisions/{}", revision.0))];
                let body = Json(Published::new(revision, &findings));
                Ok((StatusCode::CREATED, etag::of(revision.0.into()), location, body).into_response())
            }
            Publication::Overtaken => {
                let now = self.reader.published_revision(id).await?;
                Err(etag::stale(now.map_or(0, |revision| revision.0.into())))
            }
        }
    }
}

fn field(finding: &Finding) -> FieldError {
    FieldError {
        pointer: finding.pointer.clone(),
        code: finding.code.to_owned(),
        detail: finding.detail.clone(),
    }
}
