//! Endpoints: addresses at which a business wants to be told what happened.
//!
//! Events wait in the outbox. A worker gives each to the endpoints that want it and sends it there, as often as it takes for three
//! days; a sweep finds what no job was sent for. Secrets are derived, so that none is kept; the values of headers are kept and
//! not shown.

mod deliveries;
mod sending;
mod shapes;
pub mod sweep;
pub mod worker;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use domain::endpoint::signing::Signing;
use domain::endpoint::{Endpoint, EndpointId, MAX_ENDPOINTS};
use domain::event::API_VERSION;
use domain::{BusinessId, Secret};
use http::{HeaderMap, StatusCode};
use platform::Clock;
use stores::endpoints::{Created, Reader, Request, StoredEndpoint, Writer};
use utoipa_axum::routes;

use crate::edge::answer::no_content;
use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::Body;
use crate::edge::api::requester::Tenant;
use crate::edge::api::routes::Routes;
use crate::edge::api::schema;
use crate::edge::etag;
use crate::edge::idempotency::{self, Replayed};
use crate::edge::inbox::Jobs;
use crate::edge::parts::{parts, table_parts};
use crate::edge::problem::Problem;
use crate::jobs::EndpointJob;
use sending::Courier;
use shapes::{EndpointChange, EndpointList, EndpointMade, EndpointView, NewEndpoint, Rotation};

table_parts! {
    Writer: "TABLE_EVENTS";
}

parts! {
    pub struct Endpoints {
        gatekeeper: Gatekeeper,
        clock: Clock,
        reader: Reader,
        writer: Writer,
        courier: Courier,
        jobs: Jobs<EndpointJob>,
    }
}

impl ApiFunction for Endpoints {
    const NAME: &'static str = "endpoints";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_business(Scope::EndpointsRead, routes!(list))
            .of_business(Scope::EndpointsWrite, routes!(create))
            .of_business(Scope::EndpointsRead, routes!(one))
            .of_business(Scope::EndpointsWrite, routes!(change))
            .of_business(Scope::EndpointsWrite, routes!(delete))
            .of_business(Scope::EndpointsWrite, routes!(rotate))
            .of_business(Scope::EndpointsWrite, routes!(deliveries::test))
            .of_business(Scope::EndpointsWrite, routes!(deliveries::recover))
            .of_business(Scope::EndpointsRead, routes!(deliveries::list))
            .of_business(Scope::EndpointsRead, routes!(deliveries::one))
            .of_business(Scope::EndpointsWrite, routes!(deliveries::resend))
    }
}

/// The endpoints of the business.
#[utoipa::path(
    get,
    path = "/v1/endpoints",
    operation_id = "list_endpoints",
    responses((status = 200, description = "The endpoints, in the order of their making.", body = EndpointList)),
)]
async fn list(State(app): State<Arc<Endpoints>>, tenant: Tenant) -> Result<Response, Problem> {
    let all = app.reader.all(&tenant.0).await?;
    let (healths, now) = (app.reader.healths(&tenant.0).await?, app.clock.now());
    let endpoints = all.iter().map(|StoredEndpoint { endpoint, .. }| {
        let health = healths.get(endpoint.id.as_str()).copied().unwrap_or_default();
        EndpointView::new(endpoint, health, now)
    });
    Ok(Json(EndpointList { endpoints: endpoints.collect() }).into_response())
}

/// Makes an endpoint, which is told of what happens from now on. The answer shows the secret by which it knows that a request is
/// ours; nothing else does. The request may be repeated with the same `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/v1/endpoints",
    operation_id = "create_endpoint",
    params(("Idempotency-Key" = schema::IdempotencyKey, Header)),
    request_body = NewEndpoint,
    responses(
        (status = 201, description = "The endpoint and its secret.", body = EndpointMade, headers(("ETag" = schema::VersionTag))),
        (status = 409, description = "There may be no more endpoints, or the one that this key made was deleted."),
    ),
)]
async fn create(
    State(app): State<Arc<Endpoints>>,
    tenant: Tenant,
    headers: HeaderMap,
    Body(new): Body<NewEndpoint>,
) -> Result<Response, Problem> {
    let key = idempotency::required(&headers)?;
    let body = new.fingerprint();
    let mut endpoint = Endpoint {
        id: EndpointId::of(&tenant.0, key),
        url: Secret::new(""),
        description: String::new(),
        filter: NewEndpoint::all(),
        headers: std::collections::BTreeMap::new(),
        signing: Signing::new(1),
        disabled: None,
        created_at: app.clock.now(),
        begins_behind: 0,
        api_version: API_VERSION.to_owned(),
    };
    new.apply(&mut endpoint, &app.courier.client)?;
    let created = app.writer.create(&tenant.0, endpoint, Request { key, body: &body }).await?;
    app.made(&tenant.0, StatusCode::CREATED, created).await
}

