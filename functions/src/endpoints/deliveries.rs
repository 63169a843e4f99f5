//! What became of events on their way to an endpoint, and what people do about it.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::Timestamp;
use domain::endpoint::attempt::{Answer, Failure};
use domain::endpoint::delivery::NotYours;
use domain::endpoint::log::{Attempted, KEPT, MAX_HEAD};
use domain::endpoint::{Disabled, webhook_id};
use http::StatusCode;
use platform::clock::from_rfc3339;
use providers::endpoint_http::Sent;
use serde::{Deserialize, Serialize};
use stores::endpoints::StoredDelivery;
use utoipa::{IntoParams, ToSchema};

use super::Endpoints;
use super::sending::Attempt;
use crate::edge::answer::no_content;
use crate::edge::api::input::{Body, Query, page_limit};
use crate::edge::api::paging::Paging;
use crate::edge::api::requester::Tenant;
use crate::edge::api::schema;
use crate::edge::batch::JobError;
use crate::edge::problem::Problem;
use crate::jobs::EndpointJob;
use crate::shared::shapes::{Millis, Time};

/// The query. Unknown parameters are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListDeliveries {
    /// Deliveries on one page, 1 to 100; 25 without it.
    #[param(minimum = 1, maximum = 100, default = 25, nullable = false)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(value_type = Option<schema::Cursor>, nullable = false)]
    cursor: Option<String>,
}

/// An attempt to deliver an event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventAttempt)]
struct AttemptView<'a> {
    at: Time,
    /// How long the answer took.
    took_ms: Millis,
    /// The status of the answer; null: there was none.
    status: Option<u16>,
    /// How it failed; null: it did not.
    #[schema(value_type = Option<schema::EventFailureWord>)]
    failure: Option<&'static str>,
    /// Whether a person asked for it.
    by_hand: bool,
    /// The beginning of the answer's body, 512 bytes at most.
    answer: &'a str,
}

/// An event on its way to an endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventDelivery)]
struct DeliveryView<'a> {
    /// The event's place among the business's events, which names the delivery.
    id: u64,
    /// The event's name in the list of events.
    event: &'a str,
    #[schema(value_type = schema::EventTypeWord)]
    r#type: &'a str,
    /// The header by which the receiver knows a repetition.
    webhook_id: String,
    given_at: Time,
    #[schema(value_type = schema::EventDeliveryStateWord)]
    state: &'static str,
    /// When it is tried next; null: not by itself.
    next_attempt_at: Option<Time>,
    /// The latest attempts, in their order.
    attempts: Vec<AttemptView<'a>>,
}

/// A page of deliveries, the latest event first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventDeliveryList)]
pub(super) struct DeliveryList<'a> {
    deliveries: Vec<DeliveryView<'a>>,
    /// The cursor of the next page; null on the last one.
    #[schema(value_type = Option<schema::Cursor>)]
    next: Option<String>,
}

/// Since when what failed is sent again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecoverEndpoint, example = json!({ "since": "2026-12-01T08:30:00Z" }))]
pub(super) struct Recovery {
    /// A moment, as RFC 3339, within the 30 days that deliveries are kept.
    #[schema(format = "date-time")]
    since: String,
}

/// What an endpoint answered to a test.
#[derive(Serialize, ToSchema)]
#[schema(as = EndpointTest)]
struct TestView {
    /// Whether it took it.
    taken: bool,
    /// The status of the answer; null: there was none.
    status: Option<u16>,
    /// How it failed; null: it did not.
    #[schema(value_type = Option<schema::EventFailureWord>)]
    failure: Option<&'static str>,
    /// How long the answer took.
    took_ms: Millis,
    /// The beginning of the answer's body, 512 bytes at most.
    answer: String,
}

