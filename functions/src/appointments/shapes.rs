//! The requests and answers about free times and appointments.

use domain::appointments::{
    Appointment, CalendarId, Interval, NAME_MAX_CHARS, NOTES_MAX_CHARS, Person, ServiceId, Slot, Source,
};
use domain::{ContactId, PhoneNumber, Timestamp};
use platform::clock::from_rfc3339;
use serde::{Deserialize, Serialize};
use stores::appointments::Catalogue;
use utoipa::{IntoParams, ToSchema};

use crate::edge::api::schema;
use crate::edge::problem::Problem;
use crate::shared::shapes::Time;

/// The time that is searched without an end, milliseconds: two weeks.
const SEARCHED_MS: i64 = 14 * 24 * 60 * 60 * 1_000;
/// The longest time that is searched, milliseconds: two months.
const SEARCHED_MAX_MS: i64 = 62 * 24 * 60 * 60 * 1_000;

/// The query of `GET /v1/appointments/slots`. Unknown and repeated parameters are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FindSlots {
    /// Of which service.
    #[param(value_type = schema::OfferedId)]
    pub(super) service: String,
    /// In which calendar; in all of the service's without it.
    #[param(value_type = Option<schema::OfferedId>, nullable = false)]
    pub(super) calendar: Option<String>,
    /// From when on they begin, RFC 3339; now without it.
    #[param(value_type = Option<Time>, nullable = false)]
    from: Option<String>,
    /// Before when they begin; two weeks later without it, and two months later at most.
    #[param(value_type = Option<Time>, nullable = false)]
    until: Option<String>,
    /// How many at most, 1 to 100; 25 without it.
    #[param(minimum = 1, maximum = 100, default = 25, nullable = false)]
    pub(super) limit: Option<u16>,
}

fn moment(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let refused =
        || Problem::bad_request(format!("`{name}` is no moment: write it like `2026-12-01T08:30:00Z`"));
    from_rfc3339(text).map(Some).ok_or_else(refused)
}

impl FindSlots {
    pub(super) fn interval(&self, now: Timestamp) -> Result<Interval, Problem> {
        let from = moment("from", self.from.as_deref())?.unwrap_or(now);
        let usual = Timestamp(from.0.saturating_add(SEARCHED_MS));
        let until = moment("until", self.until.as_deref())?.unwrap_or(usual);
        let longest = Timestamp(from.0.saturating_add(SEARCHED_MAX_MS));
        Ok(Interval { from, until: until.min(longest) })
    }
}

/// A time at which a service can begin.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AppointmentSlot)]
struct SlotView {
    #[schema(value_type = schema::OfferedId)]
    service: ServiceId,
    #[schema(value_type = schema::OfferedId)]
    calendar: CalendarId,
    start: Time,
    end: Time,
    /// What clocks in the calendar's zone show at its beginning.
    local: String,
    /// The IANA name of this zone.
    time_zone: String,
}

/// Free times.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SlotList {
    slots: Vec<SlotView>,
}

impl SlotList {
    pub(super) fn new(free: &[Slot], catalogue: &Catalogue) -> Self {
        let view = |slot: &Slot| SlotView {
            service: slot.service.clone(),
            calendar: slot.calendar.clone(),
            start: Time(slot.start),
            end: Time(slot.end),
            local: slot.local.to_string(),
            time_zone: catalogue
                .calendar(&slot.calendar)
                .map_or("UTC", |calendar| calendar.time_zone.name())
                .to_owned(),
        };
        Self { slots: free.iter().map(view).collect() }
    }
}

/// The query of `GET /v1/appointments`. Unknown and repeated parameters are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListAppointments {
    /// From when on they begin, RFC 3339; all without it.
    #[param(value_type = Option<Time>, nullable = false)]
    from: Option<String>,
    /// Before when they begin; all without it.
    #[param(value_type = Option<Time>, nullable = false)]
    until: Option<String>,
    /// Those of one contact: that are for it, for one that went into it, or for one of its numbers.
    #[param(value_type = Option<schema::ContactId>, nullable = false)]
    contact: Option<String>,
    /// Appointments on one page, 1 to 100; 25 without it.
    #[param(minimum = 1, maximum = 100, default = 25, nullable = false)]
    pub(super) limit: Option<u16>,
    /// `next` of the page before, with the same filters.
    #[param(value_type = Option<schema::Cursor>, nullable = false)]
    pub(super) cursor: Option<String>,
}

