//! What a person said of a time, as an agent passes it on: a day, a week, a part of the day, hours. The server makes days
//! and hours of it by its own clock, so that no model computes a date; what is past or has two meanings becomes a question.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::Interval;
use super::say::{Named, day_named, say_day};
use crate::Timestamp;
use crate::zone::Zone;

/// The days in which something is looked for that has no day.
const ANY_DAYS: i32 = 60;
const NOON: u16 = 12 * 60;
const MIDNIGHT: u16 = 24 * 60;

/// Which week a weekday is meant in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Week {
    /// The present one.
    This,
    /// The one after it.
    Next,
}

/// A part of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Until noon.
    Morning,
    /// From noon until 18:00.
    Afternoon,
    /// From 17:00 on.
    Evening,
}

impl Part {
    const fn minutes(self) -> (u16, u16) {
        match self {
            Self::Morning => (0, NOON),
            Self::Afternoon => (NOON, 18 * 60),
            Self::Evening => (17 * 60, MIDNIGHT),
        }
    }
}

/// An hour as a person says it: `16:30`, `4:30pm`, or `4`, which has two meanings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Clock {
    /// Minutes after midnight; of two meanings, the one before noon.
    minutes: u16,
    /// Whether it has one meaning.
    exact: bool,
}

/// The text is no hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an hour: write `16:30`, `4:30pm`, or `4` if it is not known which half of the day is meant")]
pub struct InvalidClock;

impl FromStr for Clock {
    type Err = InvalidClock;
    fn from_str(text: &str) -> Result<Self, InvalidClock> {
        let text = text.trim().to_ascii_lowercase();
        let halves = [("am", Some(false)), ("pm", Some(true)), ("a.m.", Some(false)), ("p.m.", Some(true))];
        let half = halves.iter().find_map(|(end, half)| Some((text.strip_suffix(end)?.trim_end(), *half)));
        let (digits, half) = half.unwrap_or((&text, None));
        let (hour, minute) = digits.split_once(':').unwrap_or((digits, "00"));
        let number = |text: &str| {
            let plain = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u16>().ok().filter(|_| plain)
        };
        let (hours, minutes) = (number(hour).ok_or(InvalidClock)?, number(minute).ok_or(InvalidClock)?);
        if minutes > 59 || hours > 24 || (hours == 24 && minutes > 0) {
            return Err(InvalidClock);
        }
        match half {
            Some(_) if !(1..=12).contains(&hours) => Err(InvalidClock),
            Some(after_noon) => {
                let hours = hours % 12 + if after_noon { 12 } else { 0 };
                Ok(Self { minutes: hours * 60 + minutes, exact: true })
            }
            None => {
                let exact = hours == 0 || hours >= 12 || hour.starts_with('0');
                Ok(Self { minutes: hours * 60 + minutes, exact })
            }
        }
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hours, minutes) = (self.minutes / 60, self.minutes % 60);
        if self.exact { write!(f, "{hours:02}:{minutes:02}") } else { write!(f, "{hours}:{minutes:02}") }
    }
}

crate::as_text::as_text!(Clock, InvalidClock);

/// What a person said of a time. All of it may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hint {
    /// A weekday, `today` or `tomorrow` in a language of the product, or a date: `2026-12-03`, or `12-03`.
    pub day: Option<String>,
    /// Which week.
    pub week: Option<Week>,
    /// Which part of the day.
    pub part: Option<Part>,
    /// Not before this hour.
    pub after: Option<Clock>,
    /// Over before this hour, or at it.
    pub before: Option<Clock>,
    /// As near to this hour as can be.
    pub at: Option<Clock>,
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The first day.
    pub first: Date,
    /// The last day.
    pub last: Date,
    /// On each day from this minute after midnight on.
    pub from: u16,
    /// Until before this one.
    pub until: u16,
    /// As near to this one as can be.
    pub near: Option<u16>,
}

/// What the person has to be asked.
#[derive(Debug, Clone, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Question {
    /// Which of these days.
    WhichDay([Date; 2]),
    /// It is past; whether this day is meant.
    DayIsPast(Date),
    /// Which of these hours.
    WhichHour([Clock; 2]),
    /// The day was not understood.
    UnknownDay,
    /// The hours leave no time.
    NoTimeLeft,
}

impl Question {
    /// The word for programs.
    pub fn code(&self) -> &'static str {
        self.into()
    }

    /// Possible answers: what is passed back for each, and what is said in this language.
    pub fn options(&self, language: &str) -> Vec<(String, String)> {
        let day = |date: &Date| (date.to_string(), say_day(*date, language));
        let hour = |clock: &Clock| (clock.to_string(), clock.to_string());
        match self {
            Self::WhichDay(days) => days.iter().map(day).collect(),
            Self::DayIsPast(next) => vec![day(next)],
            Self::WhichHour(hours) => hours.iter().map(hour).collect(),
            Self::UnknownDay | Self::NoTimeLeft => vec![],
        }
    }
}

impl Asked {
    /// Whether a beginning is wanted, by what clocks show.
    pub fn holds(&self, local: DateTime) -> bool {
        let minute = minute_of(local);
        (self.first..=self.last).contains(&local.date()) && (self.from..self.until).contains(&minute)
    }

    /// The time in which all that is wanted lies.
    pub fn within(&self, zone: &Zone) -> Option<Interval> {
        let from = zone.reached(self.first.at(0, 0, 0, 0))?;
        let until = zone.reached(self.last.tomorrow().ok()?.at(0, 0, 0, 0))?;
        Some(Interval { from, until })
    }