impl<'a> AttemptView<'a> {
    fn new(attempted: &'a Attempted) -> Self {
        Self {
            at: Time(attempted.at),
            took_ms: Millis(Duration::from_millis(attempted.took_ms)),
            status: attempted.code,
            failure: attempted.failure.map(Failure::as_str),
            by_hand: attempted.by_hand,
            answer: &attempted.head,
        }
    }
}

impl<'a> DeliveryView<'a> {
    fn new(tenant: &Tenant, stored: &'a StoredDelivery) -> Self {
        Self {
            id: stored.sequence,
            event: &stored.event,
            r#type: &stored.kind,
            webhook_id: webhook_id(&tenant.0, &stored.event),
            given_at: Time(stored.given_at),
            state: stored.delivery.state.as_str(),
            next_attempt_at: stored.delivery.due().map(Time),
            attempts: stored.attempts.iter().map(AttemptView::new).collect(),
        }
    }
}

/// Events on their way to an endpoint, the latest first, for 30 days.
#[utoipa::path(
    get,
    path = "/v1/endpoints/{endpoint}/deliveries",
    operation_id = "list_deliveries",
    params(ListDeliveries),
    responses((status = 200, description = "A page of deliveries.", body = DeliveryList)),
)]
pub(super) async fn list(
    State(app): State<Arc<Endpoints>>,
    tenant: Tenant,
    Path(id): Path<String>,
    paging: Paging,
    Query(query): Query<ListDeliveries>,
) -> Result<Response, Problem> {
    let limit = page_limit(query.limit)?;
    let endpoint = app.endpoint(&tenant.0, &id).await?.endpoint.id;
    let asked = paging.of("deliveries", &endpoint)?;
    let before: Option<u64> = asked.behind(query.cursor.as_deref())?;
    let page = app.reader.deliveries(&tenant.0, &endpoint, before, limit, app.clock.now()).await?;
    let deliveries = || page.deliveries.iter().map(|stored| DeliveryView::new(&tenant, stored)).collect();
    asked.page(page.next.as_ref(), |next| DeliveryList { deliveries: deliveries(), next })
}

/// One event on its way to an endpoint.
#[utoipa::path(
    get,
    path = "/v1/endpoints/{endpoint}/deliveries/{delivery}",
    operation_id = "get_delivery",
    responses((status = 200, description = "The delivery.", body = DeliveryView)),
)]
pub(super) async fn one(
    State(app): State<Arc<Endpoints>>,
    tenant: Tenant,
    Path((id, delivery)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let endpoint = app.endpoint(&tenant.0, &id).await?.endpoint.id;
    let stored = app.delivery(&tenant, &endpoint, &delivery).await?;
    Ok(Json(DeliveryView::new(&tenant, &stored)).into_response())
}

/// Sends an event to an endpoint once more, whatever became of it so far, and answers with what came of that. The attempts
/// that are made by themselves are not used up by it; they end with one that a person asked for, and that failed.
#[utoipa::path(
    post,
    path = "/v1/endpoints/{endpoint}/deliveries/{delivery}/resend",
    operation_id = "resend_delivery",
    responses(
        (status = 200, description = "It was sent.", body = DeliveryView),
        (status = 409, description = "It is being sent: `Retry-After` says until when at most."),
    ),
)]
pub(super) async fn resend(
    State(app): State<Arc<Endpoints>>,
    tenant: Tenant,
    Path((id, delivery)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let to = app.endpoint(&tenant.0, &id).await?;
    let stored = app.delivery(&tenant, &to.endpoint.id, &delivery).await?;
    let busy = |seconds: u64| {
        Err(Problem::new(StatusCode::CONFLICT, "in flight")
            .detail("the event is on its way: see what comes of that first")
            .retry_after(seconds.max(1)))
    };
    let attempt = Box::pin(app.courier.attempt(&tenant.0, &to, stored, true)).await;
    match attempt.map_err(failed)? {
        Attempt::Made(made) => {
            if made.disable == Some(Disabled::Gone) && to.endpoint.disabled.is_none() {
                let job = EndpointJob::Gone { business: tenant.0.clone(), endpoint: to.endpoint.id };
                app.jobs.send(&job, Duration::ZERO).await.map_err(|_| Problem::unavailable())?;
            }
            Ok(Json(DeliveryView::new(&tenant, &made.stored)).into_response())
        }
        Attempt::NotYours(NotYours::InFlight { until }) => busy(until.since(app.clock.now()).as_secs()),
        Attempt::NotYours(NotYours::NotDue { .. } | NotYours::Over) => Err(Problem::not_found("event")),
        Attempt::Overtaken => busy(1),
    }
}

/// Sends an endpoint a test event (`"test": true`), signed as all others, and answers with what came of that. It needs no call,
/// and is kept nowhere.
#[utoipa::path(
    post,
    path = "/v1/endpoints/{endpoint}/test",
    operation_id = "test_endpoint",
    responses((status = 200, description = "What came of it.", body = TestView)),
)]
pub(super) async fn test(
    State(app): State<Arc<Endpoints>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let to = app.endpoint(&tenant.0, &id).await?;
    let name = format!("endpoint.test#{}#{}", to.endpoint.id, app.clock.now().0);
    let Sent { answer, head, took } =
        Box::pin(app.courier.test(&tenant.0, &to, &name)).await.map_err(failed)?;
    let status = match answer {
        Answer::Status { code, .. } => Some(code),
        Answer::None(_) => None,
    };
    let answered = head[..head.floor_char_boundary(MAX_HEAD)].to_owned();
    let failure = answer.failure().map(Failure::as_str);
    let view =
        TestView { taken: failure.is_none(), status, failure, took_ms: Millis(took), answer: answered };
    Ok(Json(view).into_response())
}

