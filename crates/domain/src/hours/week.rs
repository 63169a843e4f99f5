//! A week of opening times, as people write them: `09:00-12:30` on each day.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Weekday};
use serde::{Deserialize, Serialize};

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// From one time of a day until another, local time. Its text is `09:00-12:30`. An end that is not later than the
/// beginning is one of the next day: `18:00-02:00`. The whole day is `00:00-24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span {
    /// Minutes after midnight, less than a day.
    from: u16,
    /// Minutes after the midnight that `from` counts from: at most a day more than `from`.
    to: u16,
}

/// Why a text is no span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSpan {
    /// Not two times of a day.
    #[error("not a span of time: write it like `09:00-12:30`")]
    Form,
    /// It ends when it begins.
    #[error(
        "the span ends when it begins: write `00:00-24:00` for a whole day, and nothing for a closed one"
    )]
    Empty,
}

impl Span {
    /// How long it is, minutes, unless clocks are changed meanwhile.
    pub const fn minutes(self) -> u16 {
        self.to - self.from
    }

    /// Whether it ends on the next day.
    pub const fn is_over_midnight(self) -> bool {
        self.to > DAY
    }

    /// Its first and its last moment on the clocks of the day that it begins on. The last one is no part of it.
    /// `None` after the last day that there is.
    pub(super) fn on(self, date: Date) -> Option<(DateTime, DateTime)> {
        let at = |minutes: u16| {
            let date = if minutes < DAY { date } else { date.tomorrow().ok()? };
            let minute = minutes % DAY;
            Some(date.at((minute / 60) as i8, (minute % 60) as i8, 0, 0))
        };
        Some((at(self.from)?, at(self.to)?))
    }

    /// Whether two spans of one day have time in common.
    pub(crate) const fn overlaps(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }

    /// Whether this span of one day reaches into that of the day after.
    pub(super) const fn reaches(self, tomorrow: Self) -> bool {
        self.to > DAY + tomorrow.from
    }
}

impl FromStr for Span {
    type Err = InvalidSpan;
    fn from_str(text: &str) -> Result<Self, InvalidSpan> {
        let (from, to) = text.split_once('-').ok_or(InvalidSpan::Form)?;
        let (from, to) = (minutes(from.trim()), minutes(to.trim()));
        let (Some(from), Some(to)) = (from, to) else { return Err(InvalidSpan::Form) };
        match (from, to) {
            (DAY, _) => Err(InvalidSpan::Form),
            (from, to) if from == to => Err(InvalidSpan::Empty),
            (from, to) if to < from => Ok(Self { from, to: to + DAY }),
            (from, to) => Ok(Self { from, to }),
        }
    }
}

/// `HH:MM`, up to `24:00`.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |digits: &str| {
        let fits = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
        digits.parse::<u16>().ok().filter(|_| fits)
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let of_day = hours * 60 + minutes;
    (minutes < 60 && of_day <= DAY).then_some(of_day)
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = if self.is_over_midnight() { self.to - DAY } else { self.to };
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.from / 60, self.from % 60, to / 60, to % 60)
    }
}

crate::as_text::as_text!(Span, InvalidSpan);

/// The spans of each weekday. A day without any is closed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Week {
    /// Monday's.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<crate::schema::HoursSpan>))]
    pub monday: Vec<Span>,
    /// Tuesday's.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<crate::schema::HoursSpan>))]
    pub tuesday: Vec<Span>,
    /// Wednesday's.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<crate::schema::HoursSpan>))]
    pub wednesday: Vec<Span>,
    /// Thursday's.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<crate::schema::HoursSpan>))]
    pub thursday: Vec<Span>,
    /// Friday's.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<crate::schema::HoursSpan>))]
    pub friday: Vec<Span>,
    /// Saturday's.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<crate::schema::HoursSpan>))]
    pub saturday: Vec<Span>,
    /// Sunday's.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<crate::schema::HoursSpan>))]
    pub sunday: Vec<Span>,
}

