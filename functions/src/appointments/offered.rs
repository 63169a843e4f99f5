//! The requests and answers about calendars and services.

use std::collections::BTreeMap;

use domain::appointments::{Calendar, CalendarException, CalendarId, Service, ServiceId};
use domain::hours::Span;
use domain::zone::Zone;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use stores::appointments::Versioned;
use utoipa::ToSchema;

use super::reminding::RemindingBody;
use super::week::WeekBody;
use crate::edge::api::schema;
use crate::edge::problem::Problem;

/// Days in a row that a calendar keeps otherwise than its week says.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CalendarException)]
pub(super) struct ExceptionBody {
    /// The first day.
    #[schema(value_type = schema::Day)]
    first: Date,
    /// The last day; null or left out: the first one alone.
    #[serde(default)]
    #[schema(value_type = Option<schema::Day>)]
    last: Option<Date>,
    /// What it is called.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// The times at which it is open all the same, on each of the days.
    #[serde(default)]
    #[schema(value_type = Vec<domain::schema::HoursSpan>, max_items = 12)]
    open: Vec<Span>,
}

/// A calendar as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCalendar, example = json!({ "name": "Anna", "week": { "monday": ["09:00-12:30", "13:30-18:00"] } }))]
pub(super) struct CalendarBody {
    /// What it is called: the agent may say it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// The IANA name of the zone whose clocks its hours mean; left out: the business's.
    #[serde(default)]
    #[schema(max_length = 64)]
    pub(super) time_zone: Option<String>,
    #[serde(default)]
    week: WeekBody,
    /// Of several for one day the first counts.
    #[serde(default)]
    #[schema(max_items = 100)]
    exceptions: Vec<ExceptionBody>,
    /// How much of it can be taken at one time: 1 for a person, more for a pool of equal things.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 100, default = 1)]
    seats: u16,
    /// Whether it is offered.
    #[serde(default = "yes")]
    #[schema(default = true)]
    active: bool,
}

const fn one() -> u16 {
    1
}

const fn yes() -> bool {
    true
}

impl CalendarBody {
    pub(super) fn read(self, id: CalendarId, time_zone: Zone) -> Calendar {
        let exception = |exception: ExceptionBody| {
            let ExceptionBody { first, last, name, open } = exception;
            CalendarException { first, last, name, open }
        };
        Calendar {
            id,
            name: self.name.trim().to_owned(),
            time_zone,
            week: self.week.into(),
            exceptions: self.exceptions.into_iter().map(exception).collect(),
            seats: self.seats,
            active: self.active,
        }
    }
}

/// A calendar.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Calendar)]
pub(super) struct CalendarView {
    #[schema(value_type = schema::OfferedId)]
    id: CalendarId,
    name: String,
    /// The IANA name of the zone whose clocks its hours mean.
    time_zone: String,
    week: WeekBody,
    exceptions: Vec<ExceptionBody>,
    /// How much of it can be taken at one time.
    seats: u16,
    /// Whether it is offered.
    active: bool,
}

impl CalendarView {
    pub(super) fn new(calendar: &Calendar) -> Self {
        let Calendar { id, name, time_zone, week, exceptions, seats, active } = calendar.clone();
        let exception = |exception: CalendarException| {
            let CalendarException { first, last, name, open } = exception;
            ExceptionBody { first, last, name, open }
        };
        Self {
            id,
            name,
            time_zone: time_zone.name().to_owned(),
            week: week.into(),
            exceptions: exceptions.into_iter().map(exception).collect(),
            seats,
            active,
        }
    }
}

/// The calendars of a business.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CalendarList {
    calendars: Vec<CalendarView>,
}

impl CalendarList {
    pub(super) fn new(calendars: &[Versioned<Calendar>]) -> Self {
        Self { calendars: calendars.iter().map(|calendar| CalendarView::new(&calendar.value)).collect() }
    }
}

