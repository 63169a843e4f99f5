//! A week of spans, in requests and answers.

use domain::hours::{Span, Week};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// When a calendar is open: the spans of each weekday, by clocks in its zone.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = CalendarWeek)]
pub(super) struct WeekBody {
    /// Monday's.
    #[schema(value_type = Vec<domain::schema::HoursSpan>, max_items = 12)]
    monday: Vec<Span>,
    /// Tuesday's.
    #[schema(value_type = Vec<domain::schema::HoursSpan>, max_items = 12)]
    tuesday: Vec<Span>,
    /// Wednesday's.
    #[schema(value_type = Vec<domain::schema::HoursSpan>, max_items = 12)]
    wednesday: Vec<Span>,
    /// Thursday's.
    #[schema(value_type = Vec<domain::schema::HoursSpan>, max_items = 12)]
    thursday: Vec<Span>,
    /// Friday's.
    #[schema(value_type = Vec<domain::schema::HoursSpan>, max_items = 12)]
    friday: Vec<Span>,
    /// Saturday's.
    #[schema(value_type = Vec<domain::schema::HoursSpan>, max_items = 12)]
    saturday: Vec<Span>,
    /// Sunday's.
    #[schema(value_type = Vec<domain::schema::HoursSpan>, max_items = 12)]
    sunday: Vec<Span>,
}

impl From<WeekBody> for Week {
    fn from(week: WeekBody) -> Self {
        let WeekBody { monday, tuesday, wednesday, thursday, friday, saturday, sunday } = week;
        Self { monday, tuesday, wednesday, thursday, friday, saturday, sunday }
    }
}

impl From<Week> for WeekBody {
    fn from(week: Week) -> Self {
        let Week { monday, tuesday, wednesday, thursday, friday, saturday, sunday } = week;
        Self { monday, tuesday, wednesday, thursday, friday, saturday, sunday }
    }
}
