//! Call-backs: a person who was called at a bad moment says when to call again, and is promised a call at that time.
//!
//! The model passes on what the person said, as it does for appointments; the server makes a moment of it, by the clocks of the place
//! in which the person is. What has two meanings becomes a question, and what may not be becomes the nearest time that may.

use std::time::Duration;

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::appointments::{Clock, Hint, Part, Question, Week as WeekSaid};
use crate::campaign::window::{Places, Window};
use crate::hours::Week;
use crate::zone::Zone;
use crate::{PhoneNumber, Timestamp};

/// How far ahead a call is promised at most.
pub const AHEAD: Duration = Duration::from_secs(30 * 86_400);
/// The same in minutes.
pub const MAX_MINUTES: u32 = 30 * 24 * 60;
/// Days that are looked through for one on which the hour that was said is to come.
const DAYS: usize = 32;
/// Days whose hours decide which half of the day an hour means.
const WEEK: usize = 8;
const MINUTE_MS: i64 = 60_000;

/// What a call-back has to keep to. It goes with the plan of the call in which one may be promised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Not before this: the number rests a while after each call, and calls to a person are capped.
    pub earliest: Timestamp,
    /// Before this; `None`: nothing ends.
    pub latest: Option<Timestamp>,
    /// Hours within which it lies, by the person's clocks, beside what the law of their country says.
    pub hours: Vec<Week>,
    /// The person's time zone, if it is known.
    pub zone: Option<Zone>,
}

/// What the person said of the time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wish {
    /// In this number of minutes. What else was said of the time counts only without it.
    pub in_minutes: Option<u32>,
    /// As in [`Hint`].
    pub day: Option<String>,
    /// As in [`Hint`].
    pub week: Option<WeekSaid>,
    /// As in [`Hint`].
    pub part: Option<Part>,
    /// As in [`Hint`].
    pub at: Option<Clock>,
    /// Where they are, the IANA name of the time zone.
    pub time_zone: Option<String>,
    /// A time that was offered: the [`Moment::offer`] of it.
    pub offer: Option<String>,
}

/// A moment, and what the person's clocks show then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// What their clocks show; `None`: it is not known where they are, and nothing depends on it.
    pub local: Option<DateTime>,
}

impl Moment {
    /// Names it, for a model to say that it was chosen.
    pub fn offer(self) -> String {
        self.at.secs().to_string()
    }
}

/// What the person has to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// About day or hour.
    Hint(Question),
    /// At what hour.
    AtWhatHour,
    /// In which city they are: the clocks of their number's country do not show the same.
    Where,
    /// It is past; which time is meant.
    Past,
}

impl Ask {
    /// The word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Hint(question) => question.code(),
            Self::AtWhatHour => "at_what_hour",
            Self::Where => "where",
            Self::Past => "time_is_past",
        }
    }
}

/// Why no call is promised at any time near.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Refusal {
    /// It is further ahead than calls are promised.
    TooFar,
    /// The business places no such calls any more by then.
    TooLate,
    /// No moment suits all hours.
    NoHours,
}

impl Refusal {
    /// The word for programs.
    pub fn code(self) -> &'static str {
        self.into()
    }
}

/// Why no call is promised at the time that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declined {
    /// The person has to be asked.
    Ask(Ask),
    /// They may not be called then; this is the nearest time after it at which they may.
    Instead(Moment),
    /// Nor near it.
    Refused(Refusal),
}

/// From when until before when the person means; one moment if both are the same.
type Span = (Timestamp, Timestamp);