/// One endpoint.
#[utoipa::path(
    get,
    path = "/v1/endpoints/{endpoint}",
    operation_id = "get_endpoint",
    responses((status = 200, description = "The endpoint.", body = EndpointView, headers(("ETag" = schema::VersionTag)))),
)]
async fn one(
    State(app): State<Arc<Endpoints>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let stored = app.endpoint(&tenant.0, &id).await?;
    app.shown(&tenant.0, &stored).await
}

/// Changes an endpoint: what is left out stays. One that is enabled again is told of what happens from then on; what it missed
/// is sent when it is asked for (`recover`).
#[utoipa::path(
    patch,
    path = "/v1/endpoints/{endpoint}",
    operation_id = "change_endpoint",
    params(("If-Match" = schema::VersionTag, Header)),
    request_body = EndpointChange,
    responses(
        (status = 200, description = "The endpoint.", body = EndpointView, headers(("ETag" = schema::VersionTag))),
        (status = 412, description = "It has changed since it was read."),
        (status = 428, description = "`If-Match` is missing."),
    ),
)]
async fn change(
    State(app): State<Arc<Endpoints>>,
    tenant: Tenant,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(change): Body<EndpointChange>,
) -> Result<Response, Problem> {
    let seen = app.as_seen(&tenant.0, &id, &headers).await?;
    let mut endpoint = seen.endpoint.clone();
    let is_enabled_again = change.enabled == Some(true) && endpoint.disabled.is_some();
    change.apply(&mut endpoint, &app.courier.client, app.clock.now())?;
    let is_disabled = endpoint.disabled.is_some() && seen.endpoint.disabled.is_none();
    if is_enabled_again {
        // What it did not take before says nothing of what it takes from now on.
        app.writer.note_health(&tenant.0, &endpoint.id, Default::default()).await?;
    }
    let Some(stored) = app.writer.change(&tenant.0, &seen, endpoint).await? else {
        return Err(app.overtaken(&tenant.0, &id).await?);
    };
    if is_disabled {
        app.serve(&tenant.0, &stored.endpoint.id).await;
    }
    app.shown(&tenant.0, &stored).await
}

/// Takes an endpoint away with its deliveries. What is on its way to it is not sent any more.
#[utoipa::path(
    delete,
    path = "/v1/endpoints/{endpoint}",
    operation_id = "delete_endpoint",
    params(("If-Match" = schema::VersionTag, Header)),
    responses(
        (status = 204, description = "The endpoint is gone."),
        (status = 412, description = "It has changed since it was read."),
        (status = 428, description = "`If-Match` is missing."),
    ),
)]
async fn delete(
    State(app): State<Arc<Endpoints>>,
    tenant: Tenant,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let seen = app.as_seen(&tenant.0, &id, &headers).await?;
    if !app.writer.delete(&tenant.0, &seen, app.clock.now()).await? {
        return Err(app.overtaken(&tenant.0, &id).await?);
    }
    app.serve(&tenant.0, &seen.endpoint.id).await;
    Ok(no_content())
}

