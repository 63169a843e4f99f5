//! Leads: people who filled in a form somewhere, as the program that has the form tells it.
//!
//! The API keeps where leads come from; each source has an address of its own, at which [`inbound`] takes them in with their
//! contact, in one transaction. People who are to be called at once are called by a worker of the voice functions, which alone place
//! calls; a sweep finds calls whose job was lost. Secrets are derived, so that none is kept.

pub mod inbound;
mod leaves;
mod log;
pub(crate) mod of_person;
mod requests;
mod shapes;
pub mod sweep;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::BusinessId;
use domain::access::Scope;
use domain::campaign::Purpose;
use domain::contact::Pipeline;
use domain::contact::sheet::HowToRead;
use domain::endpoint::signing::Signing;
use domain::lead::mapping::Mapping;
use domain::lead::proof::{Proof, ProofKind};
use domain::lead::{LeadSource, LeadSourceId, MAX_SOURCES};
use domain::token::TokenKey;
use http::{HeaderMap, StatusCode};
use platform::Clock;
use stores::leads::{Created, Reader, Request, SourceWriter, StoredSource};
use stores::{businesses, contacts};
use url::Url;
use utoipa_axum::routes;

use crate::edge::address;
use crate::edge::answer::no_content;
use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::Body;
use crate::edge::api::requester::Tenant;
use crate::edge::api::routes::Routes;
use crate::edge::api::schema;
use crate::edge::etag;
use crate::edge::idempotency::{self, Replayed};
use crate::edge::parts::{parts, table_parts};
use crate::edge::problem::Problem;
use requests::{NewSource, Rotation, SourceChange};
use shapes::{SourceList, SourceMade, SourceView};

table_parts! {
    SourceWriter: "TABLE_CONTACTS";
}

parts! {
    pub struct LeadSources {
        gatekeeper: Gatekeeper,
        clock: Clock,
        key: TokenKey,
        reader: Reader,
        writer: SourceWriter,
        contacts: contacts::Reader,
        businesses: businesses::Reader,
        base: Url => |needs| needs.public_base(),
    }
}

impl ApiFunction for LeadSources {
    const NAME: &'static str = "lead-sources";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_business(Scope::LeadsRead, routes!(list))
            .of_business(Scope::LeadsWrite, routes!(create))
            .of_business(Scope::LeadsRead, routes!(one))
            .of_business(Scope::LeadsWrite, routes!(change))
            .of_business(Scope::LeadsWrite, routes!(delete))
            .of_business(Scope::LeadsWrite, routes!(rotate))
            .of_business(Scope::LeadsRead, routes!(log::test))
            .of_business(Scope::LeadsRead, routes!(log::list))
            .of_business(Scope::LeadsRead, routes!(log::one))
    }
}

/// The sources of leads of the business.
#[utoipa::path(
    get,
    path = "/v1/lead-sources",
    operation_id = "list_lead_sources",
    responses((status = 200, description = "The sources, in the order of their making.", body = SourceList)),
)]
async fn list(State(app): State<Arc<LeadSources>>, tenant: Tenant) -> Result<Response, Problem> {
    let all = app.reader.sources(&tenant.0).await?;
    let sources = all.iter().map(|stored| app.view(stored)).collect();
    Ok(Json(SourceList { sources }).into_response())
}

/// Makes a source. The answer shows its address, and the secret by which what is sent there proves itself; nothing else shows
/// the secret. The request may be repeated with the same `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/v1/lead-sources",
    operation_id = "create_lead_source",
    params(("Idempotency-Key" = schema::IdempotencyKey, Header)),
    request_body = NewSource,
    responses(
        (status = 201, description = "The source and its secret.", body = SourceMade, headers(("ETag" = schema::VersionTag))),
        (status = 409, description = "There may be no more sources, or the one that this key made was deleted."),
    ),
)]
async fn create(
    State(app): State<Arc<LeadSources>>,
    tenant: Tenant,
    headers: HeaderMap,
    Body(new): Body<NewSource>,
) -> Result<Response, Problem> {
    let key = idempotency::required(&headers)?;
    let body = new.fingerprint();
    let mut source = LeadSource {
        id: LeadSourceId::of(&tenant.0, key),
        name: String::new(),
        enabled: true,
        proof: Proof { kind: ProofKind::Secret, header: None },
        signing: Signing::new(1),
        mapping: Mapping::default(),
        how: HowToRead::default(),
        status: None,
        tags: Default::default(),
        purpose: Purpose::Service,
        consent: None,
        call_now: None,
        created_at: app.clock.now(),
    };
    new.apply(&mut source)?;
    app.check(&tenant.0, &source).await?;
    let created = app.writer.create(&tenant.0, source, Request { key, body: &body }).await?;
    app.made(&tenant.0, StatusCode::CREATED, created)
}

