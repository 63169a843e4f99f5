//! Values of iCalendar: dates, times, durations and periods.

use std::time::Duration;

use domain::Timestamp;
use domain::zone::Zone;
use icalendar::parser::Property;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

use crate::Unreadable;

/// The longest duration: longer ones would only be cut.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);

/// A date or a time as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum When {
    /// A whole day, in whatever zone it is looked at.
    Day(Date),
    /// A time on clocks in a zone.
    At(DateTime, Zone),
    /// A time on the clocks of whichever place it is looked at.
    Floating(DateTime),
}

impl When {
    /// The moment that it is, with the zone of days and of floating times.
    pub(crate) fn moment(&self, own: &Zone) -> Option<Timestamp> {
        match self {
            Self::Day(day) => own.reached(day.at(0, 0, 0, 0)),
            Self::At(at, zone) => zone.reached(*at),
            Self::Floating(at) => own.reached(*at),
        }
    }

    /// What clocks show; the midnight of a day.
    pub(crate) fn wall(&self) -> DateTime {
        match self {
            Self::Day(day) => day.at(0, 0, 0, 0),
            Self::At(at, _) | Self::Floating(at) => *at,
        }
    }

    /// The same kind of value at another wall time.
    pub(crate) fn with_wall(&self, wall: DateTime) -> Self {
        match self {
            Self::Day(_) => Self::Day(wall.date()),
            Self::At(_, zone) => Self::At(wall, zone.clone()),
            Self::Floating(_) => Self::Floating(wall),
        }
    }

    /// What clocks of this value's zone show at another value.
    pub(crate) fn wall_of(&self, other: &Self, own: &Zone) -> Option<DateTime> {
        let zone = match self {
            Self::Day(_) | Self::Floating(_) => own,
            Self::At(_, zone) => zone,
        };
        match other {
            Self::Day(day) => Some(day.at(0, 0, 0, 0)),
            Self::Floating(at) => Some(*at),
            Self::At(..) => Some(zone.local(other.moment(own)?)),
        }
    }

    /// Reads `20261203`, `20261203T143000` or `20261203T133000Z`.
    pub(crate) fn parse(text: &str, zone: Option<&Zone>) -> Result<Self, Unreadable> {
        let text = text.trim();
        let date = |text: &str| {
            let part = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
            let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
            Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
        };
        let time = |text: &str| {
            let part = |from: usize| text.get(from..from + 2)?.parse::<i8>().ok();
            // A leap second is the last one before it.
            Time::new(part(0)?, part(2)?, part(4)?.min(59), 0).ok()
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let read = || {
            let (day, clock) = match text.split_once(['T', 't']) {
                None if text.len() == 8 && digits(text) => return Some(Self::Day(date(text)?)),
                None => return None,
                Some(parts) => parts,
            };
            let (clock, is_utc) = match clock.strip_suffix(['Z', 'z']) {
                Some(clock) => (clock, true),
                None => (clock, false),
            };
            if day.len() != 8 || clock.len() != 6 || !digits(day) || !digits(clock) {
                return None;
            }
            let at = DateTime::from_parts(date(day)?, time(clock)?);
            Some(match (is_utc, zone) {
                (true, _) => Self::At(at, Zone::utc()),
                (false, Some(zone)) => Self::At(at, zone.clone()),
                (false, None) => Self::Floating(at),
            })
        };
        read().ok_or(Unreadable::NotUnderstood)
    }
}

/// A parameter of a property, without its quotes.
pub(crate) fn parameter<'a>(property: &'a Property<'_>, name: &str) -> Option<&'a str> {
    let found = property.params.iter().find(|parameter| parameter.key.as_str().eq_ignore_ascii_case(name))?;
    Some(found.val.as_ref()?.as_str().trim().trim_matches('"'))
}

/// The zone of a property. `unknown` is set if it names one that is not known: its times are then those of `own`.
pub(crate) fn zone_of(property: &Property<'_>, own: &Zone, unknown: &mut bool) -> Option<Zone> {
    let name = parameter(property, "TZID")?;
    Some(Zone::named(name).unwrap_or_else(|| {
        *unknown = true;
        own.clone()
    }))
}

/// Reads `P1D`, `PT1H30M`, `P2W` or `-PT15M`; what is negative lasts for nothing. Days are 24 hours.
pub(crate) fn duration(text: &str) -> Result<Duration, Unreadable> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut rest = text.strip_prefix(['P', 'p']).ok_or(Unreadable::NotUnderstood)?;
    let (mut seconds, mut of_day, mut parts) = (0_u64, false, 0);
    while !rest.is_empty() {
        if let Some(clock) = rest.strip_prefix(['T', 't']) {
            (rest, of_day) = (clock, true);
            continue;
        }
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).ok_or(Unreadable::NotUnderstood)?;
        let count: u64 =
            rest.get(..end).unwrap_or_default().parse().map_err(|_| Unreadable::NotUnderstood)?;
        let unit = rest.get(end..=end).unwrap_or_default().to_ascii_uppercase();
        let each = match (unit.as_str(), of_day) {
            ("W", false) => 7 * 86_400,
            ("D", false) => 86_400,
            ("H", true) => 3_600,
            ("M", true) => 60,
            ("S", true) => 1,
            _ => return Err(Unreadable::NotUnderstood),
        };
        seconds = seconds.saturating_add(count.saturating_mul(each));
        parts += 1;
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    match parts {
        0 => Err(Unreadable::NotUnderstood),
        _ if negative => Ok(Duration::ZERO),
        _ => Ok(Duration::from_secs(seconds).min(LONGEST)),
    }
}

/// The form of a wall time as if it were one of UTC.
pub(crate) fn as_utc(wall: DateTime) -> String {
    wall.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// The seconds of a wall time as if it were one of UTC.
pub(crate) fn utc_seconds(wall: DateTime) -> Option<i64> {
    Offset::UTC.to_timestamp(wall).ok().map(jiff::Timestamp::as_second)
}

/// The wall time of these seconds.
pub(crate) fn wall_of_utc(seconds: i64) -> Option<DateTime> {
    Some(Offset::UTC.to_datetime(jiff::Timestamp::from_second(seconds).ok()?))
}