impl ListAppointments {
    pub(super) fn contact(&self) -> Result<Option<ContactId>, Problem> {
        let contact = self.contact.as_deref().map(ContactId::parse).transpose();
        contact.map_err(|_| Problem::bad_request("`contact` is the id of a contact"))
    }

    pub(super) fn interval(&self) -> Result<Interval, Problem> {
        let from = moment("from", self.from.as_deref())?.unwrap_or(Timestamp(0));
        let until = moment("until", self.until.as_deref())?.unwrap_or(Timestamp(253_402_300_799_000));
        // An interval that ends before it begins has no appointments.
        Ok(Interval { from, until: until.max(from) })
    }
}

/// The person that an appointment is for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAppointmentPerson)]
struct PersonBody {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Where they are reached, and by what an agent knows them.
    #[serde(default)]
    #[schema(value_type = Option<schema::E164>)]
    number: Option<String>,
    /// Who they are among the contacts; null or left out: the contact of the number, if it has one.
    #[serde(default)]
    #[schema(value_type = Option<schema::ContactId>)]
    contact: Option<String>,
}

/// A time that is to be booked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAppointment, example = json!({
    "service": "haircut", "start": "2026-12-03T13:30:00Z", "person": { "name": "Maria Huber", "number": "+12025550143" }
}))]
pub(super) struct NewAppointment {
    #[schema(value_type = schema::OfferedId)]
    service: String,
    /// Null or left out: in the first calendar of the service that is free then.
    #[serde(default)]
    #[schema(value_type = Option<schema::OfferedId>)]
    calendar: Option<String>,
    #[schema(value_type = Time)]
    start: String,
    person: PersonBody,
    /// Whatever else matters for it.
    #[serde(default)]
    #[schema(max_length = 1000)]
    notes: Option<String>,
    /// Whether it is only held, for 180 seconds.
    #[serde(default)]
    #[schema(default = false)]
    pub(super) hold: bool,
}

fn started(text: &str) -> Result<Timestamp, Problem> {
    let refused = || Problem::invalid("/start", "moment", "write it like `2026-12-01T08:30:00Z`");
    from_rfc3339(text).ok_or_else(refused)
}

fn service_of(text: &str) -> Result<ServiceId, Problem> {
    ServiceId::parse(text).map_err(|error| Problem::invalid("/service", "id", error.to_string()))
}

fn calendar_of(text: Option<&str>) -> Result<Option<CalendarId>, Problem> {
    let refused = |error: domain::ids::InvalidId| Problem::invalid("/calendar", "id", error.to_string());
    text.map(CalendarId::parse).transpose().map_err(refused)
}

impl NewAppointment {
    pub(super) fn start(&self) -> Result<Timestamp, Problem> {
        started(&self.start)
    }

    pub(super) fn service(&self) -> Result<ServiceId, Problem> {
        service_of(&self.service)
    }

    pub(super) fn calendar(&self) -> Result<Option<CalendarId>, Problem> {
        calendar_of(self.calendar.as_deref())
    }

    pub(super) fn person(&self) -> Result<Person, Problem> {
        let name = self.person.name.trim();
        if name.is_empty() || name.chars().count() > NAME_MAX_CHARS {
            let detail = format!("give 1 to {NAME_MAX_CHARS} characters");
            return Err(Problem::invalid("/person/name", "length", detail));
        }
        let number = self.person.number.as_deref().map(PhoneNumber::parse).transpose();
        let number =
            number.map_err(|error| Problem::invalid("/person/number", "number", error.to_string()))?;
        let contact = self.person.contact.as_deref().map(ContactId::parse).transpose();
        let contact =
            contact.map_err(|error| Problem::invalid("/person/contact", "contact", error.to_string()))?;
        Ok(Person { name: name.to_owned(), number, contact })
    }

    pub(super) fn notes(&self) -> Result<Option<String>, Problem> {
        let notes = self.notes.as_deref().map(str::trim).filter(|notes| !notes.is_empty());
        match notes {
            Some(long) if long.chars().count() > NOTES_MAX_CHARS => {
                let detail = format!("give {NOTES_MAX_CHARS} characters at most");
                Err(Problem::invalid("/notes", "length", detail))
            }
            notes => Ok(notes.map(str::to_owned)),
        }
    }
}