/// One source.
#[utoipa::path(
    get,
    path = "/v1/lead-sources/{lead_source}",
    operation_id = "get_lead_source",
    responses((status = 200, description = "The source.", body = SourceView, headers(("ETag" = schema::VersionTag)))),
)]
async fn one(
    State(app): State<Arc<LeadSources>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let stored = app.source(&tenant.0, &id).await?;
    Ok(app.shown(&stored))
}

/// Changes a source: what is left out stays.
#[utoipa::path(
    patch,
    path = "/v1/lead-sources/{lead_source}",
    operation_id = "change_lead_source",
    params(("If-Match" = schema::VersionTag, Header)),
    request_body = SourceChange,
    responses(
        (status = 200, description = "The source.", body = SourceView, headers(("ETag" = schema::VersionTag))),
        (status = 412, description = "It has changed since it was read."),
        (status = 428, description = "`If-Match` is missing."),
    ),
)]
async fn change(
    State(app): State<Arc<LeadSources>>,
    tenant: Tenant,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(change): Body<SourceChange>,
) -> Result<Response, Problem> {
    let seen = app.as_seen(&tenant.0, &id, &headers).await?;
    let mut source = seen.source.clone();
    change.apply(&mut source)?;
    app.check(&tenant.0, &source).await?;
    match app.writer.change(&tenant.0, &seen, source).await? {
        Some(stored) => Ok(app.shown(&stored)),
        None => Err(app.overtaken(&tenant.0, &id).await?),
    }
}

/// Takes a source away: what is sent to it is refused from then on. The leads that came stay with their contacts for their time.
#[utoipa::path(
    delete,
    path = "/v1/lead-sources/{lead_source}",
    operation_id = "delete_lead_source",
    params(("If-Match" = schema::VersionTag, Header)),
    responses(
        (status = 204, description = "The source is gone."),
        (status = 412, description = "It has changed since it was read."),
        (status = 428, description = "`If-Match` is missing."),
    ),
)]
async fn delete(
    State(app): State<Arc<LeadSources>>,
    tenant: Tenant,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let seen = app.as_seen(&tenant.0, &id, &headers).await?;
    match app.writer.delete(&tenant.0, &seen, app.clock.now()).await? {
        true => Ok(no_content()),
        false => Err(app.overtaken(&tenant.0, &id).await?),
    }
}

/// Gives a source another secret, which the answer shows. The one before it is good beside it for as long as is asked for, so that
/// the sender can change over meanwhile. The request may be repeated with the same `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/v1/lead-sources/{lead_source}/rotate",
    operation_id = "rotate_lead_source_secret",
    params(("Idempotency-Key" = schema::IdempotencyKey, Header)),
    request_body = Rotation,
    responses(
        (status = 200, description = "The source and its new secret.", body = SourceMade, headers(("ETag" = schema::VersionTag))),
        (status = 409, description = "It is being changed: send the request again."),
    ),
)]
async fn rotate(
    State(app): State<Arc<LeadSources>>,
    tenant: Tenant,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(rotation): Body<Rotation>,
) -> Result<Response, Problem> {
    let key = idempotency::required(&headers)?;
    let seen = app.source(&tenant.0, &id).await?;
    let overlap = Duration::from_secs(rotation.hours()? * 3_600);
    let mut source = seen.source.clone();
    let next = source.signing.newest + 1;
    source.signing = source.signing.rotated(next, overlap, app.clock.now());
    let body = rotation.fingerprint();
    let rotated = app.writer.rotate(&tenant.0, &seen, source, Request { key, body: &body }).await?;
    app.made(&tenant.0, StatusCode::OK, rotated)
}

