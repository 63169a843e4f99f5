//! The profiles of businesses: an operator sets them up, suspends and deletes them; a business changes its own.

mod shapes;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use domain::business::{Standing, WAITS_BEFORE_DELETION};
use http::{HeaderMap, StatusCode, header};
use platform::Clock;
use stores::businesses::{Created, Reader, Saved, Versioned, Writer};
use utoipa_axum::routes;

use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::{Body, OptionalBody, Query, page_limit};
use crate::edge::api::paging::Paging;
use crate::edge::api::requester::{Requester, Tenant};
use crate::edge::api::routes::Routes;
use crate::edge::api::schema;
use crate::edge::parts::parts;
use crate::edge::problem::{FieldError, Problem};
use crate::edge::{etag, idempotency};
use shapes::{
    BusinessChange, BusinessList, BusinessView, ListBusinesses, ListedStanding, NewBusinessRequest,
    Suspension,
};

/// A change that others overtake is tried so often with what they left.
const TRIES: usize = 5;

parts! {
    pub struct Businesses {
        gatekeeper: Gatekeeper,
        clock: Clock,
        reader: Reader,
        writer: Writer,
    }
}

impl ApiFunction for Businesses {
    const NAME: &'static str = "businesses";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_operator(Scope::BusinessesRead, routes!(list))
            .of_operator(Scope::BusinessesWrite, routes!(create))
            .of_business(Scope::BusinessRead, routes!(one))
            .of_business(Scope::BusinessWrite, routes!(change))
            .of_business(Scope::BusinessesWrite, routes!(suspend))
            .of_business(Scope::BusinessesWrite, routes!(resume))
            .of_business(Scope::BusinessesWrite, routes!(delete))
    }
}

/// The businesses of the deployment, by id.
#[utoipa::path(get, path = "/v1/businesses", operation_id = "list_businesses", tag = "businesses",
    params(ListBusinesses), responses((status = 200, body = BusinessList)))]
async fn list(
    State(app): State<Arc<Businesses>>,
    paging: Paging,
    Query(query): Query<ListBusinesses>,
) -> Result<Response, Problem> {
    let limit = page_limit(query.limit)?;
    let (wanted, standing) = (query.q.as_deref(), query.standing.map(ListedStanding::word));
    let asked = paging.of("businesses", &(wanted, standing))?;
    let after = asked.behind(query.cursor.as_deref())?;
    let page = app.reader.list(wanted, standing, limit.into(), after.as_ref()).await?;
    asked.page(page.next.as_ref(), |next| BusinessList::new(page.businesses.as_slice(), next))
}

/// Sets a business up. It has no number and no settings yet. Sending the same again changes nothing.
#[utoipa::path(post, path = "/v1/businesses", operation_id = "create_business", tag = "businesses",
    params(("Idempotency-Key" = Option<schema::IdempotencyKey>, Header)), request_body = NewBusinessRequest,
    responses((status = 201, body = BusinessView, headers(("ETag" = schema::VersionTag))), (status = 409, description = "Its state has changed meanwhile, or forbids it.")))]
async fn create(
    State(app): State<Arc<Businesses>>,
    headers: HeaderMap,
    Body(wish): Body<NewBusinessRequest>,
) -> Result<Response, Problem> {
    let repeated = idempotency::optional(&headers)?.unwrap_or_default().to_owned();
    let business = wish.read()?;
    check(&business)?;
    let request = format!("{repeated}\0{}", serde_json::to_string(&business).unwrap_or_default());
    let location = format!("/v1/businesses/{}", business.id);
    let replayed = match app.writer.create(&business, &request).await? {
        Created::New => {
            tracing::info!(business = %business.id, "a business is set up");
            false
        }
        Created::Before => true,
        Created::Taken => {
            return Err(Problem::new(StatusCode::CONFLICT, "id taken")
                .detail("another business has this id: choose another one"));
        }
    };
    let view = BusinessView::new(&business);
    let told = ([(header::LOCATION, location)], etag::of(0), idempotency::Replayed(replayed));
    Ok((StatusCode::CREATED, told, Json(view)).into_response())
}

fn check(business: &domain::Business) -> Result<(), Problem> {
    let errors: Vec<FieldError> = business
        .mistakes()
        .into_iter()
        .map(|(field, code, detail)| FieldError {
            pointer: format!("/{field}"),
            code: code.to_owned(),
            detail,
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Problem::fields(errors)) }
}

/// One business.
#[utoipa::path(get, path = "/v1/businesses/{business}", operation_id = "get_business", tag = "businesses",
    params(("business" = String, Path)), responses((status = 200, body = BusinessView, headers(("ETag" = schema::VersionTag)))))]
async fn one(State(app): State<Arc<Businesses>>, tenant: Tenant) -> Result<Response, Problem> {
    let Versioned { value, version } = app.profile(&tenant).await?;
    Ok((etag::of(version), Json(BusinessView::new(&value))).into_response())
}

