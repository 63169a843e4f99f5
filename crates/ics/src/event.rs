//! One event, and when it takes time.

use std::time::Duration;

use domain::Timestamp;
use domain::appointments::Interval;
use domain::zone::Zone;
use icalendar::parser::{Component, Property};

use crate::recurrence::Rules;
use crate::value::{When, duration, parameter, zone_of};
use crate::{Reading, Unreadable};

/// The longest UID that is kept: it tells events apart.
const UID_MAX: usize = 1_000;

/// An event as it is written.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) uid: String,
    start: When,
    length: Length,
    rules: Rules,
    /// Further times that it takes, each with a length of its own.
    pub(crate) periods: Vec<Interval>,
    /// The beginning of a recurring event that it stands in place of.
    pub(crate) replaces: Option<When>,
    /// Whether it takes time.
    pub(crate) is_busy: bool,
}

#[derive(Debug, Clone, Copy)]
enum Length {
    Days(i32),
    Exactly(Duration),
}

fn named<'a>(component: &'a Component<'_>, name: &str) -> impl Iterator<Item = &'a Property<'a>> {
    component.properties.iter().filter(move |property| property.name.as_str().eq_ignore_ascii_case(name))
}

fn text<'a>(component: &'a Component<'_>, name: &str) -> Option<&'a str> {
    named(component, name).next().map(|property| property.val.as_str().trim())
}

impl Event {
    /// Reads an event. `None`: it takes nothing whatever it says, since it has no beginning or is our own.
    ///
    /// # Errors
    /// [`Unreadable::NotUnderstood`].
    pub(crate) fn read(
        component: &Component<'_>,
        reading: &Reading<'_>,
        unknown_zone: &mut bool,
    ) -> Result<Option<Self>, Unreadable> {
        let uid: String = text(component, "UID").unwrap_or_default().chars().take(UID_MAX).collect();
        if !reading.own.is_empty() && uid.ends_with(reading.own) {
            return Ok(None);
        }
        let Some(begins) = named(component, "DTSTART").next() else { return Ok(None) };
        let own = reading.zone;
        let zone = zone_of(begins, own, unknown_zone);
        let start = When::parse(begins.val.as_str(), zone.as_ref())?;
        let length = length(component, &start, zone.as_ref(), own, unknown_zone)?;
        let mut periods = vec![];
        let mut values = |name: &str| -> Result<Vec<When>, Unreadable> {
            let mut values = vec![];
            for property in named(component, name) {
                // Without a zone of its own it is one of the event's.
                let of = zone_of(property, own, unknown_zone).or_else(|| zone.clone());
                for value in property.val.as_str().split(',').filter(|value| !value.trim().is_empty()) {
                    match value.split_once('/') {
                        Some(period) => periods.push(period_of(period, of.as_ref(), own)?),
                        None => values.push(When::parse(value, of.as_ref())?),
                    }
                }
            }
            Ok(values)
        };
        let (dates, excluded) = (values("RDATE")?, values("EXDATE")?);
        let replaces = values("RECURRENCE-ID")?.into_iter().next();
        let with_later = named(component, "RECURRENCE-ID")
            .any(|property| parameter(property, "RANGE").is_some_and(|range| !range.is_empty()));
        let rules =
            named(component, "RRULE").map(|property| property.val.as_str().trim().to_owned()).collect();
        let is =
            |name: &str, word: &str| text(component, name).is_some_and(|is| is.eq_ignore_ascii_case(word));
        Ok(Some(Self {
            uid,
            start,
            length,
            rules: Rules { rules, dates, excluded },
            periods,
            // One that stands for all later ones replaces none: more is taken then, never less.
            replaces: replaces.filter(|_| !with_later),
            is_busy: !is("STATUS", "CANCELLED") && !is("TRANSP", "TRANSPARENT"),
        }))
    }

