//! An appointment and how it may change. Whether its time is free is for [`Agendas`](super::Agendas) to say.

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use super::{AppointmentId, CalendarId, Candidate, HOLD_LASTS, Interval, Refusal, ServiceId};
use crate::contact::ContactId;
use crate::texts::ThreadId;
use crate::zone::Zone;
use crate::{CallSid, PhoneNumber, Timestamp};

/// The longest name of a person, characters.
pub const NAME_MAX_CHARS: usize = 100;
/// The longest notes, characters.
pub const NOTES_MAX_CHARS: usize = 1_000;

/// The state of an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Status {
    /// The time is kept for a person who has not decided yet, for [`HOLD_LASTS`].
    Held,
    /// It is made.
    Booked,
    /// It was called off, or its hold was given back.
    Cancelled,
    /// It took place.
    Done,
    /// The person did not come.
    NoShow,
}

/// The person that an appointment is for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// How they are called, as they said it.
    pub name: String,
    /// Where they are reached, and by what they are known.
    #[serde(default)]
    pub number: Option<PhoneNumber>,
    /// Who they are among the contacts of the business, under the id that they had when it was made; `None`: it was not
    /// known, or it was made before appointments said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person(..)")
    }
}

/// One person, by everything that an appointment may know them by.
#[derive(Debug, Clone, Copy, Default)]
pub struct Whose<'a> {
    /// Their number, as the network says it.
    pub number: Option<&'a PhoneNumber>,
    /// Their contact, and behind it those that were merged into it: an appointment keeps the one that it was made with.
    pub contacts: &'a [ContactId],
}

impl Whose<'_> {
    /// Whether nothing is known by which appointments could be theirs.
    pub const fn is_unknown(&self) -> bool {
        self.number.is_none() && self.contacts.is_empty()
    }

    /// Whether this is that person.
    pub fn is(&self, person: &Person) -> bool {
        let same_number = self.number.is_some() && self.number == person.number.as_ref();
        same_number || person.contact.is_some_and(|contact| self.contacts.contains(&contact))
    }
}

/// How an appointment came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// An agent made it in a call.
    Call(CallSid),
    /// An agent made it in a thread of texts.
    Thread(ThreadId),
    /// A person or a program made it through the API.
    Api,
}

/// A person's time with a service.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// Our key of it.
    pub id: AppointmentId,
    /// The service.
    pub service: ServiceId,
    /// Where it is done.
    pub calendar: CalendarId,
    /// What it takes along.
    #[serde(default)]
    pub resources: Vec<CalendarId>,
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// From when on its calendars are taken, with the buffers.
    pub taken_from: Timestamp,
    /// Until when.
    pub taken_until: Timestamp,
    /// The zone of its calendar when it was made.
    pub time_zone: Zone,
    /// What clocks in this zone were to show when it begins: what was said to the person.
    pub local: DateTime,
    /// For which person.
    pub person: Person,
    /// Whatever else matters for it.
    #[serde(default)]
    pub notes: Option<String>,
    /// Its state.
    pub status: Status,
    /// Until when it is held.
    #[serde(default)]
    pub held_until: Option<Timestamp>,
    /// How it came about.
    pub source: Source,
    /// How often it was moved or called off since it was made: SEQUENCE of RFC 5545.
    pub sequence: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// Counts its writes, from 1 on.
    pub version: u64,
}

// It speaks of a person.
impl std::fmt::Debug for Appointment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Appointment")
            .field("id", &self.id)
            .field("calendar", &self.calendar)
            .field("start", &self.start)
            .field("status", &self.status)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// What is asked for with a new appointment, besides the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Our key of it.
    pub id: AppointmentId,
    /// For which person.
    pub person: Person,
    /// Whatever else matters for it.
    pub notes: Option<String>,
    /// How it came about.
    pub source: Source,
    /// Whether the time is only held.
    pub hold: bool,
    /// A time that is held for the same person, and is given back when this one is taken.
    pub in_place_of: Option<AppointmentId>,
}

impl Appointment {
    /// A new one.
    pub fn new(wanted: Wanted, candidate: &Candidate<'_>, start: Timestamp, now: Timestamp) -> Self {
        let held_until = wanted.hold.then(|| now.plus(HOLD_LASTS));
        let draft = Self {
            id: wanted.id,
            service: candidate.service.id.clone(),
            calendar: candidate.calendar.id.clone(),
            resources: vec![],
            start,
            end: start,
            taken_from: start,
            taken_until: start,
            time_zone: candidate.calendar.time_zone.clone(),
            local: candidate.calendar.time_zone.local(start),
            person: wanted.person,
            notes: wanted.notes,
            status: if wanted.hold { Status::Held } else { Status::Booked },
            held_until,
            source: wanted.source,
            sequence: 0,
            created_at: now,
            changed_at: now,
            version: 1,
        };
        draft.at(candidate, start)
    }

