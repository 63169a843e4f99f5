//! The times at which a service can begin.

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use super::service::minutes;
use super::{Agendas, AppointmentId, Calendar, CalendarId, Entry, Lane, Refusal, Service, ServiceId};
use crate::Timestamp;

/// Beginnings that are looked at in one search, at most: half a year of quarters of an hour.
const LOOKED_AT_MAX: usize = 20_000;
const MINUTE_MS: i64 = 60_000;

/// A time from one moment until before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment behind it.
    pub until: Timestamp,
}

impl Interval {
    /// Whether both have time in common.
    pub fn meets(self, other: Self) -> bool {
        self.from < other.until && other.from < self.until
    }

    /// Whether a moment is in it.
    pub fn holds(self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    /// Whether the whole of another one is in it.
    pub fn contains(self, other: Self) -> bool {
        self.from <= other.from && other.until <= self.until
    }

    /// What both have in common; it may be empty.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), until: self.until.min(other.until) }
    }
}

/// A time at which a service can begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The service.
    pub service: ServiceId,
    /// Where it is done.
    pub calendar: CalendarId,
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// What clocks in the calendar's zone show when it begins.
    pub local: DateTime,
}

/// A service in one of its calendars, with what it takes along.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The service.
    pub service: &'a Service,
    /// One of its calendars.
    pub calendar: &'a Calendar,
    /// Its resources.
    pub resources: &'a [&'a Calendar],
}

impl<'a> Candidate<'a> {
    /// Whether it is offered at all.
    ///
    /// # Errors
    /// [`Refusal::UnknownService`], [`Refusal::UnknownCalendar`].
    pub fn offered(&self) -> Result<(), Refusal> {
        if !self.service.active {
            return Err(Refusal::UnknownService);
        }
        let fits = self.calendar.active
            && self.service.calendars.contains(&self.calendar.id)
            && self
                .service
                .resources
                .iter()
                .all(|id| self.resources.iter().any(|one| one.id == *id && one.active));
        if fits { Ok(()) } else { Err(Refusal::UnknownCalendar) }
    }

    fn all(&self) -> impl Iterator<Item = &'a Calendar> {
        [self.calendar].into_iter().chain(self.resources.iter().copied())
    }

    /// What has to be free.
    pub fn lanes(&self) -> Vec<Lane> {
        self.all().map(Calendar::lane).collect()
    }

    /// The times at which the calendar and all resources are open.
    pub fn open(&self, within: Interval) -> Vec<Interval> {
        let mut open = self.calendar.open(within);
        for resource in self.resources {
            let theirs = resource.open(within);
            let both = |ours: &Interval| theirs.iter().map(|other| ours.and(*other)).collect::<Vec<_>>();
            open = open.iter().flat_map(both).filter(|common| common.from < common.until).collect();
        }
        open
    }

    /// What is taken if the service begins at `start`.
    pub fn entry(
        &self,
        appointment: AppointmentId,
        start: Timestamp,
        held_until: Option<Timestamp>,
    ) -> Entry {
        let takes = self.service.takes(start);
        Entry {
            appointment,
            service: self.service.id.clone(),
            start,
            from: takes.from,
            until: takes.until,
            seats: self.service.seats,
            held_until,
        }
    }

    /// The slot at `start`, whether or not it is free.
    pub fn slot(&self, start: Timestamp) -> Slot {
        Slot {
            service: self.service.id.clone(),
            calendar: self.calendar.id.clone(),
            start,
            end: self.service.lasts(start).until,
            local: self.calendar.time_zone.local(start),
        }
    }

    /// Whether the service may begin at `start`, by all that does not depend on what is taken.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn allowed(&self, start: Timestamp, now: Timestamp) -> Result<(), Refusal> {
        self.offered()?;
        let bookable = self.service.bookable(now);
        if start < bookable.from {
            return Err(Refusal::TooSoon);
        }
        if start >= bookable.until {
            return Err(Refusal::TooFar);
        }
        if self.on_grid(start) != Some(start) || !self.first_of_its_wall_time(start) {
            return Err(Refusal::NotASlot);
        }
        let lasts = self.service.lasts(start);
        let open = self.open(lasts);
        if open.iter().any(|open| open.contains(lasts)) { Ok(()) } else { Err(Refusal::OutsideHours) }
    }

    /// The free slots that begin within `wanted`, at most `limit`, the earliest first. `busy` holds the agendas of
    /// [`Candidate::needs`].
    pub fn slots(&self, wanted: Interval, busy: &Agendas, now: Timestamp, limit: usize) -> Vec<Slot> {
        let wanted = wanted.and(self.service.bookable(now));
        if self.offered().is_err() || wanted.from >= wanted.until {
            return vec![];
        }
        let lanes = self.lanes();
        let Ok(unnamed) = AppointmentId::parse(&"0".repeat(32)) else { return vec![] };
        let free =
            |start: Timestamp| busy.room(&lanes, &self.entry(unnamed.clone(), start, None), now).is_ok();
        self.starts(wanted).filter(|start| free(*start)).take(limit).map(|start| self.slot(start)).collect()
    }

    /// The time whose agendas decide about slots that begin within `wanted`.
    pub fn needs(&self, wanted: Interval) -> Interval {
        Interval { from: self.service.takes(wanted.from).from, until: self.service.takes(wanted.until).until }
    }

    /// Beginnings on the grid and in the hours.
    fn starts(&self, wanted: Interval) -> impl Iterator<Item = Timestamp> {
        let reach = Interval { from: wanted.from, until: self.service.lasts(wanted.until).until };
        let open = self.open(reach);
        let in_one = move |open: Interval| {
            let next = move |start: Timestamp| {
                let next = self.on_grid(start)?;
                (next < wanted.until && open.contains(self.service.lasts(next))).then_some(next)
            };
            let first = next(open.from.max(wanted.from));
            std::iter::successors(first, move |start| next(start.plus(minutes(1))))
        };
        let found = open.into_iter().flat_map(in_one).take(LOOKED_AT_MAX);
        found.filter(|start| self.first_of_its_wall_time(*start))
    }

    /// The first moment from `at` on at which clocks in the calendar's zone show a minute of the grid.
    fn on_grid(&self, at: Timestamp) -> Option<Timestamp> {
        let mut at = Timestamp(at.0.checked_add(MINUTE_MS - 1)?.div_euclid(MINUTE_MS) * MINUTE_MS);
        let step = i8::try_from(self.service.step_minutes.clamp(1, 60)).unwrap_or(60);
        // Once is enough, unless clocks are changed on the way.
        for _ in 0..3 {
            let local = self.calendar.time_zone.local(at);
            let past = local.minute() % step;
            // In the distant past zones were off by seconds.
            if past == 0 && local.second() == 0 {
                return Some(at);
            }
            let seconds = i64::from(step - past) * 60 - i64::from(local.second());
            at = Timestamp(at.0 + seconds * 1_000);
        }
        None
    }

    /// Of a wall time that comes twice, the first one: people cannot tell them apart.
    fn first_of_its_wall_time(&self, start: Timestamp) -> bool {
        let zone = &self.calendar.time_zone;
        zone.reached(zone.local(start)) == Some(start)
    }
}
