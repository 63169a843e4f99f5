//! Calendars of other systems that say when a calendar of ours is taken. What they say is kept; a time that they do not tell
//! of is never free because of that.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::{CalendarId, Interval, SourceId};
use crate::{Secret, Timestamp};

/// Sources of one calendar, at most.
pub const SOURCES_MAX: usize = 3;
/// How often a source is read.
pub const READ_EVERY: Duration = Duration::from_secs(10 * 60);
/// For how long what was read counts. It is read six times in this time.
pub const STALE_AFTER: Duration = Duration::from_secs(60 * 60);
/// How far ahead a source is read: as far as anything can be booked, and a service lasts.
pub const READ_AHEAD: Duration = Duration::from_secs(402 * 24 * 60 * 60);
/// The longest address, bytes.
pub const ADDRESS_MAX_BYTES: usize = 2_000;

/// What happens while a source cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum WhileAway {
    /// Nothing is booked in the calendar.
    #[default]
    Refuse,
    /// The calendar's own appointments decide, with what was read last.
    OwnCalendar,
}

/// A calendar of another system, whose times are taken in a calendar of ours too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusySource {
    /// The business's key of it.
    pub id: SourceId,
    /// The calendar that it is about.
    pub calendar: CalendarId,
    /// Where it is read. Such an address is the right to the calendar.
    pub address: Secret,
    /// What happens while it cannot be read.
    pub while_away: WhileAway,
}

/// Why a source was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum NotRead {
    /// The address does not begin with `https`, or leads into a network that is not public.
    Address,
    /// There is no connection.
    Unreachable,
    /// It takes too long.
    Timeout,
    /// The answer is no success.
    Status,
    /// It leads from one address to the next.
    Redirects,
    /// It is larger than a calendar may be.
    TooLarge,
    /// It is no calendar.
    NotACalendar,
    /// A time or a rule in it is not understood.
    NotUnderstood,
    /// It has more events than can be looked at.
    TooMuch,
}

impl NotRead {
    /// Every one of them.
    pub const ALL: [Self; 9] = [
        Self::Address,
        Self::Unreachable,
        Self::Timeout,
        Self::Status,
        Self::Redirects,
        Self::TooLarge,
        Self::NotACalendar,
        Self::NotUnderstood,
        Self::TooMuch,
    ];

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What was read of a source.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Known {
    /// When it was tried last.
    #[serde(default)]
    pub tried_at: Option<Timestamp>,
    /// Why it was not read then; `None`: it was.
    #[serde(default)]
    pub failure: Option<NotRead>,
    /// When it was read last.
    #[serde(default)]
    pub read_at: Option<Timestamp>,
    /// The time of which it tells.
    #[serde(default)]
    pub within: Option<Interval>,
    /// Whether it named a zone that is not known, so that the calendar's own was taken.
    #[serde(default)]
    pub unknown_zone: bool,
    /// The times that it takes, in order and apart; each is two moments.
    #[serde(default)]
    pub busy: Vec<(i64, i64)>,
}

impl Known {
    /// What is known once it was read at `now`.
    pub fn read(within: Interval, times: &[Interval], unknown_zone: bool, now: Timestamp) -> Self {
        Self {
            tried_at: Some(now),
            failure: None,
            read_at: Some(now),
            within: Some(within),
            unknown_zone,
            busy: times.iter().map(|time| (time.from.0, time.until.0)).collect(),
        }
    }

    /// What is known once it was tried in vain: what was read before stays.
    #[must_use]
    pub fn not_read(self, why: NotRead, now: Timestamp) -> Self {
        Self { tried_at: Some(now), failure: Some(why), ..self }
    }

    /// Whether it is to be read again.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.tried_at.is_none_or(|tried| now.since(tried) >= READ_EVERY || now < tried)
    }

    /// Whether what was read still counts.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.read_at.is_some_and(|read| now.since(read) < STALE_AFTER)
    }

    /// What it says of a calendar's time at `now`.
    pub fn external(self, while_away: WhileAway, now: Timestamp) -> External {
        let told = self.within.filter(|_| self.is_fresh(now));
        let busy = self.busy;
        match while_away {
            WhileAway::OwnCalendar => External { told: None, refuses: false, busy },
            WhileAway::Refuse => External { told, refuses: true, busy },
        }
    }
}

/// What a source says of the time of a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct External {
    /// The time of which it tells.
    told: Option<Interval>,
    /// Whether what it does not tell of is refused.
    refuses: bool,
    busy: Vec<(i64, i64)>,
}

impl External {
    /// Whether nothing may be booked in an interval, since it is not known what is taken.
    pub fn is_silent_about(&self, interval: Interval) -> bool {
        self.refuses && self.told.is_none_or(|told| !told.contains(interval))
    }

    /// Whether an interval is taken.
    pub fn takes(&self, interval: Interval) -> bool {
        let behind = self.busy.partition_point(|(_, until)| *until <= interval.from.0);
        self.busy.get(behind).is_some_and(|(from, _)| *from < interval.until.0)
    }
}
