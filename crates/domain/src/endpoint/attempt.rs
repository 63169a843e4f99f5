//! What one attempt to deliver an event came to, and what is done next.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::Timestamp;

/// The waits before each attempt, the first of which is made at once: ten attempts over three days.
const SCHEDULE: [Duration; 10] = [
    Duration::ZERO,
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(5 * 3600),
    Duration::from_secs(10 * 3600),
    Duration::from_secs(14 * 3600),
    Duration::from_secs(20 * 3600),
    Duration::from_secs(24 * 3600),
];

/// How many attempts are made by themselves. What a person asks for is beside them.
pub const ATTEMPTS: usize = SCHEDULE.len();

/// The share of a wait by which chance may lengthen or shorten it, so that what failed together does not return together.
const SPREAD: f64 = 0.2;

/// The least wait after an answer that says "too much", and after none in time.
const OVERLOADED: Duration = Duration::from_secs(60);

/// The longest wait that a receiver may ask for: the longest of the schedule's own.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);

/// What came back from an endpoint, or did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// An HTTP status, and the wait that came with it in `Retry-After`.
    Status {
        /// 100 to 599.
        code: u16,
        /// From now.
        retry_after: Option<Duration>,
    },
    /// No answer.
    None(Trouble),
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Trouble {
    /// None came in time, or it did not end in time.
    Timeout,
    /// No connection, no TLS, or it broke off.
    Connection,
    /// The resolver does not work; the name may well exist.
    Resolver,
    /// The name does not exist.
    UnknownName,
    /// The address leads into a network that is not public.
    NotPublic,
}

/// How an attempt failed, as its owner is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "failure")]
pub enum Failure {
    /// There was no answer.
    NoAnswer {
        /// Why.
        why: Trouble,
    },
    /// The answer was a redirect, which is never followed: what is signed for one address is not sent to another.
    Redirect {
        /// 300 to 399.
        code: u16,
    },
    /// The receiver wants less.
    Overloaded {
        /// 429, 502, 503 or 504.
        code: u16,
    },
    /// The receiver wants nothing more.
    Gone,
    /// Any other status.
    Refused {
        /// The status.
        code: u16,
    },
}

/// What is done after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: the event was taken.
    Delivered,
    /// Another attempt.
    Again {
        /// Not before this.
        at: Timestamp,
        /// Why the last one failed.
        after: Failure,
    },
    /// Nothing: attempts are used up, or none can succeed.
    GivenUp {
        /// Why the last one failed.
        after: Failure,
    },
    /// Nothing, for this event and all others: the endpoint is to be disabled.
    Disable,
}

impl Answer {
    /// How the attempt failed, if it did.
    pub fn failure(self) -> Option<Failure> {
        match self {
            Self::None(why) => Some(Failure::NoAnswer { why }),
            Self::Status { code: 200..=299, .. } => None,
            Self::Status { code: code @ 300..=399, .. } => Some(Failure::Redirect { code }),
            Self::Status { code: 410, .. } => Some(Failure::Gone),
            Self::Status { code: code @ (429 | 502 | 503 | 504), .. } => Some(Failure::Overloaded { code }),
            Self::Status { code, .. } => Some(Failure::Refused { code }),
        }
    }

    fn least_wait(self) -> Duration {
        let asked = match self {
            Self::Status { retry_after, .. } => retry_after.map(|wait| wait.min(MAX_RETRY_AFTER)),
            Self::None(_) => None,
        };
        let overloaded = matches!(self.failure(), Some(Failure::Overloaded { .. }))
            || matches!(self, Self::None(Trouble::Timeout));
        asked.unwrap_or_default().max(if overloaded { OVERLOADED } else { Duration::ZERO })
    }
}

/// What is done after the attempt number `made` (from 1), of those that are made by themselves, ended at `now` with this
/// answer. `chance` (0 to 1) spreads the attempts.
pub fn next(answer: Answer, made: usize, now: Timestamp, chance: f64) -> Next {
    let Some(after) = answer.failure() else { return Next::Delivered };
    if after == Failure::Gone {
        return Next::Disable;
    }
    // An address that is refused here stays refused until its owner changes it.
    if after == (Failure::NoAnswer { why: Trouble::NotPublic }) {
        return Next::GivenUp { after };
    }
    match again(made, answer.least_wait(), now, chance) {
        Some(at) => Next::Again { at, after },
        None => Next::GivenUp { after },
    }
}

/// When what was tried `made` times (from 1), lastly at `now`, is tried again: by the schedule, and not before `least`, which is
/// at most a day. `None`: it was tried often enough.
pub fn again(made: usize, least: Duration, now: Timestamp, chance: f64) -> Option<Timestamp> {
    let wait = SCHEDULE.get(made)?;
    Some(now.plus(spread(*wait, chance).max(least.min(MAX_RETRY_AFTER))))
}

/// A wait, shorter or longer by as much as [`SPREAD`] of it.
fn spread(wait: Duration, chance: f64) -> Duration {
    let chance = if chance.is_finite() { chance.clamp(0.0, 1.0) } else { 0.5 };
    wait.mul_f64(1.0 - SPREAD + 2.0 * SPREAD * chance)
}

/// What is known of the receivers' side of an endpoint: since when nothing was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// The first failure since anything was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
}

