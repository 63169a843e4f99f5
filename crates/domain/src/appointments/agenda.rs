//! Agendas: what is taken of a calendar on one day of UTC. Days of UTC, since they are the same whatever zone a calendar
//! is moved to, and whatever its clocks do.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{AppointmentId, CalendarId, External, Interval, Refusal, ServiceId};
use crate::Timestamp;

/// Entries of one agenda, at most: an item of DynamoDB has 400 KB.
pub const AGENDA_MAX: usize = 500;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// A day of UTC, counted from 1 January 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcDay(pub u32);

impl UtcDay {
    /// The day of a moment; the first day there is for one before it.
    pub fn of(at: Timestamp) -> Self {
        Self(u32::try_from(at.0.div_euclid(DAY_MS)).unwrap_or(0))
    }

    /// The days that an interval has time on.
    pub fn covering(interval: Interval) -> impl Iterator<Item = Self> {
        let last = Timestamp(interval.until.0.saturating_sub(1));
        (Self::of(interval.from).0..=Self::of(last).0).map(Self)
    }
}

/// One agenda.
pub type AgendaKey = (CalendarId, UtcDay);

/// What has to be free: a calendar, and how much of it can be taken at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// The calendar.
    pub calendar: CalendarId,
    /// How much there is of it.
    pub seats: u16,
}

/// What is taken by one appointment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// By which.
    pub appointment: AppointmentId,
    /// The service.
    pub service: ServiceId,
    /// When the service begins.
    pub start: Timestamp,
    /// From when on the calendar is taken: with the buffers.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// How many people share the service: those of one beginning take the calendar once.
    pub seats: u16,
    /// Until when it is held, if it is not booked.
    #[serde(default)]
    pub held_until: Option<Timestamp>,
}

impl Entry {
    fn interval(&self) -> Interval {
        Interval { from: self.from, until: self.until }
    }

    /// Whether it still takes anything: a hold ends by the clock, whether its row was deleted or not.
    fn counts(&self, now: Timestamp) -> bool {
        self.held_until.is_none_or(|until| now < until)
    }

    /// What takes the calendar once: a class with all who are in it, or one appointment.
    fn party(&self) -> Party<'_> {
        match self.seats {
            0 | 1 => Party::One(self.appointment.as_str()),
            _ => Party::Class(&self.service, self.start),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Party<'a> {
    One(&'a str),
    Class(&'a ServiceId, Timestamp),
}

/// What is taken of a calendar on one day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agenda {
    /// Counts its writes; 0: it is not written yet.
    pub version: u64,
    /// What is taken. Something over midnight is in the agendas of both days.
    pub entries: Vec<Entry>,
}

/// Agendas that were read, and what is changed in them. Days that were not read are not free.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agendas {
    read: BTreeMap<AgendaKey, Agenda>,
    changed: BTreeSet<AgendaKey>,
    external: BTreeMap<CalendarId, Vec<External>>,
}

impl Agendas {
    /// The agendas that decide about an interval in some lanes.
    pub fn needed<'a>(
        calendars: impl IntoIterator<Item = &'a CalendarId>,
        interval: Interval,
    ) -> BTreeSet<AgendaKey> {
        let days = |calendar: &'a CalendarId| UtcDay::covering(interval).map(|day| (calendar.clone(), day));
        calendars.into_iter().flat_map(days).collect()
    }

    /// Takes in one that was read.
    pub fn insert(&mut self, key: AgendaKey, agenda: Agenda) {
        self.read.insert(key, agenda);
    }

    /// Takes in what a calendar of another system says of one of ours.
    pub fn insert_external(&mut self, calendar: CalendarId, external: External) {
        self.external.entry(calendar).or_default().push(external);
    }

    /// Whether a calendar of another system that decides about one of the lanes does not tell of the interval.
    pub fn is_silent(&self, lanes: &[Lane], interval: Interval) -> bool {
        let mut sources = lanes.iter().flat_map(|lane| self.external_of(&lane.calendar));
        sources.any(|external| external.is_silent_about(interval))
    }

    fn external_of(&self, calendar: &CalendarId) -> &[External] {
        self.external.get(calendar).map_or(&[], Vec::as_slice)
    }

    /// What is to be written, with the versions that were read.
    pub fn changed(&self) -> impl Iterator<Item = (&AgendaKey, &Agenda)> {
        self.changed.iter().filter_map(|key| self.read.get_key_value(key))
    }

