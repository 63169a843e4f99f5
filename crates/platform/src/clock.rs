//! The wall clock, and time as text.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::Timestamp;
use tokio::sync::watch;

/// How far a clock is ahead of the system's. It never becomes less.
pub type Ahead = watch::Receiver<Duration>;

/// What stores and functions ask for the time. It comes with the environment (`env::Reader`), so that a test moves the
/// time of one system and of no other.
///
/// It is for times that are written to a store or compared with what was: leases, cooldowns, plans, links. Waits
/// within a process are measured with `Instant`; what others check (signatures, presigned links) needs
/// [`Clock::system`].
#[derive(Debug, Clone, Default)]
pub struct Clock {
    ahead: Option<Ahead>,
}

impl Clock {
    /// The machine's own clock.
    pub const fn system() -> Self {
        Self { ahead: None }
    }

    /// The machine's own clock, put forward by what `ahead` says.
    pub fn put_forward(ahead: Ahead) -> Self {
        Self { ahead: Some(ahead) }
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let system = Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX));
        match &self.ahead {
            None => system,
            Some(ahead) => system.plus(*ahead.borrow()),
        }
    }
}

/// `2026-11-20T13:05:09.250Z`.
pub fn rfc3339(at: Timestamp) -> String {
    instant(at).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// The time in a Twilio callback: `Fri, 20 Nov 2026 13:05:09 +0000`. `None` when it is no RFC 2822 date.
pub fn from_rfc2822(text: &str) -> Option<Timestamp> {
    let parsed = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp(parsed.as_millisecond()))
}

/// Twilio's stream callbacks date themselves like this, unlike its call callbacks.
pub fn from_rfc3339(text: &str) -> Option<Timestamp> {
    text.parse::<jiff::Timestamp>().ok().map(|parsed| Timestamp(parsed.as_millisecond()))
}

/// Times outside the calendar's range become its nearest end.
fn instant(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(at.0).unwrap_or(if at.0 < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp(1_795_179_909_250);

    #[test]
    fn a_clock_that_is_put_forward_moves_all_its_copies_and_no_other() {
        let (time, ahead) = watch::channel(Duration::ZERO);
        let (moved, other) = (Clock::put_forward(ahead), Clock::system());
        let copy = moved.clone();
        let before = other.now();
        time.send_modify(|ahead| *ahead += Duration::from_secs(3_600));
        let after = before.plus(Duration::from_secs(3_600));
        assert!(moved.now() >= after && copy.now() >= after);
        // The machine's own clock would have to run for an hour meanwhile.
        assert!(other.now() < after);
    }

    #[test]
    fn one_moment_in_each_of_its_spellings() {
        assert_eq!(rfc3339(AT), "2026-11-20T13:05:09.250Z");
        assert_eq!(from_rfc2822("Fri, 20 Nov 2026 13:05:09 +0000"), Some(Timestamp::from_secs(AT.secs())));
        assert_eq!(from_rfc3339("2026-11-20T13:05:09.250Z"), Some(AT));
    }

    #[test]
    fn what_is_no_date_is_nothing_and_no_time_is_out_of_range() {
        for text in ["", "yesterday", "2026-11-20T13:05:09Z"] {
            assert_eq!(from_rfc2822(text), None, "{text}");
        }
        for text in ["", "2026-11-20", "Fri, 20 Nov 2026 13:05:09 +0000"] {
            assert_eq!(from_rfc3339(text), None, "{text}");
        }
        assert!(rfc3339(Timestamp(i64::MAX)).starts_with("9999-12-"));
    }
}
