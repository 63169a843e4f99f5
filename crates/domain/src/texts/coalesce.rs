//! When a burst of texts is answered.
//!
//! People write one thought in several texts. An answer to the first one would miss the rest, so it waits until the person
//! has paused; but not for ever, and not at all after a button.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::incoming::{Incoming, Kind};
use crate::Timestamp;

/// The pause after a text, before it is answered.
pub const QUIET: Duration = Duration::from_millis(1_500);
/// The pause after a picture without words, whose words may be on their way.
pub const QUIET_AFTER_MEDIA: Duration = Duration::from_secs(3);
/// The longest that the first text of a burst waits.
pub const CAP: Duration = Duration::from_secs(6);

/// Texts that are not answered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Burst {
    /// When the first of them came.
    pub first: Timestamp,
    /// When the answer is due, unless there is another one.
    pub due: Timestamp,
}

impl Burst {
    /// A burst, if there is one, with one more text that came at `now`.
    pub fn with(burst: Option<Self>, incoming: &Incoming, now: Timestamp) -> Self {
        let first = burst.map_or(now, |burst| burst.first.min(now));
        let quiet = match incoming.kind {
            Kind::Choice => Duration::ZERO,
            _ if incoming.is_bare_media() => QUIET_AFTER_MEDIA,
            _ => QUIET,
        };
        Self { first, due: now.plus(quiet).min(first.plus(CAP).max(now)) }
    }

    /// Whether its first text has waited long enough, whatever comes.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        now >= self.first.plus(CAP)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{handle, whatsapp};
    use super::*;
    use crate::texts::Body;

    fn text(kind: Kind, body: &str) -> Incoming {
        Incoming {
            key: "SM1".into(),
            account: None,
            sender: whatsapp(),
            from: handle("whatsapp:+436641234567"),
            also: vec![],
            name: None,
            kind,
            body: Body(body.into()),
            media: vec![],
            about: None,
            wish: None,
            own: false,
            said_at: None,
            came_at: Timestamp(0),
        }
    }

    #[test]
    fn a_button_is_answered_at_once_and_a_picture_waits_for_its_words() {
        let now = Timestamp(10_000);
        let due = |kind, body| Burst::with(None, &text(kind, body), now).due.since(now);
        assert_eq!(due(Kind::Choice, "Yes"), Duration::ZERO);
        assert_eq!(due(Kind::Text, "Hi"), QUIET);
        assert_eq!(due(Kind::Media, ""), QUIET_AFTER_MEDIA);
        assert_eq!(due(Kind::Media, "the brake"), QUIET);
    }

    proptest! {
        /// However texts follow one another: the answer is due no later than the cap, and never before the last one.
        #[test]
        fn an_answer_is_due_within_the_cap(gaps in prop::collection::vec(0u64..3_000, 1..30)) {
            let mut now = Timestamp(0);
            let mut burst = None;
            for gap in gaps {
                now = now.plus(Duration::from_millis(gap));
                let with = Burst::with(burst, &text(Kind::Text, "x"), now);
                prop_assert!(with.due >= now && with.due <= now.plus(QUIET));
                prop_assert!(with.due <= Timestamp(0).plus(gap_cap(with.first)).max(now));
                burst = Some(with);
            }
        }
    }

    fn gap_cap(first: Timestamp) -> Duration {
        first.since(Timestamp(0)) + CAP
    }
}