impl Terms {
    /// The moment of a call-back to `to` as the person wants it, at `now`.
    ///
    /// # Errors
    /// [`Declined`].
    pub fn resolve(
        &self,
        to: &PhoneNumber,
        wish: &Wish,
        language: &str,
        now: Timestamp,
    ) -> Result<Moment, Declined> {
        let places = Places::of(to, self.zone.as_ref()).map_err(|_| Declined::Refused(Refusal::NoHours))?;
        let hours: Vec<&Week> = self.hours.iter().collect();
        let said = wish.time_zone.as_deref().map(Zone::parse).transpose();
        let said = said.map_err(|_| Declined::Ask(Ask::Where))?;
        let zones: Vec<&Zone> = said.as_ref().map_or_else(|| places.zones().collect(), |zone| vec![zone]);
        let mut meant = zones.iter().map(|zone| wish.meant(language, zone, (&places, &hours), now));
        let first = meant.next().ok_or(Declined::Refused(Refusal::NoHours))?;
        if meant.any(|other| other != first) {
            return Err(Declined::Ask(Ask::Where));
        }
        let (from, until) = first.map_err(Declined::Ask)?;
        let last = now.plus(AHEAD);
        if from > last {
            return Err(Declined::Refused(Refusal::TooFar));
        }
        let at = first_allowed(&places, &hours, from.max(self.earliest))
            .ok_or(Declined::Refused(Refusal::NoHours))?;
        if self.latest.is_some_and(|latest| latest <= at) {
            return Err(Declined::Refused(Refusal::TooLate));
        }
        if at > last {
            return Err(Declined::Refused(Refusal::TooFar));
        }
        let moment = Moment { at, local: shown(&zones, at) };
        if at == from || at < until {
            Ok(moment)
        } else if moment.local.is_some() {
            Err(Declined::Instead(moment))
        } else {
            // A time can be offered only by clocks that are known.
            Err(Declined::Ask(Ask::Where))
        }
    }
}

impl Wish {
    fn meant(
        &self,
        language: &str,
        zone: &Zone,
        (places, hours): (&Places<'_>, &[&Week]),
        now: Timestamp,
    ) -> Result<Span, Ask> {
        if let Some(offer) = &self.offer {
            let at = offer.trim().parse().ok().map(Timestamp::from_secs).filter(|at| *at > now);
            return at.map(|at| (at, at)).ok_or(Ask::Past);
        }
        if let Some(minutes) = self.in_minutes {
            let at = minute(now.plus(Duration::from_secs(u64::from(minutes) * 60)));
            return Ok((at, at));
        }
        let Self { day, week, part, at, .. } = self.clone();
        if part.is_none() && at.is_none() {
            return Err(Ask::AtWhatHour);
        }
        let moment = |date: Date, minute: u16| reached(zone, date, minute);
        let is_open = |first: Date, last: Date, minute: u16| {
            days(first, last)
                .take(WEEK)
                .filter_map(|date| moment(date, minute))
                .any(|at| at > now && matches!(places.window(hours, at), Ok(Window::Open { .. })))
        };
        let hint = Hint { day, week, part, at, after: None, before: None };
        let asked = hint.resolve(language, zone, now, is_open).map_err(Ask::Hint)?;
        let span = |date: Date| match asked.near {
            Some(near) => moment(date, near).map(|at| (at, at)).filter(|(at, _)| *at > now),
            None => {
                let (from, until) = (moment(date, asked.from)?, moment(date, asked.until)?);
                (until > now).then(|| (from.max(minute(now)), until))
            }
        };
        days(asked.first, asked.last).take(DAYS).find_map(span).ok_or(Ask::Past)
    }
}

fn days(first: Date, last: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |date| date.tomorrow().ok()).take_while(move |date| *date <= last)
}

/// When clocks in a zone show this number of minutes after midnight; midnight at the end of the day is the next day's.
fn reached(zone: &Zone, date: Date, minutes: u16) -> Option<Timestamp> {
    let (hour, minute) = (i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?);
    match hour {
        24.. => zone.reached(date.tomorrow().ok()?.at(0, 0, 0, 0)),
        _ => zone.reached(date.at(hour, minute, 0, 0)),
    }
}

/// The next whole minute: a person is told minutes.
fn minute(at: Timestamp) -> Timestamp {
    Timestamp(
        at.0.div_euclid(MINUTE_MS).saturating_add(i64::from(at.0.rem_euclid(MINUTE_MS) > 0)) * MINUTE_MS,
    )
}

fn first_allowed(places: &Places<'_>, hours: &[&Week], from: Timestamp) -> Option<Timestamp> {
    let from = minute(from);
    match places.window(hours, from).ok()? {
        Window::Open { .. } => Some(from),
        Window::Closed { until } => Some(until),
    }
}

/// What clocks in all these zones show, if it is the same.
fn shown(zones: &[&Zone], at: Timestamp) -> Option<DateTime> {
    let mut shown = zones.iter().map(|zone| zone.local(at));
    let first = shown.next()?;
    shown.all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests;
