//! Booking, moving, calling off, and saying what became of an appointment.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::appointments::{
    Appointment, AppointmentId, CalendarId, Lane, Person, Refusal, Service, ServiceId, Source, Status, Wanted,
};
use domain::contact::Handle;
use domain::{BusinessId, Timestamp};
use http::{HeaderMap, StatusCode, header};
use stores::appointments::{AppointmentError, Catalogue, Made, Place};

use super::shapes::{AppointmentChange, AppointmentView, Change, NewAppointment};
use super::{Appointments, problem, refused, wanted_of};
use crate::edge::api::input::Body;
use crate::edge::api::requester::Tenant;
use crate::edge::api::schema;
use crate::edge::etag;
use crate::edge::idempotency::{self, Replayed};
use crate::edge::problem::Problem;
use crate::shared::telling::tell_endpoints;

/// Books a time, or holds it for 180 seconds. One `Idempotency-Key` is one appointment, however often it is sent.
#[utoipa::path(
    post,
    path = "/v1/appointments",
    operation_id = "book_appointment",
    params(("Idempotency-Key" = schema::IdempotencyKey, Header)),
    request_body = NewAppointment,
    responses(
        (
            status = 201,
            description = "The time is booked, or held.",
            body = AppointmentView,
            headers(("ETag" = schema::VersionTag), ("Location" = String, description = "The appointment's address.")),
        ),
        (status = 409, description = "The time is taken: `alternatives` names others that are near."),
    ),
)]
pub(super) async fn book(
    State(app): State<Arc<Appointments>>,
    tenant: Tenant,
    headers: HeaderMap,
    Body(new): Body<NewAppointment>,
) -> Result<Response, Problem> {
    let business = &tenant.0;
    let id = AppointmentId::of(business, idempotency::required(&headers)?);
    let (start, service, calendar) = (new.start()?, new.service()?, new.calendar()?);
    let (hold, person, notes) = (new.hold, new.person()?, new.notes()?);
    // A repeated request is answered even if its service is not offered any more, or its contact is gone.
    let Made { appointment, replayed } = match app.reader.one(business, &id).await? {
        Some(appointment) => Made { appointment, replayed: true },
        None => {
            let person = app.known(business, person).await?;
            let wanted = Wanted { id, person, notes, source: Source::Api, hold, in_place_of: None };
            let catalogue = app.reader.catalogue(business).await?;
            let booked = app.book(business, &catalogue, (&service, calendar.as_ref(), start), &wanted);
            match Box::pin(booked).await {
                Ok(made) => made,
                Err(error) => return Err(app.refused(business, &catalogue, (&service, start), error).await),
            }
        }
    };
    app.tell(business, &appointment, replayed).await;
    let location = [(header::LOCATION, format!("/v1/appointments/{}", appointment.id))];
    let body = Json(AppointmentView::new(&appointment));
    Ok((StatusCode::CREATED, location, etag::of(appointment.version), Replayed(replayed), body)
        .into_response())
}

/// Changes an appointment in one way: `start` (with `service` and `calendar`, if these change too) moves it, `status` says
/// what becomes of it. `booked` confirms a time that is held, `cancelled` calls it off, `done` and `no_show` say what became
/// of one that has begun.
#[utoipa::path(
    patch,
    path = "/v1/appointments/{appointment}",
    operation_id = "change_appointment",
    params(("If-Match" = schema::VersionTag, Header)),
    request_body = AppointmentChange,
    responses(
        (status = 200, description = "How it stands now.", body = AppointmentView, headers(("ETag" = schema::VersionTag))),
        (status = 409, description = "The time is taken, with `alternatives`; or the appointment's state forbids it."),
        (status = 412, description = "It has changed since it was read."),
        (status = 428, description = "`If-Match` is missing."),
    ),
)]
pub(super) async fn change(
    State(app): State<Arc<Appointments>>,
    tenant: Tenant,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(change): Body<AppointmentChange>,
) -> Result<Response, Problem> {
    let (business, seen) = (&tenant.0, etag::seen(&headers)?);
    let change = change.read()?;
    let unknown = || Problem::not_found("appointment");
    let id = AppointmentId::parse(&id).map_err(|_| unknown())?;
    let before = app.reader.one(business, &id).await?.ok_or_else(unknown)?;
    let may = |appointment: &Appointment| match appointment.version == seen {
        true => Ok(()),
        false => Err(AppointmentError::Changed(appointment.version)),
    };
    // What an earlier request with this version has done is not done again: the store sees that it is so already.
    let now = app.clock.now();
    let made = match change {
        Change::Move { start, service, calendar } => {
            let service = service.unwrap_or_else(|| before.service.clone());
            let calendar = calendar.unwrap_or_else(|| before.calendar.clone());
            let catalogue = app.reader.catalogue(business).await?;
            let moved = app.reschedule(business, &catalogue, (&service, &calendar, start), &id, may);
            let moved = Box::pin(moved).await;
            match moved {
                Ok(made) => Ok(made),
                Err(error) => return Err(app.refused(business, &catalogue, (&service, start), error).await),
            }
        }
        Change::Confirm => {
            may(&before).map_err(problem)?;
            let catalogue = app.reader.catalogue(business).await?;
            let (service, lanes) = standing(&catalogue, &before).map_err(refused)?;
            Box::pin(app.writer.confirm(business, &id, (service, &lanes), None, now, None)).await
        }
        Change::Cancel => Box::pin(app.writer.cancel(business, &id, may, now, None)).await,
        Change::End { came } => Box::pin(app.writer.end(business, &id, may, came, now)).await,
    };
    let Made { appointment, replayed } = made.map_err(problem)?;
    app.tell(business, &appointment, replayed).await;
    Ok((etag::of(appointment.version), Json(AppointmentView::new(&appointment))).into_response())
}

