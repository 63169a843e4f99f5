//! Test calls: a person at the console talks to the agent through a browser.
//!
//! Twilio carries no such call, so it neither asks what follows a stream nor tells of the call's end. The page asks, and a
//! call whose page asks for nothing any more is found to be over by the rule here.

use std::time::Duration;

use crate::{BusinessId, CallSid, DialId, Timestamp};

/// Test calls that a business may have at one time.
pub const MAX_AT_ONCE: u16 = 2;

/// How long a stream that broke may be followed by another one.
pub const RESUME_WITHIN: Duration = Duration::from_secs(60);

/// The sid of the test call that a request with this key asks for, the same for every copy of the request. It has the shape
/// of Twilio's; `None` only if that shape had changed.
pub fn sid(business: &BusinessId, idempotency_key: &str) -> Option<CallSid> {
    // No order to place a call has the same name.
    DialId::of(business, &format!("test call\n{idempotency_key}")).stand_in().ok()
}

/// The stream that a test call had last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastStream {
    /// No browser has opened it yet.
    Awaited {
        /// Its token is good until then.
        until: Timestamp,
    },
    /// A session has it, or had it and died without a word.
    Held {
        /// When its plan was made.
        since: Timestamp,
        /// How long the session may last.
        at_most: Duration,
    },
    /// Its session is over and said so.
    Over {
        /// When it ended.
        at: Timestamp,
        /// Whether another session may follow.
        may_be_followed: bool,
    },
}

impl LastStream {
    /// Since when the call is over; `None` while it goes on, or may be gone on with.
    pub fn over_since(self, now: Timestamp) -> Option<Timestamp> {
        let passed = |until: Timestamp| now > until;
        match self {
            Self::Awaited { until } => passed(until).then_some(until),
            Self::Held { since, at_most } => {
                let until = since.plus(at_most).plus(RESUME_WITHIN);
                passed(until).then_some(until)
            }
            Self::Over { at, may_be_followed } => {
                (!may_be_followed || passed(at.plus(RESUME_WITHIN))).then_some(at)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_secs(1_000);

    fn after(seconds: u64) -> Timestamp {
        AT.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn a_session_that_ended_on_purpose_ends_the_call_at_once() {
        let over = LastStream::Over { at: AT, may_be_followed: false };
        assert_eq!(over.over_since(AT), Some(AT));
    }

    #[test]
    fn a_stream_that_broke_is_waited_for() {
        let over = LastStream::Over { at: AT, may_be_followed: true };
        assert_eq!(over.over_since(after(60)), None);
        assert_eq!(over.over_since(after(61)), Some(AT));
    }

    #[test]
    fn a_stream_that_never_came_is_waited_for_as_long_as_its_token_is_good() {
        let awaited = LastStream::Awaited { until: AT };
        assert_eq!(awaited.over_since(AT), None);
        assert_eq!(awaited.over_since(after(1)), Some(AT));
    }

    #[test]
    fn a_session_without_a_word_is_given_the_time_that_it_may_take() {
        let held = LastStream::Held { since: AT, at_most: Duration::from_secs(300) };
        assert_eq!(held.over_since(after(360)), None);
        assert_eq!(held.over_since(after(361)), Some(after(360)));
    }

    #[test]
    fn copies_of_a_request_are_about_one_call() {
        let business = |id: &str| BusinessId::parse(id).unwrap();
        let first = sid(&business("harbour"), "key").unwrap();
        assert_eq!(sid(&business("harbour"), "key"), Some(first.clone()));
        assert_ne!(sid(&business("harbour"), "other"), Some(first.clone()));
        assert_ne!(sid(&business("castle"), "key"), Some(first.clone()));
        assert_ne!(DialId::of(&business("harbour"), "key").stand_in().ok(), Some(first));
    }
}