/// Gives an endpoint another secret, which the answer shows. The one before it signs beside it for as long as is asked for, so
/// that the receiver can change over meanwhile. The request may be repeated with the same `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/v1/endpoints/{endpoint}/rotate",
    operation_id = "rotate_endpoint_secret",
    params(("Idempotency-Key" = schema::IdempotencyKey, Header)),
    request_body = Rotation,
    responses(
        (status = 200, description = "The endpoint and its new secret.", body = EndpointMade, headers(("ETag" = schema::VersionTag))),
        (status = 409, description = "It is being changed: send the request again."),
    ),
)]
async fn rotate(
    State(app): State<Arc<Endpoints>>,
    tenant: Tenant,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(rotation): Body<Rotation>,
) -> Result<Response, Problem> {
    let key = idempotency::required(&headers)?;
    let seen = app.endpoint(&tenant.0, &id).await?;
    let overlap = Duration::from_secs(rotation.hours()? * 3_600);
    let mut endpoint = seen.endpoint.clone();
    let next = endpoint.signing.newest + 1;
    endpoint.signing = endpoint.signing.rotated(next, overlap, app.clock.now());
    let body = rotation.fingerprint();
    let rotated = app.writer.rotate(&tenant.0, &seen, endpoint, Request { key, body: &body }).await?;
    app.made(&tenant.0, StatusCode::OK, rotated).await
}

impl Endpoints {
    async fn endpoint(&self, business: &BusinessId, id: &str) -> Result<StoredEndpoint, Problem> {
        let unknown = || Problem::not_found("endpoint");
        let id = EndpointId::parse(id).map_err(|_| unknown())?;
        self.reader.one(business, &id).await?.ok_or_else(unknown)
    }

    /// The same, if it is still of the version that the client has seen.
    async fn as_seen(
        &self,
        business: &BusinessId,
        id: &str,
        headers: &HeaderMap,
    ) -> Result<StoredEndpoint, Problem> {
        let seen = etag::seen(headers)?;
        let stored = self.endpoint(business, id).await?;
        if stored.version == seen { Ok(stored) } else { Err(etag::stale(stored.version)) }
    }

    /// 412, with the version that it has now.
    async fn overtaken(&self, business: &BusinessId, id: &str) -> Result<Problem, Problem> {
        Ok(etag::stale(self.endpoint(business, id).await?.version))
    }

    async fn view(&self, business: &BusinessId, stored: &StoredEndpoint) -> Result<EndpointView, Problem> {
        let health = self.reader.health(business, &stored.endpoint.id).await?;
        Ok(EndpointView::new(&stored.endpoint, health, self.clock.now()))
    }

    async fn shown(&self, business: &BusinessId, stored: &StoredEndpoint) -> Result<Response, Problem> {
        Ok((etag::of(stored.version), Json(self.view(business, stored).await?)).into_response())
    }

    /// The answer that shows a secret.
    async fn made(
        &self,
        business: &BusinessId,
        status: StatusCode,
        created: Created,
    ) -> Result<Response, Problem> {
        let conflict = |title, detail: String| Err(Problem::new(StatusCode::CONFLICT, title).detail(detail));
        let (stored, replayed) = match created {
            Created::Done(stored) => (stored, false),
            Created::Before(stored) => (stored, true),
            Created::Reused => return Err(idempotency::reused()),
            Created::Gone => {
                let detail = "the endpoint that this `Idempotency-Key` made was deleted: use another key";
                return conflict("endpoint deleted", detail.to_owned());
            }
            Created::Full => {
                let detail = format!("a business has {MAX_ENDPOINTS} endpoints at most: take one away first");
                return conflict("too many", detail);
            }
            Created::Overtaken => {
                let detail = "another request changed it in this moment: send the request again";
                return conflict("changed meanwhile", detail.to_owned());
            }
        };
        let secret = self.courier.secret(business, &stored).expose().to_owned();
        let body = EndpointMade { endpoint: self.view(business, &stored).await?, secret };
        Ok((status, etag::of(stored.version), Replayed(replayed), Json(body)).into_response())
    }

    /// Has a worker look at what is due for an endpoint.
    async fn serve(&self, business: &BusinessId, endpoint: &EndpointId) {
        let job = EndpointJob::Serve { business: business.clone(), endpoint: endpoint.clone() };
        if let Err(error) = self.jobs.send(&job, Duration::ZERO).await {
            // It is written down, and the sweep looks.
            tracing::warn!(%error, %business, "an endpoint waits for the sweep");
        }
    }
}
