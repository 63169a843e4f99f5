//! A calendar: whatever can be taken for a while, and when it is open.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{CalendarId, Interval, Invalid, Lane, TEXT_MAX_CHARS};
use crate::Timestamp;
use crate::hours::{DAYS, Span, Week, moments};
use crate::zone::Zone;

/// Exceptions of a calendar, at most.
pub const EXCEPTIONS_MAX: usize = 100;
/// Spans of one day, at most.
pub const SPANS_MAX: usize = 12;
/// Seats of a calendar, at most.
const SEATS_MAX: u16 = 100;

/// A person's time, a room or a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// The business's key of it.
    pub id: CalendarId,
    /// What it is called: the agent may say it.
    pub name: String,
    /// The zone whose clocks its hours mean.
    pub time_zone: Zone,
    /// When it is open in ordinary weeks.
    pub week: Week,
    /// Days that are kept otherwise: of several for one day the first counts.
    #[serde(default)]
    pub exceptions: Vec<CalendarException>,
    /// How much of it can be taken at one time: 1 for a person, more for a pool of equal things.
    pub seats: u16,
    /// Whether it is offered. What is in it stays.
    pub active: bool,
}

/// Days in a row that a calendar keeps otherwise than its week says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarException {
    /// The first day.
    pub first: Date,
    /// The last day; without it, the first one alone.
    #[serde(default)]
    pub last: Option<Date>,
    /// What it is called.
    pub name: String,
    /// The times at which it is open all the same, on each of the days.
    #[serde(default)]
    pub open: Vec<Span>,
}

impl CalendarException {
    fn covers(&self, date: Date) -> bool {
        self.first <= date && date <= self.last.unwrap_or(self.first)
    }
}

impl Calendar {
    /// What has to be free of it.
    pub fn lane(&self) -> Lane {
        Lane { calendar: self.id.clone(), seats: self.seats }
    }

    /// The times at which it is open between two moments, in order; those that touch are one.
    pub fn open(&self, within: Interval) -> Vec<Interval> {
        let zone = &self.time_zone;
        let (Ok(first), Ok(last)) = (zone.day(within.from).yesterday(), zone.day(within.until).tomorrow())
        else {
            return vec![];
        };
        let days = first.series(jiff::Span::new().days(1)).take_while(|date| *date <= last);
        let mut open: Vec<(Timestamp, Timestamp)> =
            days.flat_map(|date| moments(self.spans(date), date, zone)).collect();
        open.sort_unstable();
        let mut joined: Vec<Interval> = vec![];
        for (from, until) in open {
            match joined.last_mut() {
                Some(before) if from <= before.until => before.until = before.until.max(until),
                _ => joined.push(Interval { from, until }),
            }
        }
        joined.into_iter().filter(|open| open.meets(within)).collect()
    }

    fn spans(&self, date: Date) -> &[Span] {
        match self.exceptions.iter().find(|exception| exception.covers(date)) {
            Some(exception) => &exception.open,
            None => self.week.spans(date.weekday()),
        }
    }

    /// Everything that is wrong with it, each with its path.
    pub fn lint(&self) -> Vec<Invalid> {
        let mut found = vec![];
        named(&mut found, "name", &self.name);
        if !(1..=SEATS_MAX).contains(&self.seats) {
            found.push(Invalid::new("seats", format!("must be 1 to {SEATS_MAX}")));
        }
        if self.exceptions.len() > EXCEPTIONS_MAX {
            found.push(Invalid::new("exceptions", format!("must be {EXCEPTIONS_MAX} at most")));
        }
        for (weekday, name) in DAYS {
            apart(&mut found, &format!("week.{name}"), self.week.spans(weekday));
        }
        for (index, exception) in self.exceptions.iter().take(EXCEPTIONS_MAX).enumerate() {
            let path = format!("exceptions[{index}]");
            named(&mut found, &format!("{path}.name"), &exception.name);
            apart(&mut found, &format!("{path}.open"), &exception.open);
            if exception.last.is_some_and(|last| last < exception.first) {
                found.push(Invalid::new(format!("{path}.last"), "must not be before `first`".to_owned()));
            }
        }
        found
    }
}

/// A text that people read: neither blank nor endless.
pub(super) fn named(found: &mut Vec<Invalid>, path: &str, text: &str) {
    if text.trim().is_empty() || text.chars().count() > TEXT_MAX_CHARS {
        found.push(Invalid::new(path, format!("must have 1 to {TEXT_MAX_CHARS} characters")));
    }
}

/// Spans of one day that neither overlap nor are too many.
fn apart(found: &mut Vec<Invalid>, path: &str, spans: &[Span]) {
    if spans.len() > SPANS_MAX {
        found.push(Invalid::new(path, format!("must have {SPANS_MAX} spans at most")));
    }
    let overlap = |(index, span): (usize, &Span)| spans.iter().take(index).any(|other| other.overlaps(*span));
    if spans.iter().take(SPANS_MAX).enumerate().any(overlap) {
        found.push(Invalid::new(path, "spans of one day must not overlap".to_owned()));
    }
}