    /// Its beginnings within the time of interest, `most` at most.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub(crate) fn beginnings(&self, reading: &Reading<'_>, most: usize) -> Result<Vec<When>, Unreadable> {
        if self.replaces.is_some() || self.rules.is_empty() {
            return Ok(vec![self.start.clone()]);
        }
        // What began before the time of interest may last into it; and zones are a day apart at most.
        let lasts = match self.length {
            Length::Days(days) => Duration::from_secs(u64::try_from(days).unwrap_or(0) * 86_400),
            Length::Exactly(lasts) => lasts,
        };
        let day = Duration::from_secs(24 * 60 * 60);
        let reach = Interval {
            from: reading.within.from.minus(lasts).minus(day),
            until: reading.within.until.plus(day),
        };
        self.rules.beginnings(&self.start, reach, reading.zone, most)
    }

    /// The time that one beginning of it takes.
    pub(crate) fn lasts(&self, begin: &When, from: Timestamp, own: &Zone) -> Option<Interval> {
        let until = match self.length {
            Length::Exactly(lasts) => from.plus(lasts),
            Length::Days(days) => {
                let last = begin.wall().date().checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
                When::Day(last).moment(own)?
            }
        };
        Some(Interval { from, until })
    }
}

fn length(
    component: &Component<'_>,
    start: &When,
    zone: Option<&Zone>,
    own: &Zone,
    unknown_zone: &mut bool,
) -> Result<Length, Unreadable> {
    if let Some(ends) = named(component, "DTEND").next() {
        let of = zone_of(ends, own, unknown_zone).or_else(|| zone.cloned());
        let end = When::parse(ends.val.as_str(), of.as_ref())?;
        return match (start, &end) {
            (When::Day(first), When::Day(behind)) => {
                let days = first.until(*behind).map_err(|_| Unreadable::NotUnderstood)?.get_days();
                // Some programs end a day where it begins.
                Ok(Length::Days(days.max(1)))
            }
            _ => {
                let (from, until) = (start.moment(own), end.moment(own));
                let (from, until) = from.zip(until).ok_or(Unreadable::NotUnderstood)?;
                Ok(Length::Exactly(until.since(from)))
            }
        };
    }
    match (text(component, "DURATION"), start) {
        (Some(lasts), When::Day(_)) => {
            let days = duration(lasts)?.as_secs().div_ceil(86_400).max(1);
            Ok(Length::Days(i32::try_from(days).unwrap_or(i32::MAX)))
        }
        (Some(lasts), _) => Ok(Length::Exactly(duration(lasts)?)),
        (None, When::Day(_)) => Ok(Length::Days(1)),
        (None, _) => Ok(Length::Exactly(Duration::ZERO)),
    }
}

/// The times of a `VFREEBUSY` that are not free.
///
/// # Errors
/// [`Unreadable::NotUnderstood`].
pub(crate) fn free_busy(component: &Component<'_>) -> Result<Vec<Interval>, Unreadable> {
    let (mut times, utc) = (vec![], Zone::utc());
    for property in named(component, "FREEBUSY") {
        if parameter(property, "FBTYPE").is_some_and(|kind| kind.eq_ignore_ascii_case("FREE")) {
            continue;
        }
        for period in property.val.as_str().split(',').filter(|period| !period.trim().is_empty()) {
            let period = period.split_once('/').ok_or(Unreadable::NotUnderstood)?;
            times.push(period_of(period, Some(&utc), &utc)?);
        }
    }
    Ok(times)
}

/// `20261203T080000Z/PT1H` or `20261203T080000Z/20261203T090000Z`, at its slash.
fn period_of((from, until): (&str, &str), zone: Option<&Zone>, own: &Zone) -> Result<Interval, Unreadable> {
    let moment = |text: &str| When::parse(text, zone)?.moment(own).ok_or(Unreadable::NotUnderstood);
    let from = moment(from)?;
    let until = match until.trim().starts_with(['P', 'p', '+']) {
        true => from.plus(duration(until)?),
        false => moment(until)?,
    };
    Ok(Interval { from, until })
}