/// What becomes of an appointment: either `start` or `status`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AppointmentChange, example = json!({ "status": "cancelled" }))]
pub(super) struct AppointmentChange {
    /// When it is to begin.
    #[serde(default)]
    #[schema(value_type = Option<Time>)]
    start: Option<String>,
    /// Another service, with `start`.
    #[serde(default)]
    #[schema(value_type = Option<schema::OfferedId>)]
    service: Option<String>,
    /// Another calendar, with `start`.
    #[serde(default)]
    #[schema(value_type = Option<schema::OfferedId>)]
    calendar: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<schema::AppointmentStatusChoice>)]
    status: Option<WantedStatus>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WantedStatus {
    Booked,
    Cancelled,
    Done,
    NoShow,
}

/// One change.
pub(super) enum Change {
    Move { start: Timestamp, service: Option<ServiceId>, calendar: Option<CalendarId> },
    Confirm,
    Cancel,
    End { came: bool },
}

impl AppointmentChange {
    pub(super) fn read(self) -> Result<Change, Problem> {
        match (self.start, self.status) {
            (Some(start), None) => Ok(Change::Move {
                start: started(&start)?,
                service: self.service.as_deref().map(service_of).transpose()?,
                calendar: calendar_of(self.calendar.as_deref())?,
            }),
            (None, Some(status)) if self.service.is_none() && self.calendar.is_none() => Ok(match status {
                WantedStatus::Booked => Change::Confirm,
                WantedStatus::Cancelled => Change::Cancel,
                WantedStatus::Done => Change::End { came: true },
                WantedStatus::NoShow => Change::End { came: false },
            }),
            _ => Err(Problem::invalid("", "one_change", "give `start`, or `status` alone")),
        }
    }
}

/// The person that an appointment is for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AppointmentPerson)]
struct PersonView {
    name: String,
    #[schema(value_type = Option<schema::E164>)]
    number: Option<String>,
    /// Their contact, under the id that it had when the appointment was made; null: it was not known.
    #[schema(value_type = Option<schema::ContactId>)]
    contact: Option<ContactId>,
}

/// An appointment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Appointment)]
pub(super) struct AppointmentView {
    #[schema(value_type = schema::AppointmentId)]
    id: String,
    #[schema(value_type = schema::OfferedId)]
    service: ServiceId,
    #[schema(value_type = schema::OfferedId)]
    calendar: CalendarId,
    /// What it takes along.
    #[schema(value_type = Vec<schema::OfferedId>)]
    resources: Vec<CalendarId>,
    #[schema(value_type = schema::AppointmentStatusWord)]
    status: domain::appointments::Status,
    start: Time,
    end: Time,
    /// What clocks in `time_zone` were to show at its beginning when it was made.
    local: String,
    time_zone: String,
    person: PersonView,
    notes: Option<String>,
    /// Until when it is held; null unless it is.
    held_until: Option<Time>,
    /// The call in which an agent made it; null: it was made otherwise.
    #[schema(value_type = Option<schema::CallSid>)]
    call: Option<String>,
    /// The thread of texts in which an agent made it; null: it was made otherwise.
    #[schema(value_type = Option<schema::ThreadId>)]
    thread: Option<String>,
    created_at: Time,
    changed_at: Time,
}

impl AppointmentView {
    pub(super) fn new(appointment: &Appointment) -> Self {
        Self {
            id: appointment.id.to_string(),
            service: appointment.service.clone(),
            calendar: appointment.calendar.clone(),
            resources: appointment.resources.clone(),
            status: appointment.status,
            start: Time(appointment.start),
            end: Time(appointment.end),
            local: appointment.local.to_string(),
            time_zone: appointment.time_zone.name().to_owned(),
            person: PersonView {
                name: appointment.person.name.clone(),
                number: appointment.person.number.as_ref().map(|number| number.as_e164().to_owned()),
                contact: appointment.person.contact,
            },
            notes: appointment.notes.clone(),
            held_until: appointment.held_until.map(Time),
            call: match &appointment.source {
                Source::Call(call) => Some(call.to_string()),
                Source::Thread(_) | Source::Api => None,
            },
            thread: match &appointment.source {
                Source::Thread(thread) => Some(thread.to_string()),
                Source::Call(_) | Source::Api => None,
            },
            created_at: Time(appointment.created_at),
            changed_at: Time(appointment.changed_at),
        }
    }
}

/// A page of appointments.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AppointmentList {
    appointments: Vec<AppointmentView>,
    /// The cursor of the next page; null on the last one.
    #[schema(value_type = Option<schema::Cursor>)]
    next: Option<String>,
}

impl AppointmentList {
    pub(super) fn new(appointments: &[Appointment], next: Option<String>) -> Self {
        Self { appointments: appointments.iter().map(AppointmentView::new).collect(), next }
    }
}
