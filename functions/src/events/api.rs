//! The request and the answer of `GET /v1/events`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use stores::events::Event;
use utoipa::{IntoParams, ToSchema};

use crate::edge::api::schema;
use crate::shared::shapes::Time;

/// Larger numbers are not the same in every language.
pub(super) const MAX_AFTER: u64 = (1 << 53) - 1;

/// The query. Unknown fields are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListEvents {
    /// Events behind this sequence number; 0, which is all of them, without it.
    #[serde(default)]
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_u64, default = 0)]
    pub(super) after: u64,
    /// Events in one answer, 1 to 100; 25 without it.
    #[param(minimum = 1, maximum = 100, default = 25, nullable = false)]
    pub(super) limit: Option<u16>,
    /// `next` of the page before.
    #[param(value_type = Option<schema::Cursor>, nullable = false)]
    pub(super) cursor: Option<String>,
}

/// The events behind `after`, in order and without gaps.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventList<'a> {
    events: Vec<EventView<'a>>,
    /// The cursor of the next page; null on the last one.
    #[schema(value_type = Option<schema::Cursor>)]
    next: Option<String>,
}

/// One event of the business.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub(super) struct EventView<'a> {
    /// Its place among the business's events, from 1.
    sequence: u64,
    /// Names the event: one that comes twice has the same.
    id: &'a str,
    #[schema(value_type = schema::EventTypeWord)]
    r#type: &'a str,
    at: Time,
    /// What the type promises, as it was when the event was put.
    #[schema(value_type = Option<Object>)]
    data: Option<&'a RawValue>,
}

impl<'a> EventView<'a> {
    pub(super) fn new(event: &'a Event) -> Self {
        Self {
            sequence: event.sequence,
            id: &event.id,
            r#type: &event.kind,
            at: Time(event.at),
            data: serde_json::from_str(&event.body).ok(),
        }
    }
}

impl<'a> EventList<'a> {
    pub(super) fn new(events: &'a [Event], next: Option<String>) -> Self {
        Self { events: events.iter().map(EventView::new).collect(), next }
    }
}
