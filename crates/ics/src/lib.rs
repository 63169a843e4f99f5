//! Calendars of others, read for the times that they take (RFC 5545).
//!
//! Kept libraries read the text and expand what recurs. What they cannot decide is decided here: what a wall time means, which
//! events take time, and how much work a stranger's calendar may be. A time is never free because something was not
//! understood: a calendar that cannot be read whole is [`Unreadable`].
//!
//! Rules recur by wall time: they are expanded as if clocks were never changed, and each beginning is then turned into a
//! moment with the offset of its own date.

mod event;
mod recurrence;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use domain::Timestamp;
use domain::appointments::Interval;
use domain::zone::Zone;
use icalendar::parser::{Component, read_components, unfold};

use event::Event;
use value::When;

/// Events of one calendar, at most.
const EVENTS_MAX: usize = 20_000;
/// Beginnings of events of one calendar within the time that is asked for, at most.
const BEGINNINGS_MAX: usize = 40_000;
/// Times that are taken, once those that touch are one, at most.
pub const BUSY_MAX: usize = 5_000;
/// How deep components may lie in each other: a reminder lies in an event, which lies in a calendar.
const DEPTH_MAX: usize = 4;

/// What a calendar is read for.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The time of interest.
    pub within: Interval,
    /// The zone of days, of times without a zone, and of zones that are not known.
    pub zone: &'a Zone,
    /// What the UIDs of our own events end with, which came back by way of the other calendar and take nothing.
    pub own: &'a str,
}

/// The times that a calendar takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Busy {
    /// In order; those that touch are one.
    pub times: Vec<Interval>,
    /// Whether a zone was not known, and the reading's own was taken for it.
    pub unknown_zone: bool,
}

/// Why a calendar cannot be read whole. Then nothing in it counts as free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The text is no calendar, or is damaged.
    #[error("this is no iCalendar document, or it is damaged")]
    NotACalendar,
    /// A time, a duration or a rule is written in a way that is not understood.
    #[error("the calendar has a time or a rule that is not understood")]
    NotUnderstood,
    /// It would be more work, or more times, than one calendar may be.
    #[error("the calendar has more events than can be looked at")]
    TooMuch,
}

/// Reads the times that a calendar takes. `go_on` is asked between events: once it says no, the calendar is too much.
///
/// # Errors
/// [`Unreadable`].
pub fn read(text: &str, reading: &Reading<'_>, mut go_on: impl FnMut() -> bool) -> Result<Busy, Unreadable> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    // The reader goes down by recursion, and the stack is not endless.
    if !is_shallow(text) {
        return Err(Unreadable::NotACalendar);
    }
    // With one kind of line end: the reader looks for the other one through the whole rest of the text, at every line.
    let text = text.replace("\r\n", "\n").replace('\n', "\r\n");
    let unfolded = unfold(&text);
    let components = read_components(&unfolded).map_err(|_| Unreadable::NotACalendar)?;
    let is_calendar = |component: &&Component<'_>| component.name.as_str().eq_ignore_ascii_case("VCALENDAR");
    let calendars: Vec<&Component<'_>> = components.iter().filter(is_calendar).collect();
    if calendars.is_empty() {
        return Err(Unreadable::NotACalendar);
    }
    let mut found = Found { unknown_zone: false, times: vec![], room: BEGINNINGS_MAX };
    let all = || calendars.iter().flat_map(|calendar| &calendar.components);
    if all().count() > EVENTS_MAX {
        return Err(Unreadable::TooMuch);
    }
    let mut events = vec![];
    for component in all() {
        match component.name.as_str().to_ascii_uppercase().as_str() {
            "VEVENT" => events.extend(Event::read(component, reading, &mut found.unknown_zone)?),
            "VFREEBUSY" => found.take_all(event::free_busy(component)?, reading.within)?,
            _ => {}
        }
    }
    let replaced = replaced(&events, reading.zone);
    for event in &events {
        if !go_on() {
            return Err(Unreadable::TooMuch);
        }
        if !event.is_busy {
            continue;
        }
        found.take_all(event.periods.iter().copied(), reading.within)?;
        let replaced = replaced.get(event.uid.as_str()).filter(|_| event.replaces.is_none());
        for begin in event.beginnings(reading, found.room)? {
            let Some(from) = begin.moment(reading.zone) else { continue };
            if replaced.is_none_or(|replaced| !replaced.contains(&from)) {
                found.take_all(event.lasts(&begin, from, reading.zone), reading.within)?;
            }
        }
    }
    found.finished()
}

/// The beginnings of recurring events that have an event of their own. One that says that it replaces all later ones as well
/// replaces none here: both count.
fn replaced<'a>(events: &'a [Event], zone: &Zone) -> BTreeMap<&'a str, BTreeSet<Timestamp>> {
    let mut replaced: BTreeMap<&str, BTreeSet<Timestamp>> = BTreeMap::new();
    for event in events {
        if let Some(moment) = event.replaces.as_ref().and_then(|when: &When| when.moment(zone)) {
            replaced.entry(event.uid.as_str()).or_default().insert(moment);
        }
    }
    replaced
}

/// Whether no component lies deeper than calendars have them.
fn is_shallow(text: &str) -> bool {
    let mut depth = 0_usize;
    for line in text.lines() {
        let starts =
            |word: &str| line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        if starts("BEGIN:") {
            depth += 1;
        } else if starts("END:") {
            depth = depth.saturating_sub(1);
        }
        if depth > DEPTH_MAX {
            return false;
        }
    }
    true
}

struct Found {
    unknown_zone: bool,
    times: Vec<Interval>,
    /// Beginnings that may still be looked at.
    room: usize,
}

impl Found {
    fn take_all(
        &mut self,
        times: impl IntoIterator<Item = Interval>,
        within: Interval,
    ) -> Result<(), Unreadable> {
        for time in times {
            self.room = self.room.checked_sub(1).ok_or(Unreadable::TooMuch)?;
            if time.from < time.until && time.meets(within) {
                self.times.push(time.and(within));
            }
        }
        Ok(())
    }

    fn finished(mut self) -> Result<Busy, Unreadable> {
        self.times.sort_unstable_by_key(|time| (time.from, time.until));
        let mut joined: Vec<Interval> = vec![];
        for time in self.times {
            match joined.last_mut() {
                Some(before) if time.from <= before.until => before.until = before.until.max(time.until),
                _ => joined.push(time),
            }
        }
        if joined.len() > BUSY_MAX {
            return Err(Unreadable::TooMuch);
        }
        Ok(Busy { times: joined, unknown_zone: self.unknown_zone })
    }
}

#[cfg(test)]
mod tests;