/// How long nothing may be taken until an endpoint is disabled. Time, not a number of failures: a bad minute with many events
/// is no reason.
pub const MAX_OUTAGE: Duration = Duration::from_secs(120 * 3600);

impl Health {
    /// After an attempt that ended at `now`. A test event does not count, nor does a resolver of our own that fails.
    #[must_use]
    pub fn after(self, answer: Answer, now: Timestamp) -> Self {
        match answer.failure() {
            None => Self { failing_since: None },
            Some(Failure::NoAnswer { why: Trouble::Resolver }) => self,
            Some(_) => Self { failing_since: Some(self.failing_since.unwrap_or(now)) },
        }
    }

    /// Whether an endpoint is to be disabled when an event was given up at `now`.
    pub fn is_hopeless(self, now: Timestamp) -> bool {
        self.failing_since.is_some_and(|since| now.since(since) > MAX_OUTAGE)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_860_000);

    fn status(code: u16) -> Answer {
        Answer::Status { code, retry_after: None }
    }

    fn wait(next: Next) -> Duration {
        match next {
            Next::Again { at, .. } => at.since(NOW),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_kind_of_answer_has_its_name_and_what_is_done_next() {
        for code in [200, 201, 204, 299] {
            assert_eq!(next(status(code), 1, NOW, 0.5), Next::Delivered, "{code}");
        }
        let named = |answer: Answer, failure: Failure| {
            assert_eq!(answer.failure(), Some(failure));
            assert!(
                matches!(next(answer, 1, NOW, 0.5), Next::Again { after, .. } if after == failure),
                "{answer:?}"
            );
        };
        for code in [301, 302, 304, 307, 308] {
            named(status(code), Failure::Redirect { code });
        }
        for code in [429, 502, 503, 504] {
            named(status(code), Failure::Overloaded { code });
        }
        for code in [100, 400, 401, 404, 422, 500, 501, 599] {
            named(status(code), Failure::Refused { code });
        }
        for why in [Trouble::Timeout, Trouble::Connection, Trouble::Resolver, Trouble::UnknownName] {
            named(Answer::None(why), Failure::NoAnswer { why });
        }
        assert_eq!(next(status(410), 1, NOW, 0.5), Next::Disable);
        let inner = Failure::NoAnswer { why: Trouble::NotPublic };
        assert_eq!(next(Answer::None(Trouble::NotPublic), 1, NOW, 0.5), Next::GivenUp { after: inner });
    }

    #[test]
    fn ten_attempts_are_spread_over_three_days() {
        let secs = |made| wait(next(status(500), made, NOW, 0.5)).as_secs();
        let waits: Vec<u64> = (1..ATTEMPTS).map(secs).collect();
        assert_eq!(waits, [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
        let after = Failure::Refused { code: 500 };
        assert_eq!(next(status(500), ATTEMPTS, NOW, 0.5), Next::GivenUp { after });
    }

    #[test]
    fn a_receiver_that_asks_for_time_gets_it_within_a_day() {
        let asked = |secs| Answer::Status { code: 503, retry_after: Some(Duration::from_secs(secs)) };
        assert_eq!(wait(next(asked(600), 1, NOW, 0.5)).as_secs(), 600);
        assert_eq!(wait(next(asked(0), 1, NOW, 0.5)).as_secs(), 60, "too much is too much for a minute");
        assert_eq!(wait(next(asked(10_000_000), 1, NOW, 0.5)).as_secs(), 86_400);
        assert_eq!(wait(next(asked(1), 4, NOW, 0.5)).as_secs(), 7_200, "the schedule is not shortened");
    }

    #[test]
    fn an_endpoint_is_hopeless_after_five_days_in_which_nothing_was_taken() {
        let hour = |n: u64| NOW.plus(Duration::from_secs(n * 3600));
        let failing = Health::default().after(status(500), NOW).after(status(404), hour(50));
        assert_eq!(failing.failing_since, Some(NOW));
        assert!(!failing.is_hopeless(hour(120)) && failing.is_hopeless(hour(121)));
        let cleared = failing.after(status(204), hour(100)).after(status(500), hour(101));
        assert!(!cleared.is_hopeless(hour(121)), "one success in between begins the clock anew");
        let ours = Health::default().after(Answer::None(Trouble::Resolver), NOW);
        assert_eq!(ours.failing_since, None, "a resolver that does not work says nothing of the endpoint");
    }

    proptest! {
        #[test]
        fn chance_moves_a_wait_by_a_fifth_at_most(made in 1..ATTEMPTS, chance: f64) {
            let planned = SCHEDULE[made];
            let waited = wait(next(status(500), made, NOW, chance));
            prop_assert!(waited >= planned.mul_f64(0.79) && waited <= planned.mul_f64(1.21));
        }

        #[test]
        fn any_status_leads_to_something(code: u16, made in 1..20_usize, asked: Option<u32>) {
            let retry_after = asked.map(|secs| Duration::from_secs(secs.into()));
            match next(Answer::Status { code, retry_after }, made, NOW, 0.5) {
                Next::Again { at, .. } => prop_assert!(made < ATTEMPTS && at > NOW),
                Next::GivenUp { .. } => prop_assert!(made >= ATTEMPTS),
                Next::Delivered => prop_assert!((200..300).contains(&code)),
                Next::Disable => prop_assert_eq!(code, 410),
            }
        }
    }
}