    /// Whether an entry finds room in all lanes at `now`.
    ///
    /// # Errors
    /// [`Refusal::SlotTaken`]; [`Refusal::CalendarUnavailable`] if a day was not read.
    pub fn room(&self, lanes: &[Lane], entry: &Entry, now: Timestamp) -> Result<(), Refusal> {
        lanes.iter().try_for_each(|lane| self.room_in(lane, entry, now))
    }

    fn room_in(&self, lane: &Lane, entry: &Entry, now: Timestamp) -> Result<(), Refusal> {
        let interval = entry.interval();
        for external in self.external_of(&lane.calendar) {
            if external.is_silent_about(interval) {
                return Err(Refusal::CalendarUnavailable);
            }
            if external.takes(interval) {
                return Err(Refusal::SlotTaken);
            }
        }
        let mut others: Vec<&Entry> = vec![];
        for day in UtcDay::covering(interval) {
            let agenda = self.read.get(&(lane.calendar.clone(), day)).ok_or(Refusal::CalendarUnavailable)?;
            let counts = |other: &&Entry| {
                other.appointment != entry.appointment
                    && other.counts(now)
                    && other.interval().meets(interval)
            };
            others.extend(agenda.entries.iter().filter(counts));
        }
        let party = entry.party();
        let companions: BTreeSet<&str> = others
            .iter()
            .filter(|other| other.party() == party)
            .map(|other| other.appointment.as_str())
            .collect();
        if companions.len() >= usize::from(entry.seats.max(1)) {
            return Err(Refusal::SlotTaken);
        }
        others.retain(|other| other.party() != party);
        // The most parties at one time are there when one of them, or the entry itself, begins.
        let begins = others.iter().map(|other| other.from).filter(|from| interval.holds(*from));
        let most = begins.chain([interval.from]).map(|at| {
            let there = others.iter().filter(|other| other.interval().holds(at));
            there.map(|other| other.party()).collect::<BTreeSet<_>>().len()
        });
        match most.max().unwrap_or(0) < usize::from(lane.seats) {
            true => Ok(()),
            false => Err(Refusal::SlotTaken),
        }
    }

    /// Takes the time of an entry in all lanes, in place of what its appointment had in them before.
    ///
    /// # Errors
    /// [`Refusal`]; nothing is changed then.
    pub fn take(&mut self, lanes: &[Lane], entry: &Entry, now: Timestamp) -> Result<(), Refusal> {
        self.room(lanes, entry, now)?;
        let keys = Self::needed(lanes.iter().map(|lane| &lane.calendar), entry.interval());
        let full = |key: &AgendaKey| {
            let others = self.read.get(key).into_iter().flat_map(|agenda| &agenda.entries);
            others.filter(|other| other.counts(now) && other.appointment != entry.appointment).count()
                >= AGENDA_MAX
        };
        if keys.iter().any(full) {
            return Err(Refusal::DayFull);
        }
        self.release(&entry.appointment);
        for key in keys {
            if let Some(agenda) = self.read.get_mut(&key) {
                // Holds that ran out leave when something is written anyway.
                agenda.entries.retain(|other| other.counts(now));
                agenda.entries.push(entry.clone());
                self.changed.insert(key);
            }
        }
        Ok(())
    }

    /// Gives back everything that an appointment has in the agendas that were read.
    pub fn release(&mut self, appointment: &AppointmentId) {
        for (key, agenda) in &mut self.read {
            let before = agenda.entries.len();
            agenda.entries.retain(|entry| entry.appointment != *appointment);
            if agenda.entries.len() < before {
                self.changed.insert(key.clone());
            }
        }
    }

    /// What the appointments of a calendar take that begin on the days that were read, each once.
    pub fn entries(&self, calendar: &CalendarId, now: Timestamp) -> Vec<&Entry> {
        let of_calendar = self.read.iter().filter(|((id, _), _)| id == calendar);
        let mut entries: Vec<&Entry> = of_calendar
            .flat_map(|((_, day), agenda)| {
                // Over midnight it is in two agendas: the first one tells it.
                agenda.entries.iter().filter(move |entry| UtcDay::of(entry.from) == *day)
            })
            .filter(|entry| entry.counts(now))
            .collect();
        entries.sort_by_key(|entry| entry.start);
        entries
    }
}
