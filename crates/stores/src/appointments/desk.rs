//! What an agent does with appointments on behalf of the person it talks to, on the telephone and in texts alike: it looks
//! for times, books, moves, calls off, and tells what there is. Answers are for a model: what to say, and what to do next.
//!
//! The model passes on what the person said; days and hours are made here. It books tokens that were given to it in this
//! conversation, and it sees and changes the appointments of that person alone: those under the number that the network gives,
//! and those of the contact that the conversation belongs to.

mod answer;
mod offer;
mod request;

use domain::appointments::{
    Appointment, AppointmentId, CalendarId, Refusal, Service, ServiceId, SlotKey, Source, Status, Wanted,
    Whose,
};
use domain::appointments::{NAME_MAX_CHARS, NOTES_MAX_CHARS, Person};
use domain::token::TokenKey;
use domain::{BusinessId, Timestamp};
use serde::Deserialize;

use super::read::Reader;
use super::{AppointmentError, Catalogue, Fence, Made, Named, Place, Writer};
use crate::StoreError;

pub use answer::{Answer, Kept, Listed, Offer, Offered, Told};
pub use offer::Find;
pub use request::AppointmentRequest;

/// How often one time is booked anew in one conversation after it was called off.
const AGAIN_MAX: u32 = 5;

/// The person that an agent talks to, and where.
#[derive(Debug, Clone, Copy)]
pub struct Visitor<'a> {
    /// The business that the agent speaks for.
    pub business: &'a BusinessId,
    /// The call or the thread: tokens of slots are good in it alone.
    pub conversation: &'a str,
    /// The language in which times are told, a BCP 47 tag.
    pub language: &'a str,
    /// The person, whose number may be withheld or not known.
    pub whose: Whose<'a>,
    /// What is kept of how an appointment came about.
    pub source: &'a Source,
    /// The session that acts.
    pub fence: Option<Fence<'a>>,
}

/// What a model passes to book.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    /// The token of a slot.
    pub slot: String,
    /// How the person is called; without it the time is held while they are asked.
    #[serde(default)]
    pub name: String,
    /// Whatever else matters.
    #[serde(default)]
    pub notes: Option<String>,
}

/// What a model passes to move an appointment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reschedule {
    /// The appointment.
    pub appointment: String,
    /// The token of the slot that it is to have.
    pub slot: String,
}

/// What a model passes to call an appointment off.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// The appointment.
    pub appointment: String,
}

/// Held by what runs the tools of agents.
#[derive(Debug, Clone)]
pub struct Desk {
    reader: Reader,
    writer: Writer,
    key: SlotKey,
}

impl Desk {
    /// With the deployment's key, of which that of slots is derived.
    pub fn new(reader: Reader, writer: Writer, key: &TokenKey) -> Self {
        Self { reader, writer, key: key.slots() }
    }

    /// Books a slot that was offered in this conversation.
    ///
    /// # Errors
    /// [`AppointmentError`] when the store did not do it; a refusal is an answer. Asking again is safe.
    pub async fn book(
        &self,
        visitor: &Visitor<'_>,
        book: &Book,
        now: Timestamp,
    ) -> Result<Answer, AppointmentError> {
        let catalogue = self.reader.catalogue(visitor.business).await?;
        let wanted = match self.opened(visitor, &catalogue, &book.slot, now) {
            Ok(opened) => opened,
            Err(refusal) => return Ok(Answer::refused(refusal)),
        };
        if visitor.whose.is_unknown() {
            return Ok(Answer::refused(Refusal::NeedsPhone));
        }
        let cut = |text: &str, chars: usize| text.trim().chars().take(chars).collect::<String>();
        let name = cut(&book.name, NAME_MAX_CHARS);
        let (service, calendar, start) = wanted;
        let Whose { number, contacts } = visitor.whose;
        let person = Person { name, number: number.cloned(), contact: contacts.first().copied() };
        let notes =
            book.notes.as_deref().map(|notes| cut(notes, NOTES_MAX_CHARS)).filter(|notes| !notes.is_empty());
        let id = self.id_for(visitor, &service.id, start, now).await?;
        let resources = catalogue.resources(service);
        let candidate = match catalogue.candidate(service, calendar, &resources) {
            Ok(candidate) => candidate,
            Err(refusal) => return Ok(Answer::refused(refusal)),
        };
        let held = self.held(visitor, now).await?;
        let hold = person.name.is_empty();
        let made = match held {
            Some(held) if held == id && hold => return Ok(Answer::held()),
            Some(held) if held == id => {
                let named = Named { name: &person.name, notes: notes.as_deref() };
                let (lanes, fence) = (candidate.lanes(), visitor.fence);
                self.writer.confirm(visitor.business, &id, (service, &lanes), Some(named), now, fence).await
            }
            in_place_of => {
                let source = visitor.source.clone();
                let wanted = Wanted { id, person, notes, source, hold, in_place_of };
                let place = Place { candidate, start };
                self.writer.book(visitor.business, &wanted, place, now, visitor.fence).await
            }
        };
        if hold && made.is_ok() {
            return Ok(Answer::held());
        }
        self.told(visitor, &catalogue, (service, start), now, made, Kept::Booked).await
    }

    /// The time that is held for the person in this conversation.
    async fn held(&self, visitor: &Visitor<'_>, now: Timestamp) -> Result<Option<AppointmentId>, StoreError> {
        let theirs = self.reader.of_person(visitor.business, visitor.whose, now).await?;
        let is_held =
            |of: &&Appointment| of.status == Status::Held && of.stands(now) && of.source == *visitor.source;
        Ok(theirs.iter().find(is_held).map(|held| held.id.clone()))
    }

