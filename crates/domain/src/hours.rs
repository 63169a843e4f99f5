//! Opening hours: when a business is open, and what happens to calls outside these hours.
//!
//! All times are those of clocks in the business's zone. A day is kept by the first of these that knows it: an
//! exception, a holiday, its weekday. A span over midnight belongs to the day that it begins on, whatever the next day
//! is: a bar that is open from Friday 18:00 to 02:00 closes at 02:00, even if Saturday is a holiday.
//!
//! When clocks are changed, a time means the first moment at which clocks show it or a later one:
//! [`Zone::reached`](crate::zone::Zone::reached).

mod lint;
mod special;
mod week;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::zone::Zone;

pub use lint::{Finding, Lint, MAX_DAYS, MAX_INSTRUCTIONS_CHARS, MAX_NAME_CHARS, MAX_SPANS};
pub use special::{Exception, Holiday, HolidayDate, InvalidDate};
pub use week::{DAYS, InvalidSpan, Span, Week};

/// How far ahead the next opening or closing is looked for, days: over a year.
pub const LOOK_AHEAD_DAYS: usize = 400;

/// When a business is open. Part of its settings, whose unknown fields are refused when they are stored and made harmless
/// when they are read: a call is waiting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OpeningHours {
    /// The times of ordinary weeks.
    pub week: Week,
    /// Days that are kept otherwise.
    #[serde(default)]
    pub holidays: Vec<Holiday>,
    /// Days that are kept otherwise than weekday and holidays say.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
    /// What happens to calls while the business is closed.
    pub outside: Outside,
}

/// What happens to a call while the business is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = OutsideHours))]
#[serde(rename_all = "snake_case")]
pub enum Outside {
    /// The agent answers and is told these words beside the ordinary ones.
    Agent {
        /// The after-hours prompt.
        instructions: String,
    },
    /// The caller is asked for a message.
    Voicemail,
    /// The call goes to a person.
    Forward {
        /// An entry of the directory, by its id.
        to: String,
    },
}

/// Whether a business is open at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening<'a> {
    /// It is open.
    Open {
        /// When it closes. `None`: not within [`LOOK_AHEAD_DAYS`].
        until: Option<Timestamp>,
    },
    /// It is closed.
    Closed {
        /// When it opens. `None`: not within [`LOOK_AHEAD_DAYS`].
        until: Option<Timestamp>,
        /// By which rule it is closed.
        why: Why<'a>,
        /// What happens to a call.
        what: &'a Outside,
    },
}

/// The rule by which a day is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why<'a> {
    /// The weekday's hours.
    Hours,
    /// A holiday, by its name.
    Holiday(&'a str),
    /// An exception, by its name.
    Exception(&'a str),
}

impl Opening<'_> {
    /// Whether the business is open.
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// When this ends.
    pub const fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Open { until } | Self::Closed { until, .. } => *until,
        }
    }
}

/// A day that is kept otherwise than its weekday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpecialDay<'a> {
    /// Which.
    pub date: Date,
    /// What the holiday or the exception is called.
    pub name: &'a str,
    /// When the business is open.
    pub open: &'a [Span],
}

/// How one day is kept.
struct Day<'a> {
    open: &'a [Span],
    why: Why<'a>,
    what: &'a Outside,
}

impl OpeningHours {
    /// Whether the business is open at `now`, in its zone, and until when.
    pub fn at(&self, now: Timestamp, zone: &Zone) -> Opening<'_> {
        let today = zone.local(now).date();
        match covering(now, zone, |date| self.day(date).open) {
            Covering::Within { until } => Opening::Open { until },
            Covering::Outside { until } => {
                let Day { why, what, .. } = self.day(today);
                Opening::Closed { until, why, what }
            }
        }
    }

    /// The days from `first` on, at most so many, that an exception or a holiday keeps.
    pub fn special_days(&self, first: Date, days: usize) -> Vec<SpecialDay<'_>> {
        let dates = first.series(jiff::Span::new().days(1)).take(days);
        let special = dates.filter_map(|date| match self.day(date) {
            Day { open, why: Why::Holiday(name) | Why::Exception(name), .. } => {
                Some(SpecialDay { date, name, open })
            }
            Day { why: Why::Hours, .. } => None,
        });
        special.collect()
    }

    fn day(&self, date: Date) -> Day<'_> {
        if let Some(rule) = self.exceptions.iter().find(|rule| rule.covers(date)) {
            let what = rule.outside.as_ref().unwrap_or(&self.outside);
            return Day { open: &rule.open, why: Why::Exception(&rule.name), what };
        }
        if let Some(rule) = self.holidays.iter().find(|rule| rule.on.is(date)) {
            let what = rule.outside.as_ref().unwrap_or(&self.outside);
            return Day { open: &rule.open, why: Why::Holiday(&rule.name), what };
        }
        Day { open: self.week.spans(date.weekday()), why: Why::Hours, what: &self.outside }
    }
}

/// Whether a moment is in one of the spans of some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Covering {
    /// It is, until then.
    Within { until: Option<Timestamp> },
    /// It is not, until then.
    Outside { until: Option<Timestamp> },
}

impl Week {
    /// Whether `now` is in one of the week's spans, by clocks in `zone`.
    pub(crate) fn covering(&self, now: Timestamp, zone: &Zone) -> Covering {
        self.covering_but(now, zone, |_| false)
    }

    /// The same, with days on which it has no spans.
    pub(crate) fn covering_but(
        &self,
        now: Timestamp,
        zone: &Zone,
        closed: impl Fn(Date) -> bool,
    ) -> Covering {
        covering(now, zone, |date| if closed(date) { &[] } else { self.spans(date.weekday()) })
    }
}

fn covering<'a>(now: Timestamp, zone: &Zone, spans: impl Fn(Date) -> &'a [Span]) -> Covering {
    let today = zone.local(now).date();
    let begun = today.yesterday().unwrap_or(today);
    // The end of the time that began before now or now, as far as it goes on without a break.
    let mut open_until = None;
    for date in begun.series(jiff::Span::new().days(1)).take(LOOK_AHEAD_DAYS) {
        let mut open = moments(spans(date), date, zone);
        open.sort_unstable();
        for (from, to) in open {
            match open_until {
                _ if to <= now => {}
                None if from <= now => open_until = Some(to),
                None => return Covering::Outside { until: Some(from) },
                Some(end) if from <= end => open_until = Some(end.max(to)),
                Some(end) => return Covering::Within { until: Some(end) },
            }
        }
        // What the next days have begins at their midnight or later.
        let midnight = date.tomorrow().ok().and_then(|next| zone.reached(next.at(0, 0, 0, 0)));
        if let (Some(end), Some(midnight)) = (open_until, midnight)
            && end < midnight
        {
            return Covering::Within { until: Some(end) };
        }
    }
    match open_until {
        Some(_) => Covering::Within { until: None },
        None => Covering::Outside { until: None },
    }
}

/// The moments of a day's spans, from the first until before the last.
pub(crate) fn moments(spans: &[Span], date: Date, zone: &Zone) -> Vec<(Timestamp, Timestamp)> {
    let moments = spans.iter().filter_map(|span| {
        let (from, to) = span.on(date)?;
        Some((zone.reached(from)?, zone.reached(to)?))
    });
    // A span that clocks skip whole has no moment.
    moments.filter(|(from, to)| from < to).collect()
}

#[cfg(test)]
mod tests;
