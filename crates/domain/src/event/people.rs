//! What events say of contacts, leads and appointments.

use serde::Serialize;

use super::{Body, Happened, Links, Time, Type};
use crate::appointments::{Appointment, Became, Source, became};
use crate::contact::{Contact, LeadMove, MovedBy};
use crate::{BusinessId, Timestamp};

/// A contact.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventContact))]
pub struct ContactTold<'a> {
    /// Names the contact.
    pub id: String,
    /// What it is called; null: not known.
    pub name: Option<&'a str>,
    /// Where it works; null: not known.
    pub company: Option<&'a str>,
    /// What identifies it.
    pub handles: Vec<HandleTold<'a>>,
}

/// A thing that identifies a person.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventHandle))]
pub struct HandleTold<'a> {
    /// `phone`, `whatsapp`, `whatsapp_parent`, `email` or `external`.
    pub kind: &'static str,
    /// The number, the address or the id.
    pub value: &'a str,
}

impl<'a> ContactTold<'a> {
    /// The contact as it stands.
    pub fn of(contact: &'a Contact) -> Self {
        let handle = |handle: &'a crate::contact::Handle| HandleTold {
            kind: handle.kind().as_str(),
            value: handle.value(),
        };
        Self {
            id: contact.id.to_string(),
            name: contact.name().map(|name| name.value.as_str()),
            company: contact.company.as_ref().map(|company| company.value.as_str()),
            handles: contact.handles.iter().map(handle).collect(),
        }
    }

    fn links(&self) -> Links {
        Links::to("contact", format!("/v1/contacts/{}", self.id))
    }
}

/// The body of `contact.created`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventContactCreated))]
pub struct ContactCreated<'a> {
    /// The contact.
    pub contact: ContactTold<'a>,
    /// What made it: `conversation` for a first call or text, `api`, `import` for a row of a file, or `form` for a lead that
    /// came in.
    pub origin: &'static str,
    /// Where more is found.
    pub links: Links,
}

/// The body of `lead.status_changed`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventLeadStatusChanged))]
pub struct LeadStatusChanged<'a> {
    /// The contact.
    pub contact: ContactTold<'a>,
    /// The id of the status where it was; null: it had none, which counts as the first one.
    pub from: Option<&'a str>,
    /// The id of the status where it is.
    pub to: &'a str,
    /// What moved it: `key`, a member or a program, `call`, or `lead_source`, a form that the person filled in.
    pub by: &'static str,
    /// The key, the call or the source.
    pub by_id: &'a str,
    /// Why, in words; null: it was not said.
    pub reason: Option<&'a str>,
    /// How often it has moved.
    pub number: u32,
    /// Where more is found.
    pub links: Links,
}

/// The body of all events of appointments.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventAppointment))]
pub struct AppointmentChanged<'a> {
    /// Names the appointment.
    pub id: String,
    /// `booked`, `cancelled` or `no_show`.
    pub status: &'static str,
    /// The id of the service.
    pub service: &'a str,
    /// The id of the calendar.
    pub calendar: &'a str,
    /// When it begins.
    pub start: Time,
    /// When it ends.
    pub end: Time,
    /// What the clocks of `time_zone` show when it begins.
    pub local: String,
    /// The zone of its calendar, an IANA name.
    pub time_zone: &'a str,
    /// When it was to begin before it was moved; null: it was not moved now.
    pub previous_start: Option<Time>,
    /// What the person is called.
    pub name: &'a str,
    /// The number of the person; null: not known.
    pub number: Option<&'a str>,
    /// The contact of the person; null: not known.
    pub contact: Option<String>,
    /// What else matters for it; null: nothing.
    pub notes: Option<&'a str>,
    /// How it came about: `call`, `thread` or `api`.
    pub source: &'static str,
    /// The call or thread in which it was made.
    pub source_id: Option<&'a str>,
    /// Counts its changes, from 1: a receiver that has seen a higher one knows this to be old.
    pub version: u64,
    /// Where more is found.
    pub links: Links,
}

