//! Days on which other times than the weekday's hold.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Outside, Span};

/// The day of a holiday: every year's, such as `12-25`, or one year's, such as `2027-03-29`, for a holiday that
/// moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum HolidayDate {
    /// The month and the day, every year. 29 February is a holiday in leap years.
    Yearly {
        /// 1 to 12.
        month: i8,
        /// 1 to 31.
        day: i8,
    },
    /// One day.
    Once(Date),
}

/// The text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date: write `12-25` for every year's, or `2027-03-29` for one year's")]
pub struct InvalidDate;

/// A leap year.
const LEAP: i16 = 2_024;

impl HolidayDate {
    /// Whether it is that day.
    pub fn is(self, date: Date) -> bool {
        match self {
            Self::Yearly { month, day } => (date.month(), date.day()) == (month, day),
            Self::Once(once) => once == date,
        }
    }

    /// Whether both may be one day.
    pub(super) fn meets(self, other: Self) -> bool {
        match (self, other) {
            (Self::Once(date), other) | (other, Self::Once(date)) => other.is(date),
            (Self::Yearly { .. }, Self::Yearly { .. }) => self == other,
        }
    }
}

impl FromStr for HolidayDate {
    type Err = InvalidDate;
    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        // Of the forms that jiff reads, these two only.
        let shape: String =
            text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
        match shape.as_str() {
            "0000-00-00" => text.parse().map(Self::Once).map_err(|_| InvalidDate),
            "00-00" => {
                let date: Date = format!("{LEAP}-{text}").parse().map_err(|_| InvalidDate)?;
                Ok(Self::Yearly { month: date.month(), day: date.day() })
            }
            _ => Err(InvalidDate),
        }
    }
}

impl fmt::Display for HolidayDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yearly { month, day } => write!(f, "{month:02}-{day:02}"),
            Self::Once(date) => date.fmt(f),
        }
    }
}

crate::as_text::as_text!(HolidayDate, InvalidDate);

/// A day that is kept otherwise than its weekday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Holiday {
    /// Which day: `12-25` every year, or `2027-03-29` once.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub on: HolidayDate,
    /// What it is called: the agent may say it.
    pub name: String,
    /// The times at which the business is open all the same.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<crate::schema::HoursSpan>))]
    pub open: Vec<Span>,
    /// What happens while it is closed, if not what happens outside the opening hours of other days.
    #[serde(default)]
    pub outside: Option<Outside>,
}

/// Days in a row that are kept otherwise than their weekdays and holidays: a company's holidays, a fair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = HoursException))]
pub struct Exception {
    /// The first day.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Date))]
    pub first: Date,
    /// The last day; without it, the first one alone.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Date))]
    pub last: Option<Date>,
    /// What it is called: the agent may say it.
    pub name: String,
    /// The times at which the business is open, on each of the days.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<crate::schema::HoursSpan>))]
    pub open: Vec<Span>,
    /// What happens while it is closed, if not what happens outside the opening hours of other days.
    #[serde(default)]
    pub outside: Option<Outside>,
}

impl Exception {
    /// Whether it holds on that day.
    pub fn covers(&self, date: Date) -> bool {
        self.first <= date && date <= self.end()
    }

    /// The last day.
    pub(super) fn end(&self) -> Date {
        self.last.unwrap_or(self.first)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_holiday_is_every_years_or_one_years() {
        let read = |text: &str| text.parse::<HolidayDate>();
        let christmas = read("12-25").unwrap();
        assert!(christmas.is(date(2026, 12, 25)) && christmas.is(date(2031, 12, 25)));
        assert!(!christmas.is(date(2026, 12, 24)));
        let easter = read("2027-03-29").unwrap();
        assert!(easter.is(date(2027, 3, 29)) && !easter.is(date(2028, 3, 29)));
        for text in ["12-25", "02-29", "2027-03-29"] {
            assert_eq!(read(text).map(|date| date.to_string()), Ok(text.to_owned()));
        }
        for bad in
            ["", "25-12", "12-32", "1-1", "2027-02-29", "2027-3-29", "20270329", "2027-03-29T10:00", "--"]
        {
            assert_eq!(read(bad), Err(InvalidDate), "{bad}");
        }
    }

    #[test]
    fn two_dates_meet_if_some_day_is_both() {
        let date = |text: &str| text.parse::<HolidayDate>().unwrap();
        assert!(date("12-25").meets(date("2026-12-25")) && date("2026-12-25").meets(date("12-25")));
        assert!(!date("12-25").meets(date("12-26")) && !date("2026-12-25").meets(date("2027-12-25")));
    }
}
