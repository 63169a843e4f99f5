//! A month of a calendar.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::zone::Zone;

/// A month, by clocks in a business's zone. Its text is `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    /// Its first day.
    first: Date,
}

/// The text is no month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a month: write it like `2026-11`")]
pub struct InvalidMonth;

impl Month {
    /// The month that it is at `now`.
    pub fn of(now: Timestamp, zone: &Zone) -> Self {
        Self { first: zone.local(now).date().first_of_month() }
    }

    /// The first moment of the next month: when caps begin anew. `None` after the last month that there is.
    pub fn end(self, zone: &Zone) -> Option<Timestamp> {
        zone.reached(self.first.last_of_month().tomorrow().ok()?.at(0, 0, 0, 0))
    }
}

impl FromStr for Month {
    type Err = InvalidMonth;
    fn from_str(text: &str) -> Result<Self, InvalidMonth> {
        let digits = |(at, byte): (usize, u8)| if at == 4 { byte == b'-' } else { byte.is_ascii_digit() };
        if text.len() != 7 || !text.bytes().enumerate().all(digits) {
            return Err(InvalidMonth);
        }
        format!("{text}-01").parse().map(|first| Self { first }).map_err(|_| InvalidMonth)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

crate::as_text::as_text!(Month, InvalidMonth);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_month_is_that_of_the_businesss_clocks() {
        let [vienna, new_york] = ["Europe/Vienna", "America/New_York"].map(|name| Zone::parse(name).unwrap());
        // 30 November 2026, 23:30 UTC.
        let now = Timestamp::from_secs(1_796_081_400);
        assert_eq!(Month::of(now, &vienna).to_string(), "2026-12");
        assert_eq!(Month::of(now, &new_york).to_string(), "2026-11");
        assert_eq!(Month::of(now, &new_york).end(&new_york), Some(Timestamp::from_secs(1_796_101_200)));
        for bad in ["", "2026", "2026-13", "2026-1", "2026-11-30", "+026-11", "2026/11"] {
            assert_eq!(bad.parse::<Month>(), Err(InvalidMonth), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_month_ends_where_the_next_begins(seconds in 0_i64..4_000_000_000, name in prop::sample::select(vec!["Europe/Vienna", "Asia/Beirut", "America/Havana"])) {
            let (zone, now) = (Zone::parse(name).unwrap(), Timestamp::from_secs(seconds));
            let month = Month::of(now, &zone);
            prop_assert_eq!(month.to_string().parse(), Ok(month));
            let end = month.end(&zone).unwrap();
            prop_assert!(now < end);
            prop_assert_eq!(Month::of(Timestamp(end.0 - 1), &zone), month);
            prop_assert!(Month::of(end, &zone) > month);
        }
    }
}