/// What an appointment that is held takes, and its service.
fn standing<'a>(catalogue: &'a Catalogue, of: &Appointment) -> Result<(&'a Service, Vec<Lane>), Refusal> {
    let lane = |id: &CalendarId| catalogue.calendar(id).map(domain::appointments::Calendar::lane);
    let lanes = of.calendars().map(lane).collect::<Option<Vec<_>>>().ok_or(Refusal::UnknownCalendar)?;
    Ok((catalogue.service(&of.service)?, lanes))
}

impl Appointments {
    /// Has endpoints told of a change, which a time that is only held is not.
    async fn tell(&self, business: &BusinessId, appointment: &Appointment, replayed: bool) {
        if !replayed && appointment.status != Status::Held {
            tell_endpoints(&self.endpoints, business).await;
        }
    }

    /// The person with their contact: the one that is named, as it is now, or the one to which the number leads.
    async fn known(&self, business: &BusinessId, person: Person) -> Result<Person, Problem> {
        let contact = match (person.contact, &person.number) {
            (Some(named), _) => {
                let unknown = || Problem::invalid("/person/contact", "contact", "there is no such contact");
                let stored = self.contacts.one(business, named).await?.ok_or_else(unknown)?;
                Some(stored.contact.id)
            }
            (None, Some(number)) => self.contacts.id_of(business, &Handle::phone(number)).await?,
            (None, None) => None,
        };
        Ok(Person { contact, ..person })
    }

    /// In the calendar that is named, or in the first one of the service that is free then.
    async fn book(
        &self,
        business: &BusinessId,
        catalogue: &Catalogue,
        (service, calendar, start): (&ServiceId, Option<&CalendarId>, Timestamp),
        wanted: &Wanted,
    ) -> Result<Made, AppointmentError> {
        let now = self.clock.now();
        let service = catalogue.service(service)?;
        let resources = catalogue.resources(service);
        let mut refusal = Refusal::UnknownCalendar;
        for id in wanted_of(service, calendar) {
            let Ok(candidate) = catalogue.candidate(service, id, &resources) else { continue };
            let place = Place { candidate, start };
            match self.writer.book(business, wanted, place, now, None).await {
                Err(AppointmentError::Refused(refused)) => refusal = worse(refusal, refused),
                made_or_failed => return made_or_failed,
            }
        }
        Err(refusal.into())
    }

    async fn reschedule(
        &self,
        business: &BusinessId,
        catalogue: &Catalogue,
        (service, calendar, start): (&ServiceId, &CalendarId, Timestamp),
        id: &AppointmentId,
        may: impl Fn(&Appointment) -> Result<(), AppointmentError>,
    ) -> Result<Made, AppointmentError> {
        let service = catalogue.service(service)?;
        let resources = catalogue.resources(service);
        let candidate = catalogue.candidate(service, calendar, &resources)?;
        let place = Place { candidate, start };
        self.writer.reschedule(business, id, may, place, self.clock.now(), None).await
    }
}

/// Of the reasons of two calendars the one that says more: a time that is taken would have been possible.
const fn worse(before: Refusal, now: Refusal) -> Refusal {
    match (before, now) {
        (Refusal::SlotTaken, _) | (_, Refusal::UnknownCalendar) => before,
        _ => now,
    }
}