/// Sends an endpoint again what failed since a moment, and what happened while it was disabled. What it took is not sent again.
/// Asking twice changes nothing.
#[utoipa::path(
    post,
    path = "/v1/endpoints/{endpoint}/recover",
    operation_id = "recover_endpoint",
    request_body = Recovery,
    responses(
        (status = 204, description = "It is being sent; the deliveries tell how far it is."),
        (status = 409, description = "The endpoint is disabled: enable it first."),
    ),
)]
pub(super) async fn recover(
    State(app): State<Arc<Endpoints>>,
    tenant: Tenant,
    Path(id): Path<String>,
    Body(recovery): Body<Recovery>,
) -> Result<Response, Problem> {
    let since = from_rfc3339(&recovery.since).ok_or_else(|| {
        Problem::invalid("/since", "shape", "give a moment with its zone, such as `2026-12-01T08:30:00Z`")
    })?;
    let to = app.endpoint(&tenant.0, &id).await?;
    if to.endpoint.disabled.is_some() {
        return Err(Problem::new(StatusCode::CONFLICT, "endpoint disabled")
            .detail("an endpoint that is disabled is sent nothing: enable it first"));
    }
    let since = since.max(app.clock.now().minus(KEPT));
    let job =
        EndpointJob::Recover { business: tenant.0.clone(), endpoint: to.endpoint.id, since, before: None };
    app.jobs.send(&job, Duration::ZERO).await.map_err(|error| {
        tracing::error!(%error, "an endpoint is not recovered");
        Problem::unavailable()
    })?;
    Ok(no_content())
}

impl Endpoints {
    async fn delivery(
        &self,
        tenant: &Tenant,
        endpoint: &domain::endpoint::EndpointId,
        id: &str,
    ) -> Result<StoredDelivery, Problem> {
        let unknown = || Problem::not_found("delivery");
        let sequence = id.parse().map_err(|_| unknown())?;
        let now: Timestamp = self.clock.now();
        self.reader.delivery(&tenant.0, endpoint, sequence, now).await?.ok_or_else(unknown)
    }
}

/// The store or the machine: the request may be repeated.
fn failed(error: JobError) -> Problem {
    tracing::error!(%error, "an event is not sent");
    Problem::unavailable()
}