    /// Moves one of the person's appointments to a slot that was offered in this conversation.
    ///
    /// # Errors
    /// As for booking.
    pub async fn reschedule(
        &self,
        visitor: &Visitor<'_>,
        reschedule: &Reschedule,
        now: Timestamp,
    ) -> Result<Answer, AppointmentError> {
        let catalogue = self.reader.catalogue(visitor.business).await?;
        let (service, calendar, start) = match self.opened(visitor, &catalogue, &reschedule.slot, now) {
            Ok(opened) => opened,
            Err(refusal) => return Ok(Answer::refused(refusal)),
        };
        let Ok(id) = AppointmentId::parse(reschedule.appointment.trim()) else {
            return Ok(Answer::refused(Refusal::NotYours));
        };
        let resources = catalogue.resources(service);
        let candidate = match catalogue.candidate(service, calendar, &resources) {
            Ok(candidate) => candidate,
            Err(refusal) => return Ok(Answer::refused(refusal)),
        };
        let place = Place { candidate, start };
        let may = |appointment: &Appointment| own(visitor, appointment);
        let moved = self.writer.reschedule(visitor.business, &id, may, place, now, visitor.fence).await;
        self.told(visitor, &catalogue, (service, start), now, moved, Kept::Moved).await
    }

    /// Calls one of the person's appointments off.
    ///
    /// # Errors
    /// As for booking.
    pub async fn cancel(
        &self,
        visitor: &Visitor<'_>,
        cancel: &Cancel,
        now: Timestamp,
    ) -> Result<Answer, AppointmentError> {
        let Ok(id) = AppointmentId::parse(cancel.appointment.trim()) else {
            return Ok(Answer::refused(Refusal::NotYours));
        };
        let catalogue = self.reader.catalogue(visitor.business).await?;
        let may = |appointment: &Appointment| own(visitor, appointment);
        match self.writer.cancel(visitor.business, &id, may, now, visitor.fence).await {
            Ok(made) => Ok(Answer::kept(Kept::Cancelled, &made.appointment, &catalogue, visitor.language)),
            Err(AppointmentError::Refused(refusal)) => Ok(Answer::refused(refusal)),
            Err(error) => Err(error),
        }
    }

    /// The appointments of the person that are to come.
    ///
    /// # Errors
    /// As for booking.
    pub async fn list(&self, visitor: &Visitor<'_>, now: Timestamp) -> Result<Answer, AppointmentError> {
        if visitor.whose.is_unknown() {
            return Ok(Answer::refused(Refusal::NotYours));
        }
        let found = self.reader.of_person(visitor.business, visitor.whose, now).await?;
        let catalogue = self.reader.catalogue(visitor.business).await?;
        let booked = found.iter().filter(|appointment| appointment.status == Status::Booked);
        let all = booked.map(|appointment| Listed::new(appointment, &catalogue, visitor.language));
        Ok(Answer::Appointments { appointments: all.collect() })
    }

    /// What a token stands for.
    fn opened<'a>(
        &self,
        visitor: &Visitor<'_>,
        catalogue: &'a Catalogue,
        token: &str,
        now: Timestamp,
    ) -> Result<(&'a Service, &'a CalendarId, Timestamp), Refusal> {
        let pairs = catalogue
            .services
            .iter()
            .flat_map(|service| service.calendars.iter().map(move |calendar| (&service.id, calendar)));
        let given = (visitor.business, visitor.conversation);
        let (service, calendar, start) = self.key.open(given, pairs, token, now)?;
        Ok((catalogue.service(service)?, calendar, start))
    }

    /// The name of an appointment, by the conversation and the time: a model that books twice, or a session that goes on
    /// where another was lost, has one appointment. One that was called off, or moved away, is another.
    async fn id_for(
        &self,
        visitor: &Visitor<'_>,
        service: &ServiceId,
        start: Timestamp,
        now: Timestamp,
    ) -> Result<AppointmentId, StoreError> {
        let id = |again: u32| {
            let request = format!("{}#{service}#{}#{again}", visitor.conversation, start.0);
            AppointmentId::of(visitor.business, &request)
        };
        for again in 0..AGAIN_MAX {
            match self.reader.one(visitor.business, &id(again)).await? {
                Some(there) if !there.stands(now) || there.start != start => {}
                Some(_) | None => return Ok(id(again)),
            }
        }
        Ok(id(AGAIN_MAX))
    }

    async fn told(
        &self,
        visitor: &Visitor<'_>,
        catalogue: &Catalogue,
        (service, start): (&Service, Timestamp),
        now: Timestamp,
        made: Result<Made, AppointmentError>,
        kept: Kept,
    ) -> Result<Answer, AppointmentError> {
        match made {
            Ok(made) => Ok(Answer::kept(kept, &made.appointment, catalogue, visitor.language)),
            Err(AppointmentError::Refused(refusal @ (Refusal::SlotTaken | Refusal::DayFull))) => {
                let near = self.near(visitor, catalogue, service, start, now).await?;
                Ok(Answer::refused_with(refusal, near))
            }
            Err(AppointmentError::Refused(refusal)) => Ok(Answer::refused(refusal)),
            Err(error) => Err(error),
        }
    }
}

/// Whether the person may see and change an appointment: it is their own.
fn own(visitor: &Visitor<'_>, appointment: &Appointment) -> Result<(), AppointmentError> {
    match appointment.is_of(visitor.whose) {
        true => Ok(()),
        false => Err(Refusal::NotYours.into()),
    }
}