impl LeadSources {
    async fn source(&self, business: &BusinessId, id: &str) -> Result<StoredSource, Problem> {
        let unknown = || Problem::not_found("source of leads");
        let id = LeadSourceId::parse(id).map_err(|_| unknown())?;
        self.reader.source(business, &id).await?.ok_or_else(unknown)
    }

    /// The same, if it is still of the version that the client has seen.
    async fn as_seen(
        &self,
        business: &BusinessId,
        id: &str,
        headers: &HeaderMap,
    ) -> Result<StoredSource, Problem> {
        let seen = etag::seen(headers)?;
        let stored = self.source(business, id).await?;
        if stored.version == seen { Ok(stored) } else { Err(etag::stale(stored.version)) }
    }

    /// 412, with the version that it has now.
    async fn overtaken(&self, business: &BusinessId, id: &str) -> Result<Problem, Problem> {
        Ok(etag::stale(self.source(business, id).await?.version))
    }

    /// Refuses what the business does not have: a status, a field, a number to call from.
    async fn check(&self, business: &BusinessId, source: &LeadSource) -> Result<(), Problem> {
        if let Some(status) = &source.status {
            let Pipeline { statuses, .. } = self.contacts.pipeline(business).await?.value;
            if !statuses.iter().any(|known| known.id == *status) {
                let detail = "not a status of the pipeline: see `/v1/contacts/pipeline`";
                return Err(Problem::invalid("/status", "unknown", detail));
            }
        }
        let fields = requests::fields_of(&source.mapping);
        if !fields.is_empty() {
            let schema = self.contacts.fields(business).await?.value;
            if let Some(missing) = fields.iter().find(|key| schema.field(key.as_str()).is_none()) {
                let detail = format!("contacts have no field `{missing}`: see `/v1/contacts/fields`");
                return Err(Problem::invalid(format!("/mapping/field.{missing}"), "unknown", detail));
            }
        }
        if let Some(call) = &source.call_now {
            let own = self.businesses.number(&call.from).await?;
            if own.is_none_or(|own| own.business != *business) {
                let detail = "not a number of this business";
                return Err(Problem::invalid("/call_now/from", "unknown_number", detail));
            }
        }
        match source.mistake() {
            Some((field, code, detail)) => Err(Problem::invalid(format!("/{field}"), code, detail)),
            None => Ok(()),
        }
    }

    fn view(&self, stored: &StoredSource) -> SourceView {
        let url = address::of(&self.base, &inbound::path_of(&stored.source.id));
        SourceView::new(&stored.source, url, self.clock.now())
    }

    fn shown(&self, stored: &StoredSource) -> Response {
        (etag::of(stored.version), Json(self.view(stored))).into_response()
    }

    /// The answer that shows a secret.
    fn made(&self, business: &BusinessId, status: StatusCode, created: Created) -> Result<Response, Problem> {
        let conflict = |title, detail: String| Err(Problem::new(StatusCode::CONFLICT, title).detail(detail));
        let (stored, replayed) = match created {
            Created::Done(stored) => (stored, false),
            Created::Before(stored) => (stored, true),
            Created::Reused => return Err(idempotency::reused()),
            Created::Gone => {
                let detail = "the source that this `Idempotency-Key` made was deleted: use another key";
                return conflict("lead source deleted", detail.to_owned());
            }
            Created::Full => {
                let detail = format!("a business has {MAX_SOURCES} sources at most: take one away first");
                return conflict("too many", detail);
            }
            Created::Overtaken => {
                let detail = "another request changed it in this moment: send the request again";
                return conflict("changed meanwhile", detail.to_owned());
            }
        };
        let secret = stored.source.secrets(&self.key, business).newest.shown().expose().to_owned();
        let body = SourceMade { source: self.view(&stored), secret };
        Ok((status, etag::of(stored.version), Replayed(replayed), Json(body)).into_response())
    }
}
