//! A service: what can be booked, how long it takes and what it takes along.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::calendar::named;
use super::{CalendarId, Interval, REMINDERS_MAX, Reminding, ServiceId};
use crate::Timestamp;
use crate::locale::Locale;

/// The longest name or text that is read to people, characters.
pub const TEXT_MAX_CHARS: usize = 200;
/// The longest service with its buffers, minutes: so an appointment lies on two days of UTC at most.
const LONGEST: u32 = 24 * 60;
const NOTICE_MAX: u32 = 60 * 24 * 60;
const WINDOW_MAX: u16 = 400;
const SEATS_MAX: u16 = 200;
const CALENDARS_MAX: usize = 32;
const RESOURCES_MAX: usize = 4;
/// Minutes between two beginnings: they divide the hour, so that a grid is the same in each hour.
const STEPS: [u16; 7] = [5, 10, 15, 20, 30, 60, 1];

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The path of the field: `exceptions[0].name`.
    pub path: String,
    /// What must be.
    pub problem: String,
}

impl Invalid {
    pub(super) fn new(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { path: path.into(), problem: problem.into() }
    }
}

/// What a person can book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The business's key of it.
    pub id: ServiceId,
    /// What it is called: the agent says it.
    pub name: String,
    /// What it is called in other languages, by their ISO 639-1 codes.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
    /// What it costs, as people say it; nothing is computed from it.
    #[serde(default)]
    pub price: Option<String>,
    /// How long it takes, minutes.
    pub minutes: u16,
    /// What must be free before it, minutes. The buffers of two neighbours add up.
    #[serde(default)]
    pub before_minutes: u16,
    /// What must be free after it, minutes.
    #[serde(default)]
    pub after_minutes: u16,
    /// How long before its beginning it can be booked at the latest, minutes.
    #[serde(default)]
    pub notice_minutes: u32,
    /// How long before its beginning it can be booked at the earliest, days.
    pub window_days: u16,
    /// The minutes between two beginnings, counted from the full hour.
    pub step_minutes: u16,
    /// How many people share one: 1 for an appointment, more for a class.
    pub seats: u16,
    /// Where it is done: in the first of them that is free.
    pub calendars: Vec<CalendarId>,
    /// What it takes along: all of them must be free.
    #[serde(default)]
    pub resources: Vec<CalendarId>,
    /// How long before its beginning people are reminded, minutes.
    #[serde(default)]
    pub reminders: Vec<u32>,
    /// How people are reminded.
    #[serde(default)]
    pub remind: Option<Reminding>,
    /// Whether it is offered.
    pub active: bool,
}

impl Service {
    /// What it is called in a language.
    pub fn name_in(&self, language: &str) -> &str {
        self.names.get(language).unwrap_or(&self.name)
    }

    /// The time from its beginning to its end.
    pub fn lasts(&self, start: Timestamp) -> Interval {
        Interval { from: start, until: start.plus(minutes(self.minutes.into())) }
    }

    /// The same with the buffers: what is taken of a calendar.
    pub fn takes(&self, start: Timestamp) -> Interval {
        let lasts = self.lasts(start);
        Interval {
            from: lasts.from.minus(minutes(self.before_minutes.into())),
            until: lasts.until.plus(minutes(self.after_minutes.into())),
        }
    }

    /// The beginnings that can be booked at `now`.
    pub fn bookable(&self, now: Timestamp) -> Interval {
        Interval {
            from: now.plus(minutes(self.notice_minutes)),
            until: now.plus(minutes(u32::from(self.window_days) * 24 * 60)),
        }
    }

    /// Everything that is wrong with it, each with its path.
    pub fn lint(&self) -> Vec<Invalid> {
        let mut found = vec![];
        named(&mut found, "name", &self.name);
        for (language, name) in &self.names {
            if Locale::of(language).is_none_or(|locale| locale.code != language) {
                found.push(Invalid::new(
                    format!("names.{}", language.chars().take(16).collect::<String>()),
                    "must be the ISO 639-1 code of a language that the product speaks",
                ));
            }
            named(&mut found, "names", name);
        }
        if let Some(price) = &self.price {
            named(&mut found, "price", price);
        }
        let mut must = |holds: bool, path: &str, problem: String| {
            if !holds {
                found.push(Invalid::new(path, problem));
            }
        };
        let whole = u32::from(self.minutes) + u32::from(self.before_minutes) + u32::from(self.after_minutes);
        must(self.minutes > 0, "minutes", "must be 1 at least".into());
        must(whole <= LONGEST, "minutes", format!("must be {LONGEST} at most, with the buffers"));
        must(self.notice_minutes <= NOTICE_MAX, "notice_minutes", format!("must be {NOTICE_MAX} at most"));
        must(
            (1..=WINDOW_MAX).contains(&self.window_days),
            "window_days",
            format!("must be 1 to {WINDOW_MAX}"),
        );
        must(STEPS.contains(&self.step_minutes), "step_minutes", "must be 1, 5, 10, 15, 20, 30 or 60".into());
        must((1..=SEATS_MAX).contains(&self.seats), "seats", format!("must be 1 to {SEATS_MAX}"));
        must(
            (1..=CALENDARS_MAX).contains(&self.calendars.len()),
            "calendars",
            format!("must name 1 to {CALENDARS_MAX} calendars"),
        );
        must(
            self.resources.len() <= RESOURCES_MAX,
            "resources",
            format!("must name {RESOURCES_MAX} calendars at most"),
        );
        let named: Vec<&CalendarId> = self.calendars.iter().chain(&self.resources).collect();
        let twice =
            named.iter().enumerate().any(|(index, id)| named.iter().take(index).any(|other| other == id));
        must(!twice, "calendars", "must name each calendar once, also among the resources".into());
        must(
            self.reminders.len() <= REMINDERS_MAX
                && self.reminders.iter().all(|before| (5..=NOTICE_MAX).contains(before)),
            "reminders",
            format!("must be {REMINDERS_MAX} at most, each 5 to {NOTICE_MAX} minutes"),
        );
        found.extend(self.remind.as_ref().map(Reminding::lint).unwrap_or_default());
        found
    }
}

pub(super) const fn minutes(count: u32) -> Duration {
    Duration::from_secs(count as u64 * 60)
}
