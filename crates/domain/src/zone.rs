//! Time zones by their IANA names, read from the tables that the binary carries: the machine's own tables may differ
//! from one machine to the next.

mod country;
mod named;

use std::fmt;
use std::sync::LazyLock;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use crate::Timestamp;

pub use country::zones_of;

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone that is known. Its text is the IANA name, such as `Europe/Vienna`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

/// The text names no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no time zone has this name: give an IANA name such as `Europe/Vienna`")]
pub struct UnknownZone;

impl Zone {
    /// The zone with this IANA name, in any case.
    ///
    /// # Errors
    /// [`UnknownZone`], also for `Etc/Unknown`, which stands for a zone that is not known.
    pub fn parse(name: &str) -> Result<Self, UnknownZone> {
        let zone = ZONES.get(name).map_err(|_| UnknownZone)?;
        let name = zone.iana_name().ok_or(UnknownZone)?.to_owned();
        Ok(Self { name, zone })
    }

    /// The zone `UTC`.
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), zone: TimeZone::UTC }
    }

    /// Its IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What clocks in this zone show at `now`.
    pub fn local(&self, now: Timestamp) -> DateTime {
        self.zone.to_datetime(instant(now))
    }

    /// The day that it is in this zone at `now`.
    pub fn day(&self, now: Timestamp) -> Date {
        self.local(now).date()
    }

    /// The first moment of the next day in this zone; `now` itself on the last day that there is.
    pub fn day_ends(&self, now: Timestamp) -> Timestamp {
        let tomorrow = self.day(now).tomorrow().ok();
        tomorrow.and_then(|day| self.reached(day.at(0, 0, 0, 0))).unwrap_or(now)
    }

    /// The first moment at which clocks in this zone show `local` or later. A time that is skipped when clocks go
    /// forward is reached at the skip; of a time that comes twice it is the first one. `None` beyond the year 9999.
    pub fn reached(&self, local: DateTime) -> Option<Timestamp> {
        let found = self.zone.to_ambiguous_timestamp(local);
        let gap = matches!(found.offset(), AmbiguousOffset::Gap { .. });
        let earlier = found.earlier().ok()?;
        let moment = if gap { self.zone.following(earlier).next()?.timestamp() } else { earlier };
        Some(Timestamp(moment.as_millisecond()))
    }
}

/// The local date and time as words for a prompt: `Friday 20 November 2026, 14:05`. A zone that does not exist gives
/// UTC and says so, rather than a wrong hour.
pub fn local_words(at: Timestamp, zone: &str) -> String {
    const WORDS: &str = "%A %-d %B %Y, %H:%M";
    match Zone::parse(zone) {
        Ok(zone) => zone.local(at).strftime(WORDS).to_string(),
        Err(UnknownZone) => format!("{} UTC", Offset::UTC.to_datetime(instant(at)).strftime(WORDS)),
    }
}

/// The day that it is in UTC.
pub fn utc_day(now: Timestamp) -> Date {
    Offset::UTC.to_datetime(instant(now)).date()
}

/// The nearest moment that jiff can tell, which is in the years -9999 to 9999.
fn instant(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(at.0).unwrap_or(if at.0 < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    })
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl TryFrom<String> for Zone {
    type Error = UnknownZone;
    fn try_from(name: String) -> Result<Self, UnknownZone> {
        Self::parse(&name)
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    #[test]
    fn a_zone_is_named_as_iana_names_it() {
        assert_eq!(zone("europe/vienna").name(), "Europe/Vienna");
        assert_eq!(zone("UTC").name(), "UTC");
        for unknown in ["", "Europe/Atlantis", "Etc/Unknown", "CET-1CEST,M3.5.0,M10.5.0/3", "+01:00"] {
            assert_eq!(Zone::parse(unknown), Err(UnknownZone), "{unknown:?}");
        }
    }

    /// Vienna skips 02:00 to 03:00 on 29 March 2026, and has that hour twice on 25 October.
    #[test]
    fn a_skipped_time_is_reached_at_the_skip_and_one_that_comes_twice_at_its_first() {
        let vienna = zone("Europe/Vienna");
        let reached = |local| vienna.reached(local).unwrap();
        let skip = Timestamp::from_secs(1_774_746_000);
        let spring = date(2026, 3, 29);
        for minute in [0, 1, 30, 59] {
            assert_eq!(reached(spring.at(2, minute, 0, 0)), skip, "02:{minute:02}");
        }
        assert_eq!(reached(spring.at(3, 0, 0, 0)), skip);
        assert_eq!(vienna.local(skip), spring.at(3, 0, 0, 0));
        let autumn = date(2026, 10, 25).at(2, 30, 0, 0);
        let first = reached(autumn);
        assert_eq!(vienna.local(first), autumn);
        assert_eq!(vienna.local(Timestamp(first.0 + 3_600_000)), autumn, "it comes twice");
    }

    #[test]
    fn a_moment_is_told_in_words_and_an_unknown_zone_is_utc_and_says_so() {
        let at = Timestamp(1_795_179_909_250);
        assert_eq!(local_words(at, "Europe/Vienna"), "Friday 20 November 2026, 14:05");
        assert_eq!(local_words(at, "Atlantis/Capital"), "Friday 20 November 2026, 13:05 UTC");
        assert!(!local_words(Timestamp(i64::MIN), "Europe/Vienna").is_empty());
    }

    #[test]
    fn a_day_ends_at_the_next_midnight() {
        let vienna = zone("Europe/Vienna");
        // 29 November 2026, 23:30 UTC.
        let now = Timestamp::from_secs(1_795_995_000);
        assert_eq!(vienna.day(now), date(2026, 11, 30));
        assert_eq!(vienna.day_ends(now), Timestamp::from_secs(1_796_079_600));
    }

    proptest! {
        #[test]
        fn the_moment_that_a_clock_shows_is_reached_no_later(
            at in 0_i64..4_000_000_000,
            name in prop::sample::select(vec!["Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
        ) {
            let (zone, now) = (zone(name), Timestamp::from_secs(at));
            let reached = zone.reached(zone.local(now)).unwrap();
            prop_assert!(reached <= now);
            // Later by more than an hour would be another occurrence than the first of two.
            prop_assert!(now.since(reached) <= std::time::Duration::from_secs(3_600));
        }
    }
}
