//! The outbox, read by the business that it belongs to.

mod api;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use stores::events;
use utoipa_axum::routes;

use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::{Query, page_limit};
use crate::edge::api::requester::Tenant;
use crate::edge::api::routes::Routes;
use crate::edge::parts::parts;
use crate::edge::problem::Problem;
use api::{EventList, ListEvents, MAX_AFTER};

parts! {
    pub struct Events {
        gatekeeper: Gatekeeper,
        events: events::Reader,
    }
}

impl ApiFunction for Events {
    const NAME: &'static str = "events";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new().of_business(Scope::CallsRead, routes!(list))
    }
}

/// The events behind `after`, in order and without gaps: `next` is the `after` of the next request, also when
/// there is nothing yet.
#[utoipa::path(
    get,
    path = "/v1/events",
    operation_id = "list_events",
    params(ListEvents),
    responses((status = 200, description = "The events behind `after`.", body = EventList)),
)]
async fn list(
    State(app): State<Arc<Events>>,
    tenant: Tenant,
    Query(query): Query<ListEvents>,
) -> Result<Response, Problem> {
    let limit = page_limit(query.limit)?;
    if query.after > MAX_AFTER {
        return Err(Problem::bad_request("`after` is larger than any event's number"));
    }
    let events = app.events.after(&tenant.0, query.after, limit).await?;
    Ok(Json(EventList::new(&events, query.after)).into_response())
}