    fn at(self, candidate: &Candidate<'_>, start: Timestamp) -> Self {
        let (lasts, takes) = (candidate.service.lasts(start), candidate.service.takes(start));
        Self {
            service: candidate.service.id.clone(),
            calendar: candidate.calendar.id.clone(),
            resources: candidate.resources.iter().map(|resource| resource.id.clone()).collect(),
            start,
            end: lasts.until,
            taken_from: takes.from,
            taken_until: takes.until,
            time_zone: candidate.calendar.time_zone.clone(),
            local: candidate.calendar.time_zone.local(start),
            ..self
        }
    }

    /// What it takes of its calendars.
    pub fn takes(&self) -> Interval {
        Interval { from: self.taken_from, until: self.taken_until }
    }

    /// Everything that it takes something of.
    pub fn calendars(&self) -> impl Iterator<Item = &CalendarId> {
        [&self.calendar].into_iter().chain(&self.resources)
    }

    /// Whether it takes time now.
    pub fn stands(&self, now: Timestamp) -> bool {
        match self.status {
            Status::Booked => true,
            Status::Held => self.held_until.is_some_and(|until| now < until),
            Status::Cancelled | Status::Done | Status::NoShow => false,
        }
    }

    /// Whether this person may see and change it.
    pub fn is_of(&self, whose: Whose<'_>) -> bool {
        whose.is(&self.person)
    }

    /// The moment at which clocks show what was said to the person. It is not [`start`](Self::start) if the zone's rules
    /// have changed since.
    pub fn promised(&self) -> Timestamp {
        self.time_zone.reached(self.local).unwrap_or(self.start)
    }

    fn changed(self, now: Timestamp) -> Self {
        Self { changed_at: now, version: self.version + 1, ..self }
    }

    /// Makes a held one a booked one.
    ///
    /// # Errors
    /// [`Refusal::HoldExpired`], [`Refusal::WrongStatus`].
    pub fn confirmed(self, now: Timestamp) -> Result<Self, Refusal> {
        match self.status {
            Status::Held if self.stands(now) => {
                Ok(Self { status: Status::Booked, held_until: None, ..self }.changed(now))
            }
            Status::Held => Err(Refusal::HoldExpired),
            _ => Err(Refusal::WrongStatus),
        }
    }

    /// Gives a time that was held back for another one.
    ///
    /// # Errors
    /// [`Refusal::WrongStatus`] for one that is not held.
    pub fn given_back(self, now: Timestamp) -> Result<Self, Refusal> {
        match self.status {
            Status::Held => Ok(Self { status: Status::Cancelled, held_until: None, ..self }.changed(now)),
            _ => Err(Refusal::WrongStatus),
        }
    }

    /// Moves one that has not begun to another time, service or calendar.
    ///
    /// # Errors
    /// [`Refusal::WrongStatus`].
    pub fn moved(self, candidate: &Candidate<'_>, start: Timestamp, now: Timestamp) -> Result<Self, Refusal> {
        if self.status != Status::Booked || self.start <= now {
            return Err(Refusal::WrongStatus);
        }
        let sequence = self.sequence + 1;
        Ok(Self { sequence, ..self.at(candidate, start) }.changed(now))
    }

    /// Calls it off.
    ///
    /// # Errors
    /// [`Refusal::WrongStatus`] for one that has begun, or does not stand.
    pub fn cancelled(self, now: Timestamp) -> Result<Self, Refusal> {
        let may = matches!(self.status, Status::Booked | Status::Held) && now < self.start;
        if !may {
            return Err(Refusal::WrongStatus);
        }
        let sequence = self.sequence + 1;
        Ok(Self { status: Status::Cancelled, held_until: None, sequence, ..self }.changed(now))
    }

    /// Says what became of one that has begun: it took place, or the person did not come. Either may be corrected.
    ///
    /// # Errors
    /// [`Refusal::WrongStatus`].
    pub fn ended(self, came: bool, now: Timestamp) -> Result<Self, Refusal> {
        let may = matches!(self.status, Status::Booked | Status::Done | Status::NoShow) && self.start <= now;
        if !may {
            return Err(Refusal::WrongStatus);
        }
        let status = if came { Status::Done } else { Status::NoShow };
        Ok(Self { status, ..self }.changed(now))
    }
}