    /// How far a beginning is from the hour that is wanted, minutes.
    pub fn distance(&self, local: DateTime) -> u16 {
        self.near.map_or(0, |near| near.abs_diff(minute_of(local)))
    }
}

fn minute_of(local: DateTime) -> u16 {
    u16::try_from(i16::from(local.hour()) * 60 + i16::from(local.minute())).unwrap_or(0)
}

impl Hint {
    /// The days and hours that are meant at `now` by clocks in `zone`. `open` says whether something can be open at a
    /// minute of these days: of two meanings of an hour only one may be possible.
    ///
    /// # Errors
    /// A [`Question`].
    pub fn resolve(
        &self,
        language: &str,
        zone: &Zone,
        now: Timestamp,
        open: impl Fn(Date, Date, u16) -> bool,
    ) -> Result<Asked, Question> {
        let (first, last) = self.days(language, zone.day(now))?;
        let (mut from, mut until) = self.part.map_or((0, MIDNIGHT), Part::minutes);
        let hour = |clock: Option<Clock>, back: u16| {
            let minute = |clock: Clock| self.meaning(clock, |at| open(first, last, at.saturating_sub(back)));
            clock.map(minute).transpose()
        };
        if let Some(after) = hour(self.after, 0)? {
            from = from.max(after);
        }
        if let Some(before) = hour(self.before, 1)? {
            until = until.min(before);
        }
        let near = hour(self.at, 0)?;
        if from >= until {
            return Err(Question::NoTimeLeft);
        }
        Ok(Asked { first, last, from, until, near })
    }

    fn meaning(&self, clock: Clock, open: impl Fn(u16) -> bool) -> Result<u16, Question> {
        let (early, late) = (clock.minutes, clock.minutes + NOON);
        if clock.exact {
            return Ok(early);
        }
        match (self.part, open(early), open(late)) {
            (Some(Part::Morning), ..) | (None, true, false) => Ok(early),
            (Some(Part::Afternoon | Part::Evening), ..) | (None, false, true) => Ok(late),
            (None, true, true) | (None, false, false) => {
                Err(Question::WhichHour([early, late].map(|minutes| Clock { minutes, exact: true })))
            }
        }
    }

    fn days(&self, language: &str, today: Date) -> Result<(Date, Date), Question> {
        let Some(day) = self.day.as_deref().filter(|day| !day.trim().is_empty()) else {
            return Ok(match self.week {
                None => (today, ahead(today, ANY_DAYS)),
                Some(week) => {
                    let first = week_of(today, week, language);
                    (first.max(today), ahead(first, 6))
                }
            });
        };
        if let Some(date) = dated(day, today) {
            let date = date?;
            return Ok((date, date));
        }
        match day_named(day, language).ok_or(Question::UnknownDay)? {
            Named::Near(days) => Ok(one(ahead(today, days.into()))),
            Named::Weekday(weekday) => {
                let soonest = ahead(today, (today.weekday().until(weekday)).into());
                let in_week = |week| {
                    let first = week_of(today, week, language);
                    ahead(first, first.weekday().until(weekday).into())
                };
                match self.week {
                    // On a Tuesday, "Tuesday" may be today or in a week.
                    None if soonest == today => Err(Question::WhichDay([today, ahead(today, 7)])),
                    None => Ok(one(soonest)),
                    Some(Week::This) if in_week(Week::This) < today => Err(Question::DayIsPast(soonest)),
                    Some(Week::This) => Ok(one(in_week(Week::This))),
                    Some(Week::Next) => {
                        // On a Monday, "next Tuesday" may be tomorrow.
                        let next = in_week(Week::Next);
                        match soonest == next || soonest == today {
                            true => Ok(one(next)),
                            false => Err(Question::WhichDay([soonest, next])),
                        }
                    }
                }
            }
        }
    }
}

const fn one(date: Date) -> (Date, Date) {
    (date, date)
}

fn ahead(date: Date, days: i32) -> Date {
    date.saturating_add(jiff::Span::new().days(days))
}

/// The first day of a week: Sunday where Hebrew or Arabic is spoken, otherwise Monday (ISO 8601).
fn week_of(today: Date, week: Week, language: &str) -> Date {
    let sunday = ["he", "iw", "ar"].iter().any(|code| language.to_ascii_lowercase().starts_with(code));
    let begun = match sunday {
        true => today.weekday().to_sunday_zero_offset(),
        false => today.weekday().to_monday_zero_offset(),
    };
    let first = ahead(today, -i32::from(begun));
    match week {
        Week::This => first,
        Week::Next => ahead(first, 7),
    }
}

/// A date with its year, or the next one with this month and day. `None`: the text has another form.
fn dated(text: &str, today: Date) -> Option<Result<Date, Question>> {
    let text = text.trim();
    let shape: String =
        text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    let of_year = |year: i16, end: &str| format!("{year:04}-{end}").parse::<Date>().ok();
    // 29 February comes within eight years.
    let coming =
        |end: &str| (0..=8).filter_map(|more| of_year(today.year() + more, end)).find(|date| *date >= today);
    match shape.as_str() {
        "0000-00-00" => Some(match text.parse::<Date>() {
            Ok(date) if date >= today => Ok(date),
            // A model that took the wrong year: the day is the caller's, the year is not.
            Ok(_) => coming(text.get(5..).unwrap_or_default())
                .map_or(Err(Question::UnknownDay), |date| Err(Question::DayIsPast(date))),
            Err(_) => Err(Question::UnknownDay),
        }),
        "00-00" => Some(coming(text).ok_or(Question::UnknownDay)),
        _ => None,
    }
}
