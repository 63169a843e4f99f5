//! What a business used in a month, how near it is to its caps, and what happened to its calls day by day.

mod api;
mod statistics;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use domain::usage::{Caps, Month};
use domain::zone::Zone;
use platform::Clock;
use stores::{businesses, usage};
use utoipa_axum::routes;

use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::Query;
use crate::edge::api::requester::Tenant;
use crate::edge::api::routes::Routes;
use crate::edge::parts::parts;
use crate::edge::problem::Problem;
use api::{ReadUsage, UsageView};
use statistics::{ReadStatistics, StatisticsView};

parts! {
    pub struct Usage {
        gatekeeper: Gatekeeper,
        clock: Clock,
        businesses: businesses::Reader,
        sums: usage::Reader,
    }
}

impl ApiFunction for Usage {
    const NAME: &'static str = "usage";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_business(Scope::UsageRead, routes!(read))
            .of_business(Scope::CallsRead, routes!(statistics))
    }
}

/// What the business used in a month. A call counts once it is summed up, in the month in which it began.
#[utoipa::path(
    get,
    path = "/v1/usage",
    operation_id = "get_usage",
    params(ReadUsage),
    responses((status = 200, description = "What the business used.", body = UsageView)),
)]
async fn read(
    State(app): State<Arc<Usage>>,
    tenant: Tenant,
    Query(query): Query<ReadUsage>,
) -> Result<Response, Problem> {
    let profile = app.businesses.business(&tenant.0).await?;
    let (zone, caps) = match profile {
        Some(business) => (business.zone(), business.caps),
        None => (Zone::utc(), Caps::default()),
    };
    let month = match query.month.as_deref() {
        Some(month) => month.parse().map_err(|error| Problem::bad_request(format!("`month`: {error}")))?,
        None => Month::of(app.clock.now(), &zone),
    };
    let (sum, kept) =
        futures_util::try_join!(app.sums.month(&tenant.0, month), app.sums.kept_bytes(&tenant.0))?;
    Ok(Json(UsageView::new((month, &zone), &sum.figures, kept, &caps)).into_response())
}

/// What happened to the business's calls: how many were answered, by day and hour, how long callers waited, and how calls
/// ended. A call counts once it is summed up, on the day on which it began.
#[utoipa::path(
    get,
    path = "/v1/statistics",
    operation_id = "get_statistics",
    tag = "calls",
    params(ReadStatistics),
    responses((status = 200, description = "The figures of the days.", body = StatisticsView)),
)]
async fn statistics(
    State(app): State<Arc<Usage>>,
    tenant: Tenant,
    Query(query): Query<ReadStatistics>,
) -> Result<Response, Problem> {
    let profile = app.businesses.business(&tenant.0).await?;
    let zone = profile.map_or_else(Zone::utc, |business| business.zone());
    let (from, to) = query.read(zone.day(app.clock.now()))?;
    let days = app.sums.days(&tenant.0, from, to).await?;
    Ok(Json(StatisticsView::new((from, to), &days)).into_response())
}
