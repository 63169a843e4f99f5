//! The outbox, read by the business that it belongs to.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use platform::aws::Aws;
use platform::clock;
use platform::env::{Parser, Reader};
use serde::Deserialize;
use serde_json::{Value, json};
use stores::events::{Event, MAX_PAGE};
use stores::{businesses, events};

use crate::edge::auth::Operator;
use crate::edge::problem::Problem;
use crate::edge::{HttpFunction, StartError};

const DEFAULT_PAGE: u16 = 25;

pub struct Events {
    businesses: businesses::Reader,
    events: events::Reader,
}

impl HttpFunction for Events {
    const NAME: &'static str = "events";

    async fn load(env: &dyn Reader) -> Result<Self, StartError> {
        let mut vars = Parser::new(env);
        let businesses = vars.text("TABLE_BUSINESSES");
        let events = vars.text("TABLE_EVENTS");
        let aws = Aws::load_with(env, vars).await?;
        aws.warm(&businesses).await;
        Ok(Self {
            businesses: businesses::Reader::new(&aws, &businesses),
            events: events::Reader::new(&aws, &events),
        })
    }

    fn router(self) -> Router {
        Router::new().route("/v1/events", get(list)).with_state(Arc::new(self))
    }
}

impl AsRef<businesses::Reader> for Events {
    fn as_ref(&self) -> &businesses::Reader {
        &self.businesses
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    #[serde(default)]
    after: u64,
    limit: Option<u16>,
}

/// The events behind `after`, in order and without gaps: `next` is the `after` of the next request, also when
/// there is nothing yet.
async fn list(
    State(app): State<Arc<Events>>,
    operator: Operator,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let Query(query) = query.map_err(|_| {
        Problem::bad_request("the query takes `after` (a `sequence`, or `next`) and `limit` (1 to 100)")
    })?;
    let limit = query.limit.unwrap_or(DEFAULT_PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(Problem::bad_request("`limit` must be between 1 and 100"));
    }
    let events = app.events.after(&operator.0, query.after, limit).await?;
    let next = events.last().map_or(query.after, |event| event.sequence);
    let events: Vec<Value> = events.iter().map(view).collect();
    Ok(Json(json!({ "events": events, "next": next })))
}

fn view(event: &Event) -> Value {
    json!({
        "sequence": event.sequence,
        "id": event.id,
        "type": event.kind,
        "at": clock::rfc3339(event.at),
        "data": serde_json::from_str::<Value>(&event.body).unwrap_or_default(),
    })
}
