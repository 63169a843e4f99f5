//! What is kept of attempts, for the owner of an endpoint to see.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::attempt::{Answer, Failure};
use crate::Timestamp;

/// The beginning of an answer that is kept, bytes.
pub const MAX_HEAD: usize = 512;
/// Attempts of one delivery that are kept: the latest. It is more than the schedule has.
pub const MAX_KEPT: usize = 15;
/// How long a delivery can be looked at.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// One attempt that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempted {
    /// When it began.
    pub at: Timestamp,
    /// How long the answer took, milliseconds.
    pub took_ms: u64,
    /// The status of the answer, if there was one.
    pub code: Option<u16>,
    /// How it failed, if it did.
    pub failure: Option<Failure>,
    /// A person asked for it.
    pub by_hand: bool,
    /// The beginning of the answer's body.
    pub head: String,
}

impl Attempted {
    /// What an attempt came to.
    pub fn new(at: Timestamp, took: Duration, answer: Answer, by_hand: bool, head: &str) -> Self {
        let code = match answer {
            Answer::Status { code, .. } => Some(code),
            Answer::None(_) => None,
        };
        Self {
            at,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            code,
            failure: answer.failure(),
            by_hand,
            head: head[..head.floor_char_boundary(MAX_HEAD)].to_owned(),
        }
    }
}

/// Keeps another attempt. The oldest go first.
pub fn keep(log: &mut Vec<Attempted>, attempted: Attempted) {
    log.push(attempted);
    let over = log.len().saturating_sub(MAX_KEPT);
    log.drain(..over);
}

impl Failure {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoAnswer { why } => match why {
                super::attempt::Trouble::Timeout => "timeout",
                super::attempt::Trouble::Connection => "connection",
                super::attempt::Trouble::Resolver => "resolver",
                super::attempt::Trouble::UnknownName => "unknown_name",
                super::attempt::Trouble::NotPublic => "not_public",
            },
            Self::Redirect { .. } => "redirect",
            Self::Overloaded { .. } => "overloaded",
            Self::Gone => "gone",
            Self::Refused { .. } => "refused",
        }
    }

    /// Every word for a failure.
    pub const WORDS: [&'static str; 9] = [
        "timeout",
        "connection",
        "resolver",
        "unknown_name",
        "not_public",
        "redirect",
        "overloaded",
        "gone",
        "refused",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_attempts_the_latest_are_kept_and_of_a_long_answer_its_beginning() {
        let mut log = vec![];
        for n in 0..40 {
            let answer = Answer::Status { code: 500, retry_after: None };
            keep(&mut log, Attempted::new(Timestamp(n), Duration::ZERO, answer, false, &"ü".repeat(1_000)));
        }
        assert_eq!((log.len(), log[0].at, log[14].at), (MAX_KEPT, Timestamp(25), Timestamp(39)));
        assert_eq!((log[0].head.len(), log[0].code), (MAX_HEAD, Some(500)));
        assert!(Failure::WORDS.contains(&log[0].failure.unwrap().as_str()));
    }
}