/// A contact was made.
pub fn contact_created<'a>(
    business: &BusinessId,
    contact: &'a Contact,
    origin: &'static str,
    now: Timestamp,
) -> Happened<'a> {
    let told = ContactTold::of(contact);
    let links = told.links();
    let id = format!("{}#{}", Type::ContactCreated.name(), contact.id);
    let body = ContactCreated { contact: told, origin, links };
    of_no_call(business, Type::ContactCreated, id, now, Body::ContactCreated(Box::new(body)))
}

/// A lead has moved; this is the contact after it.
pub fn lead_moved<'a>(
    business: &BusinessId,
    contact: &'a Contact,
    moved: &'a LeadMove,
    now: Timestamp,
) -> Happened<'a> {
    let told = ContactTold::of(contact);
    let links = told.links();
    let (by, by_id) = match &moved.by {
        MovedBy::Key(key) => ("key", key.as_str()),
        MovedBy::Call(call) => ("call", call.as_str()),
        MovedBy::LeadSource(source) => ("lead_source", source.as_str()),
    };
    let id = format!("{}#{}#{:06}", Type::LeadStatusChanged.name(), contact.id, moved.number);
    let body = LeadStatusChanged {
        contact: told,
        from: moved.from.as_ref().map(|from| from.as_str()),
        to: moved.to.as_str(),
        by,
        by_id,
        reason: moved.reason.as_deref(),
        number: moved.number,
        links,
    };
    of_no_call(business, Type::LeadStatusChanged, id, now, Body::LeadStatusChanged(Box::new(body)))
}

/// What a change of an appointment is told as; `None`: it is not told. That an appointment took place is not.
pub fn appointment<'a>(
    business: &BusinessId,
    before: Option<&Appointment>,
    after: &'a Appointment,
) -> Option<Happened<'a>> {
    let is_elsewhere = |before: &Appointment| {
        (before.start, &before.service, &before.calendar) != (after.start, &after.service, &after.calendar)
    };
    // That a person is taken out of one that stands, or has stood, is no news of it.
    let is_news = before.is_none_or(|before| before.status != after.status || is_elsewhere(before));
    let kind = match became(before, after).filter(|_| is_news)? {
        Became::Booked => Type::AppointmentBooked,
        Became::Moved => Type::AppointmentMoved,
        Became::Cancelled => Type::AppointmentCancelled,
        Became::NoShow => Type::AppointmentNoShow,
        Became::Done => return None,
    };
    let previous_start = before.filter(|_| kind == Type::AppointmentMoved).map(|before| Time(before.start));
    let (source, source_id) = match &after.source {
        Source::Call(call) => ("call", Some(call.as_str())),
        Source::Thread(thread) => ("thread", Some(thread.as_str())),
        Source::Api => ("api", None),
    };
    let mut links = Links::to("appointment", format!("/v1/appointments/{}", after.id));
    if let Some(contact) = after.person.contact {
        links = links.and("contact", format!("/v1/contacts/{contact}"));
    }
    let body = AppointmentChanged {
        id: after.id.to_string(),
        status: after.status.into(),
        service: after.service.as_str(),
        calendar: after.calendar.as_str(),
        start: Time(after.start),
        end: Time(after.end),
        local: after.local.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        time_zone: after.time_zone.name(),
        previous_start,
        name: &after.person.name,
        number: after.person.number.as_ref().map(|number| number.as_e164()),
        contact: after.person.contact.map(|contact| contact.to_string()),
        notes: after.notes.as_deref(),
        source,
        source_id,
        version: after.version,
        links,
    };
    let id = format!("{}#{}#{:06}", kind.name(), after.id, after.version);
    let body = Body::AppointmentChanged(Box::new(body));
    Some(of_no_call(business, kind, id, after.changed_at, body))
}

/// An event that is not of a call, so that no direction keeps it from an endpoint.
fn of_no_call<'a>(
    business: &BusinessId,
    kind: Type,
    id: String,
    at: Timestamp,
    body: Body<'a>,
) -> Happened<'a> {
    Happened { business: business.clone(), id, kind, call: None, direction: None, at, body }
}
