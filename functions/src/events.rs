//! The outbox, read by the business that it belongs to.

mod api;
pub(crate) mod described;
pub(crate) mod of_person;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::access::Scope;
use stores::events;
use utoipa_axum::routes;

use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::{Query, page_limit};
use crate::edge::api::paging::Paging;
use crate::edge::api::requester::Tenant;
use crate::edge::api::routes::Routes;
use crate::edge::parts::{parts, table_parts};
use crate::edge::problem::Problem;
use api::{EventList, ListEvents, MAX_AFTER};

table_parts! {
    events::Sequencer: "TABLE_EVENTS";
}

parts! {
    pub struct Events {
        gatekeeper: Gatekeeper,
        events: events::Reader,
        sequencer: events::Sequencer,
    }
}

impl ApiFunction for Events {
    const NAME: &'static str = "events";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        // Events hold summaries and what callers left.
        Routes::new().of_business(Scope::TranscriptsRead, routes!(list))
    }
}

/// The events behind `after`, in order and without gaps. A client that has read to the end asks again later with the
/// `sequence` of the last one as `after`.
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
    paging: Paging,
    Query(query): Query<ListEvents>,
) -> Result<Response, Problem> {
    let limit = page_limit(query.limit)?;
    if query.after > MAX_AFTER {
        return Err(Problem::bad_request("`after` is larger than any event's number"));
    }
    let asked = paging.of("events", &query.after)?;
    let after = asked.behind(query.cursor.as_deref())?.unwrap_or(query.after);
    // What waits for a number gets it, as far as one look goes.
    app.sequencer.number(&tenant.0).await?;
    let page = app.events.after(&tenant.0, after, limit).await?;
    asked.page(page.next.as_ref(), |next| EventList::new(&page.events, next))
}
