//! What recurs: rules, further dates, and dates that are left out.

use std::collections::BTreeSet;

use chrono::TimeZone as _;
use domain::appointments::Interval;
use domain::zone::Zone;
use jiff::civil::DateTime;
use rrule::{RRule, RRuleSet, Tz, Unvalidated};

use crate::Unreadable;
use crate::value::{When, as_utc, utc_seconds, wall_of_utc};

/// Rules of one event, at most.
const RULES_MAX: usize = 4;

#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) rules: Vec<String>,
    pub(crate) dates: Vec<When>,
    pub(crate) excluded: Vec<When>,
}

impl Rules {
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.dates.is_empty() && self.excluded.is_empty()
    }

    /// The beginnings within `reach`, `most` at most.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub(crate) fn beginnings(
        &self,
        start: &When,
        reach: Interval,
        own: &Zone,
        most: usize,
    ) -> Result<Vec<When>, Unreadable> {
        if self.rules.len() > RULES_MAX {
            return Err(Unreadable::TooMuch);
        }
        let excluded: BTreeSet<_> = self.excluded.iter().filter_map(|when| when.moment(own)).collect();
        let mut walls: BTreeSet<DateTime> = BTreeSet::from([start.wall()]);
        walls.extend(self.dates.iter().filter_map(|date| start.wall_of(date, own)));
        for rule in &self.rules {
            walls.extend(expanded(rule, start, reach, own, most.saturating_sub(walls.len()))?);
        }
        if walls.len() > most {
            return Err(Unreadable::TooMuch);
        }
        let begins = walls.into_iter().map(|wall| start.with_wall(wall));
        Ok(begins.filter(|begin| begin.moment(own).is_some_and(|at| !excluded.contains(&at))).collect())
    }
}

/// The wall times of a rule, expanded as if clocks were those of UTC.
fn expanded(
    rule: &str,
    start: &When,
    reach: Interval,
    own: &Zone,
    most: usize,
) -> Result<Vec<DateTime>, Unreadable> {
    let utc = |seconds: i64| Tz::UTC.timestamp_opt(seconds, 0).single().ok_or(Unreadable::NotUnderstood);
    let first = utc(utc_seconds(start.wall()).ok_or(Unreadable::NotUnderstood)?)?;
    let (from, until) = (utc(reach.from.secs())?, utc(reach.until.secs())?);
    if first > until {
        return Ok(vec![]);
    }
    let Some(rule) = in_wall_time(rule, start, own)? else { return Ok(vec![]) };
    let rule: RRule<Unvalidated> = rule.parse().map_err(|_| Unreadable::NotUnderstood)?;
    let rule = rule.validate(first).map_err(|_| Unreadable::NotUnderstood)?;
    let set = RRuleSet::new(first).rrule(rule).after(from).before(until);
    // One more than there is room for tells that there are more.
    let limit = u16::try_from(most.saturating_add(1)).unwrap_or(u16::MAX);
    let found = set.all(limit);
    if found.limited {
        return Err(Unreadable::TooMuch);
    }
    found.dates.iter().map(|at| wall_of_utc(at.timestamp()).ok_or(Unreadable::NotUnderstood)).collect()
}

/// The rule with its end as a wall time. `None`: it has ended before it begins.
fn in_wall_time(rule: &str, start: &When, own: &Zone) -> Result<Option<String>, Unreadable> {
    let mut parts = vec![];
    for part in rule.split(';').filter(|part| !part.trim().is_empty()) {
        let (name, value) = part.split_once('=').ok_or(Unreadable::NotUnderstood)?;
        if !name.trim().eq_ignore_ascii_case("UNTIL") {
            parts.push(part.trim().to_owned());
            continue;
        }
        let last = match When::parse(value, None)? {
            // The whole of that day.
            When::Day(day) => day.at(23, 59, 59, 0),
            other => start.wall_of(&other, own).ok_or(Unreadable::NotUnderstood)?,
        };
        if last < start.wall() {
            return Ok(None);
        }
        parts.push(format!("UNTIL={}", as_utc(last)));
    }
    Ok(Some(parts.join(";")))
}