/// A service as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewService, example = json!({ "name": "Haircut", "minutes": 45, "calendars": ["anna"], "price": "40 euros" }))]
pub(super) struct ServiceBody {
    /// What it is called: the agent says it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What it is called in other languages, by their ISO 639-1 codes.
    #[serde(default)]
    names: BTreeMap<String, String>,
    /// What it costs, as people say it; nothing is computed from it.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    price: Option<String>,
    /// How long it takes.
    #[schema(minimum = 1, maximum = 1440)]
    minutes: u16,
    /// What must be free before it. The buffers of two neighbours add up.
    #[serde(default)]
    #[schema(maximum = 1439, default = 0)]
    before_minutes: u16,
    /// What must be free after it.
    #[serde(default)]
    #[schema(maximum = 1439, default = 0)]
    after_minutes: u16,
    /// How long before its beginning it can be booked at the latest.
    #[serde(default)]
    #[schema(maximum = 86400, default = 0)]
    notice_minutes: u32,
    /// How many days before its beginning it can be booked at the earliest.
    #[serde(default = "two_months")]
    #[schema(minimum = 1, maximum = 400, default = 60)]
    window_days: u16,
    /// The minutes between two beginnings, counted from the full hour: 1, 5, 10, 15, 20, 30 or 60.
    #[serde(default = "quarter")]
    #[schema(minimum = 1, maximum = 60, default = 15)]
    step_minutes: u16,
    /// How many people share one: 1 for an appointment, more for a class.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 200, default = 1)]
    seats: u16,
    /// Where it is done: in the first of them that is free.
    #[schema(value_type = Vec<schema::OfferedId>, min_items = 1, max_items = 32)]
    calendars: Vec<CalendarId>,
    /// Calendars that it takes along, such as a room: all of them must be free.
    #[serde(default)]
    #[schema(value_type = Vec<schema::OfferedId>, max_items = 4)]
    resources: Vec<CalendarId>,
    /// How many minutes before its beginning people are reminded.
    #[serde(default)]
    #[schema(max_items = 3)]
    reminders: Vec<u32>,
    /// How people are reminded; null or left out: `reminders` are missed, with the reason `no_way`.
    #[serde(default)]
    remind: Option<RemindingBody>,
    /// Whether it is offered.
    #[serde(default = "yes")]
    #[schema(default = true)]
    active: bool,
}

const fn two_months() -> u16 {
    60
}

const fn quarter() -> u16 {
    15
}

impl ServiceBody {
    pub(super) fn read(self, id: ServiceId) -> Result<Service, Problem> {
        Ok(Service {
            id,
            name: self.name.trim().to_owned(),
            names: self.names,
            price: self.price,
            minutes: self.minutes,
            before_minutes: self.before_minutes,
            after_minutes: self.after_minutes,
            notice_minutes: self.notice_minutes,
            window_days: self.window_days,
            step_minutes: self.step_minutes,
            seats: self.seats,
            calendars: self.calendars,
            resources: self.resources,
            reminders: self.reminders,
            remind: self.remind.map(RemindingBody::read).transpose()?,
            active: self.active,
        })
    }
}

/// A service.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Service)]
pub(super) struct ServiceView {
    #[schema(value_type = schema::OfferedId)]
    id: ServiceId,
    name: String,
    /// What it is called in other languages, by their ISO 639-1 codes.
    names: BTreeMap<String, String>,
    /// What it costs, as people say it.
    price: Option<String>,
    /// How long it takes.
    minutes: u16,
    before_minutes: u16,
    after_minutes: u16,
    notice_minutes: u32,
    window_days: u16,
    step_minutes: u16,
    /// How many people share one.
    seats: u16,
    #[schema(value_type = Vec<schema::OfferedId>)]
    calendars: Vec<CalendarId>,
    #[schema(value_type = Vec<schema::OfferedId>)]
    resources: Vec<CalendarId>,
    reminders: Vec<u32>,
    /// How people are reminded; null: they are not.
    remind: Option<RemindingBody>,
    /// Whether it is offered.
    active: bool,
}

impl ServiceView {
    pub(super) fn new(service: &Service) -> Self {
        let service = service.clone();
        Self {
            id: service.id,
            name: service.name,
            names: service.names,
            price: service.price,
            minutes: service.minutes,
            before_minutes: service.before_minutes,
            after_minutes: service.after_minutes,
            notice_minutes: service.notice_minutes,
            window_days: service.window_days,
            step_minutes: service.step_minutes,
            seats: service.seats,
            calendars: service.calendars,
            resources: service.resources,
            reminders: service.reminders,
            remind: service.remind.as_ref().map(RemindingBody::new),
            active: service.active,
        }
    }
}

/// The services of a business.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ServiceList {
    services: Vec<ServiceView>,
}

impl ServiceList {
    pub(super) fn new(services: &[Versioned<Service>]) -> Self {
        Self { services: services.iter().map(|service| ServiceView::new(&service.value)).collect() }
    }
}
