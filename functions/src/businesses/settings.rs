//! Settings: drafts of them, their publication as immutable revisions, and what changed between two.
//!
//! A draft belongs to the key that saved it. Publishing makes the next revision of it and moves the pointer in one
//! transaction, if nothing else was published since its author looked. Calls that are up keep the revision they began
//! with.

mod difference;
mod document;
pub(crate) mod schema;
mod shapes;

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use domain::locale::LOCALES;
use domain::numbers::{ChannelName, MAX_CHANNELS, SettingsChannel};
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
use crate::edge::api::schema as api;
use crate::edge::etag;
use crate::edge::parts::parts;
use crate::edge::problem::{FieldError, Problem};
use crate::shared::settings_document::refused;
use document::SettingsDocument;
use shapes::{Differences, Findings, OfChannel, Published, RevisionList, WhichTwo};

/// How often a publication is tried while others take its revision's number.
const TRIES: usize = 5;

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
            .of_business(Scope::SettingsPublish, routes!(drop_channel))
    }
}

/// The settings that calls run with now: the published ones, or those of a settings channel. As TOML with
/// `Accept: application/toml`.
#[utoipa::path(get, path = "/v1/settings", operation_id = "get_settings", tag = "settings", params(OfChannel),
    responses((status = 200, body = Settings, headers(("ETag" = api::VersionTag)))))]
async fn published(
    State(app): App,
    tenant: Tenant,
    headers: HeaderMap,
    Query(of): Query<OfChannel>,
) -> Result<Response, Problem> {
    let none = || {
        Problem::new(StatusCode::NOT_FOUND, "nothing published")
            .detail("publish a draft to this channel first")
    };
    let pointer = app.reader.pointer(&tenant.0, &of.channel()?).await?.ok_or_else(none)?;
    app.show(&tenant.0, pointer.value, &headers).await
}

/// Every revision, with its author and note, the first one first; and the settings channels, each with its revision.
#[utoipa::path(get, path = "/v1/settings/revisions", operation_id = "list_revisions", tag = "settings",
    responses((status = 200, body = RevisionList)))]
async fn revisions(State(app): App, tenant: Tenant) -> Result<Response, Problem> {
    let (published, channels, revisions) = tokio::try_join!(
        app.reader.published_revision(&tenant.0),
        app.reader.channels(&tenant.0),
        app.reader.revisions(&tenant.0),
    )?;
    Ok(Json(RevisionList::new(&revisions, published, &channels)).into_response())
}

/// One revision. As TOML with `Accept: application/toml`.
#[utoipa::path(get, path = "/v1/settings/revisions/{revision}", operation_id = "get_revision", tag = "settings",
    params(("revision" = u32, Path)), responses((status = 200, body = Settings, headers(("ETag" = api::VersionTag)))))]
async fn revision(
    State(app): App,
    tenant: Tenant,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.show(&tenant.0, revision_number(&number)?, &headers).await
}

/// What changed between two settings, by area: of revisions, the draft, what is published and channels.
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
    params(shapes::Beginning), responses((status = 200, body = Settings, headers(("ETag" = api::VersionTag)))))]
async fn draft(
    State(app): App,
    tenant: Tenant,
    requester: Requester,
    headers: HeaderMap,
    Query(begin): Query<shapes::Beginning>,
) -> Result<Response, Problem> {
    if let Some(draft) = app.reader.draft(&tenant.0, &requester.key.id).await? {
        let shown = document::show(&draft.value.written.settings, &headers);
        return Ok((etag::of(draft.version), shown).into_response());
    }
    Ok(document::show(&app.beginning(&tenant.0, begin.language.as_deref()).await?, &headers))
}

/// Saves the draft of the key that asks, as JSON or TOML: `If-Match` names the version that was read, and is left out for
/// the first one. A draft may be wrong in what it says, but not in its shape: unknown fields are refused.
#[utoipa::path(put, path = "/v1/settings/draft", operation_id = "save_draft", tag = "settings",
    params(("If-Match" = Option<api::VersionTag>, Header)), request_body = Settings,
    responses((status = 200, body = Findings, headers(("ETag" = api::VersionTag))), (status = 412, description = "It has changed since it was read."), (status = 409, description = "Its state has changed meanwhile, or forbids it.")))]
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
    request_body = Option<Settings>, responses((status = 200, body = Findings)))]
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

/// Publishes the draft as the next revision: new calls run with it within half a minute, those of the numbers on the
/// settings channel that is named, or of all numbers on none. `If-Match` names what the author has seen there (the `ETag`
/// of `GET /v1/settings`, with the same channel); for the first publication it is left out.
#[utoipa::path(post, path = "/v1/settings/publish", operation_id = "publish_settings", tag = "settings",
    params(("If-Match" = api::VersionTag, Header)), request_body = Option<shapes::Publish>,
    responses((status = 201, body = Published, headers(("ETag" = api::VersionTag))), (status = 409, description = "Its state has changed meanwhile, or forbids it."), (status = 412, description = "It has changed since it was read."), (status = 428, description = "`If-Match` is missing.")))]
async fn publish(
    State(app): App,
    tenant: Tenant,
    requester: Requester,
    headers: HeaderMap,
    OptionalBody(wish): OptionalBody<shapes::Publish>,
) -> Result<Response, Problem> {
    let draft = app.own_draft(&tenant.0, &requester).await?;
    let published = app.put_in_force(&tenant.0, &requester, &headers, draft, &wish).await?;
    app.writer.discard_draft(&tenant.0, &requester.key.id).await?;
    Ok(published)
}

