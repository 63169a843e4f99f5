//! The outbox, read by the business that it belongs to.

mod api;

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use stores::events::MAX_PAGE;
use stores::{businesses, events};

use crate::edge::HttpFunction;
use crate::edge::auth::Operator;
use crate::edge::parts::parts;
use crate::edge::problem::Problem;
use api::{EventList, ListEvents};

const DEFAULT_PAGE: u16 = 25;

parts! {
    pub struct Events {
        businesses: businesses::Reader,
        events: events::Reader,
    }
}

impl HttpFunction for Events {
    const NAME: &'static str = "events";

    fn router(self) -> Router {
        Router::new().route("/v1/events", get(list)).with_state(Arc::new(self))
    }
}

impl AsRef<businesses::Reader> for Events {
    fn as_ref(&self) -> &businesses::Reader {
        &self.businesses
    }
}

/// The events behind `after`, in order and without gaps: `next` is the `after` of the next request, also when
/// there is nothing yet.
async fn list(
    State(app): State<Arc<Events>>,
    operator: Operator,
    query: Result<Query<ListEvents>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|_| {
        Problem::bad_request("the query takes `after` (a `sequence`, or `next`) and `limit` (1 to 100)")
    })?;
    let limit = query.limit.unwrap_or(DEFAULT_PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(Problem::bad_request("`limit` must be between 1 and 100"));
    }
    let events = app.events.after(&operator.0, query.after, limit).await?;
    Ok(Json(EventList::new(&events, query.after)).into_response())
}