/// Changes a profile, as a JSON merge patch (RFC 7396). What a business pays for, such as its calls at one time, an
/// operator alone changes.
#[utoipa::path(patch, path = "/v1/businesses/{business}", operation_id = "change_business", tag = "businesses",
    params(("If-Match" = schema::VersionTag, Header)), request_body = BusinessChange,
    responses((status = 200, body = BusinessView, headers(("ETag" = schema::VersionTag))), (status = 412, description = "It has changed since it was read."), (status = 428, description = "`If-Match` is missing.")))]
async fn change(
    State(app): State<Arc<Businesses>>,
    tenant: Tenant,
    requester: Requester,
    headers: HeaderMap,
    Body(change): Body<BusinessChange>,
) -> Result<Response, Problem> {
    let seen = etag::seen(&headers)?;
    if change.is_operators() && !requester.is_operator() {
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden")
            .code("operators_field")
            .detail("`max_concurrent_calls` is changed by the operator: ask for it"));
    }
    let Versioned { value: mut business, version } = app.profile(&tenant).await?;
    if seen != version {
        return Err(etag::stale(version));
    }
    change.apply(&mut business)?;
    check(&business)?;
    match app.writer.change(&business, version).await? {
        Saved::Done(version) => Ok((etag::of(version), Json(BusinessView::new(&business))).into_response()),
        Saved::Overtaken => Err(etag::stale(app.profile(&tenant).await?.version)),
    }
}

/// Has the business's calls refused politely until it is resumed. Its data and keys stay as they are.
#[utoipa::path(post, path = "/v1/businesses/{business}/suspend", operation_id = "suspend_business",
    tag = "businesses", params(("business" = String, Path)), request_body = Option<Suspension>,
    responses((status = 200, body = BusinessView, headers(("ETag" = schema::VersionTag))), (status = 409, description = "Its state has changed meanwhile, or forbids it.")))]
async fn suspend(
    State(app): State<Arc<Businesses>>,
    tenant: Tenant,
    OptionalBody(why): OptionalBody<Suspension>,
) -> Result<Response, Problem> {
    why.check()?;
    let now = app.clock.now();
    app.stands(&tenant, |before| match before {
        Standing::Active => Some(Standing::Suspended { since: now, reason: why.reason.clone() }),
        Standing::Suspended { .. } | Standing::Leaving { .. } => None,
    })
    .await
}

/// Has the business served again, also one that was to be deleted.
#[utoipa::path(post, path = "/v1/businesses/{business}/resume", operation_id = "resume_business",
    tag = "businesses", responses((status = 200, body = BusinessView, headers(("ETag" = schema::VersionTag))), (status = 409, description = "Its state has changed meanwhile, or forbids it.")))]
async fn resume(State(app): State<Arc<Businesses>>, tenant: Tenant) -> Result<Response, Problem> {
    let standing = app.profile(&tenant).await?.value.standing;
    if standing.is_gone(app.clock.now()) {
        return Err(Problem::new(StatusCode::CONFLICT, "gone")
            .detail("its 30 days are over, and it is being deleted: set it up again"));
    }
    app.stands(&tenant, |before| (!before.is_active()).then_some(Standing::Active)).await
}

/// Has the business deleted after 30 days, within which it can be resumed; its calls are refused from now on. Then its
/// profile, numbers, settings, keys and texts go. Calls, recordings and transcripts are kept for as long as their retention
/// says, and the log of requests for 400 days: the law may ask for them.
#[utoipa::path(delete, path = "/v1/businesses/{business}", operation_id = "delete_business", tag = "businesses",
    params(("business" = String, Path)), responses((status = 202, body = BusinessView, headers(("ETag" = schema::VersionTag))), (status = 409, description = "Its state has changed meanwhile, or forbids it.")))]
async fn delete(State(app): State<Arc<Businesses>>, tenant: Tenant) -> Result<Response, Problem> {
    let now = app.clock.now();
    let leaving = Standing::Leaving { since: now, gone_at: now.plus(WAITS_BEFORE_DELETION) };
    let answer = app
        .stands(&tenant, |before| (!matches!(before, Standing::Leaving { .. })).then(|| leaving.clone()))
        .await?;
    Ok((StatusCode::ACCEPTED, answer).into_response())
}

impl Businesses {
    async fn profile(&self, tenant: &Tenant) -> Result<Versioned<domain::Business>, Problem> {
        self.reader.profile(&tenant.0).await?.ok_or_else(|| Problem::not_found("business"))
    }

    /// Moves a business to another standing; `None`: it has it already.
    async fn stands(
        &self,
        tenant: &Tenant,
        next: impl Fn(&Standing) -> Option<Standing>,
    ) -> Result<Response, Problem> {
        for _ in 0..TRIES {
            let Versioned { value: mut business, version } = self.profile(tenant).await?;
            let Some(standing) = next(&business.standing) else {
                return Ok((etag::of(version), Json(BusinessView::new(&business))).into_response());
            };
            business.standing = standing;
            if let Saved::Done(version) = self.writer.change(&business, version).await? {
                tracing::info!(business = %business.id, standing = business.standing.word(), "a business's standing");
                return Ok((etag::of(version), Json(BusinessView::new(&business))).into_response());
            }
        }
        Err(Problem::unavailable())
    }
}