/// Publishes an earlier revision again, as the next one. `If-Match` as for publishing.
#[utoipa::path(post, path = "/v1/settings/revisions/{revision}/restore", operation_id = "restore_revision",
    tag = "settings", params(("If-Match" = api::VersionTag, Header)), request_body = Option<shapes::Publish>,
    responses((status = 201, body = Published, headers(("ETag" = api::VersionTag))), (status = 409, description = "Its state has changed meanwhile, or forbids it."), (status = 412, description = "It has changed since it was read."), (status = 428, description = "`If-Match` is missing.")))]
async fn restore(
    State(app): App,
    tenant: Tenant,
    requester: Requester,
    Path(number): Path<String>,
    headers: HeaderMap,
    OptionalBody(wish): OptionalBody<shapes::Publish>,
) -> Result<Response, Problem> {
    let written = app.reader.written(&tenant.0, revision_number(&number)?).await?;
    let written = written.ok_or_else(|| Problem::not_found("revision"))?;
    let earlier = written.whole().map_err(|invalid| refused("", &invalid))?;
    app.put_in_force(&tenant.0, &requester, &headers, earlier, &wish).await
}

/// Takes a settings channel away; its revisions stay. It is refused while a number is on the channel.
#[utoipa::path(delete, path = "/v1/settings/channels/{channel}", operation_id = "remove_settings_channel",
    tag = "settings", responses((status = 204, description = "There is no such channel any more"), (status = 409, description = "A number is on it, or something was published to it meanwhile.")))]
async fn drop_channel(
    State(app): App,
    tenant: Tenant,
    Path(channel): Path<String>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("settings channel");
    let name = ChannelName::parse(&channel).map_err(|_| unknown())?;
    let channel = SettingsChannel::Channel(name.clone());
    let seen = app.reader.pointer(&tenant.0, &channel).await?.ok_or_else(unknown)?;
    // After the pointer, so that a number that is put on the channel behind this look is met by the pointer's version.
    let numbers = app.reader.numbers(&tenant.0).await?;
    let on_it = numbers.iter().filter(|number| number.settings == channel).count();
    if on_it > 0 {
        return Err(Problem::new(StatusCode::CONFLICT, "channel in use")
            .detail(format!("{on_it} numbers are on the channel: put them on another one first")));
    }
    match app.writer.drop_channel(&tenant.0, &name, seen.version).await? {
        Saved::Done(_) => Ok(no_content()),
        Saved::Overtaken => Err(Problem::new(StatusCode::CONFLICT, "conflict")
            .detail("the channel was used at the same time: look at it again")),
    }
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
        let draft = draft.ok_or_else(|| Problem::not_found("draft"))?;
        draft.value.written.whole().map_err(|invalid| refused("", &invalid))
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

    /// A revision by its number, the draft, what is published, or a channel's.
    async fn named(&self, id: &BusinessId, requester: &Requester, name: &str) -> Result<Settings, Problem> {
        if name == "draft" {
            return self.own_draft(id, requester).await;
        }
        let revision = match SettingsChannel::parse(name) {
            Ok(channel) => {
                let pointer = self.reader.pointer(id, &channel).await?;
                pointer.ok_or_else(|| Problem::not_found("settings channel"))?.value
            }
            Err(_) => revision_number(name)?,
        };
        self.revision(id, revision).await
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
        wish: &shapes::Publish,
    ) -> Result<Response, Problem> {
        let channel = wish.check()?;
        let business = self.business(id).await?;
        let findings = check(&business, &settings);
        let errors: Vec<FieldError> =
            findings.iter().filter(|finding| finding.severity == Severity::Error).map(field).collect();
        let (by, now) = (&requester.key.id, self.clock.now());
        for _ in 0..TRIES {
            let pointer = self.reader.pointer(id, &channel).await?;
            let current = pointer.as_ref().map(|pointer| u64::from(pointer.value.0));
            let seen = match current {
                Some(_) => Some(etag::seen(headers)?),
                None => etag::optional(headers)?,
            };
            if seen != current {
                return Err(etag::stale(current.unwrap_or(0)));
            }
            if !errors.is_empty() {
                return Err(Problem::fields(errors));
            }
            if current.is_none() && self.reader.channels(id).await?.len() >= MAX_CHANNELS {
                return Err(Problem::new(StatusCode::CONFLICT, "too many channels").detail(format!(
                    "a business has {MAX_CHANNELS} settings channels at most: remove one first"
                )));
            }
            let latest = self.reader.latest_revision(id).await?;
            settings.revision = Revision(latest.map_or(0, |revision| revision.0) + 1);
            let at = (&channel, pointer.as_ref());
            // Overtaken: the look at the pointer tells whether by a publication to this channel or to another one.
            if let Publication::Done(revision) =
                self.writer.publish(id, at, &settings, by, wish.note(), now).await?
            {
                tracing::info!(business = %id, revision = revision.0, channel = channel.as_str(), by = %by, "settings are published");
                let location = [(header::LOCATION, format!("/v1/settings/revisions/{}", revision.0))];
                let body = Json(Published::new(revision, &channel, &findings));
                return Ok((StatusCode::CREATED, etag::of(revision.0.into()), location, body).into_response());
            }
        }
        Err(Problem::unavailable())
    }
}

fn field(finding: &Finding) -> FieldError {
    FieldError {
        pointer: finding.pointer.clone(),
        code: finding.code.to_owned(),
        detail: finding.detail.clone(),
    }
}