/// The days with their names in a week's text, Monday first.
pub const DAYS: [(Weekday, &str); 7] = [
    (Weekday::Monday, "monday"),
    (Weekday::Tuesday, "tuesday"),
    (Weekday::Wednesday, "wednesday"),
    (Weekday::Thursday, "thursday"),
    (Weekday::Friday, "friday"),
    (Weekday::Saturday, "saturday"),
    (Weekday::Sunday, "sunday"),
];

impl Week {
    /// The same spans on the given days, none on the others.
    pub fn of(days: &[Weekday], spans: &[Span]) -> Self {
        let mut week = Self::default();
        for day in days {
            *week.spans_mut(*day) = spans.to_vec();
        }
        week
    }

    /// The spans that begin on a weekday.
    pub fn spans(&self, day: Weekday) -> &[Span] {
        match day {
            Weekday::Monday => &self.monday,
            Weekday::Tuesday => &self.tuesday,
            Weekday::Wednesday => &self.wednesday,
            Weekday::Thursday => &self.thursday,
            Weekday::Friday => &self.friday,
            Weekday::Saturday => &self.saturday,
            Weekday::Sunday => &self.sunday,
        }
    }

    /// Puts these spans on a weekday, in place of those that it has.
    pub(crate) fn put(&mut self, day: Weekday, spans: &[Span]) {
        *self.spans_mut(day) = spans.to_vec();
    }

    fn spans_mut(&mut self, day: Weekday) -> &mut Vec<Span> {
        match day {
            Weekday::Monday => &mut self.monday,
            Weekday::Tuesday => &mut self.tuesday,
            Weekday::Wednesday => &mut self.wednesday,
            Weekday::Thursday => &mut self.thursday,
            Weekday::Friday => &mut self.friday,
            Weekday::Saturday => &mut self.saturday,
            Weekday::Sunday => &mut self.sunday,
        }
    }

    /// Whether no day has a span.
    pub fn is_empty(&self) -> bool {
        DAYS.iter().all(|(day, _)| self.spans(*day).is_empty())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_span_is_written_as_people_write_it() {
        for (text, minutes, over_midnight) in [
            ("09:00-12:30", 210, false),
            ("00:00-24:00", 1_440, false),
            ("18:00-02:00", 480, true),
            ("22:00-00:00", 120, false),
            ("23:59-23:58", 1_439, true),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!((span.minutes(), span.is_over_midnight()), (minutes, over_midnight), "{text}");
        }
        assert_eq!(" 09:00 - 12:30 ".parse::<Span>().map(|span| span.to_string()), Ok("09:00-12:30".into()));
        for bad in [
            "",
            "-",
            "9:00-12:00",
            "09:00",
            "09:00-25:00",
            "09:60-10:00",
            "24:00-02:00",
            "+9:00-10:00",
            "09:00-24:01",
        ] {
            assert_eq!(bad.parse::<Span>(), Err(InvalidSpan::Form), "{bad}");
        }
        assert_eq!("09:00-09:00".parse::<Span>(), Err(InvalidSpan::Empty));
        assert_eq!("00:00-00:00".parse::<Span>(), Err(InvalidSpan::Empty));
    }

    proptest! {
        #[test]
        fn a_span_reads_back_from_its_text(from in 0_u16..1_440, minutes in 1_u16..=1_440) {
            let to = from + minutes;
            // From 09:00 to 09:00 on the next day has no text of its own.
            prop_assume!(minutes < 1_440 || from == 0);
            let span = Span { from, to };
            prop_assert_eq!(span.to_string().parse::<Span>(), Ok(span));
        }

        #[test]
        fn no_text_is_read_as_an_empty_span(text in "[0-9:+ -]{0,12}") {
            if let Ok(span) = text.parse::<Span>() {
                prop_assert!((1..=1_440).contains(&span.minutes()));
            }
        }
    }
}
