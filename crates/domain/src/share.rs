//! Share links: access to a recording without an account, for a limited time and number of views.

use std::time::Duration;

use strum::{EnumString, IntoStaticStr};

use crate::{BusinessId, CallSid, RecordingSid, Timestamp};

/// Random bytes of a link's token: too many to be guessed.
pub const TOKEN_BYTES: usize = 32;
/// Wrong passcodes in a row that one visitor may try without a pause.
pub const FREE_GUESSES: u32 = 5;
/// Wrong passcodes that a link takes from all its visitors together before it sets a pace for strangers.
pub const FREE_GUESSES_OF_ALL: u32 = 50;
/// The pace of a link that is guessed at from many sides. A link lives 90 days at most, so no more than 26,000 of the
/// million passcodes of six digits are ever tried.
pub const PACE: Duration = Duration::from_secs(5 * 60);
const FIRST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// The shortest life of a link.
pub const MIN_SHARE_TTL: Duration = Duration::from_secs(60);
/// The life of a link that names none.
pub const DEFAULT_SHARE_TTL: Duration = Duration::from_secs(7 * 24 * 3_600);
/// The longest life of a link.
pub const MAX_SHARE_TTL: Duration = Duration::from_secs(90 * 24 * 3_600);
/// The views of a link that names none.
pub const DEFAULT_SHARE_VIEWS: u32 = 10;
/// The most views of a link.
pub const MAX_SHARE_VIEWS: u32 = 1_000;
/// Links that one recording may have over time.
pub const MAX_SHARES: usize = 100;
/// Shorter passcodes would be guessed in spite of every pause.
pub const PASSCODE_CHARS: std::ops::RangeInclusive<usize> = 6..=64;

/// Whether a browser plays the recording or saves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, IntoStaticStr, EnumString)]
#[strum(serialize_all = "lowercase")]
pub enum Disposition {
    /// The browser saves it.
    #[default]
    Attachment,
    /// The browser plays it.
    Inline,
}

impl Disposition {
    /// The type of a `Content-Disposition` header (RFC 6266).
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The disposition for a word of the API; `None` for an unknown word.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    /// The whole header for a recording. The name says nothing of who spoke.
    pub fn header(self, recording: &RecordingSid) -> String {
        format!("{}; filename=\"{recording}.wav\"", self.as_str())
    }
}

/// One link. Its token is known only to whom it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Names the link to its business; opens nothing.
    pub id: String,
    /// Whose recording it is.
    pub business: BusinessId,
    /// The call.
    pub call: CallSid,
    /// The recording.
    pub recording: RecordingSid,
    /// What the browser does with it.
    pub disposition: Disposition,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it expires.
    pub ends_at: Timestamp,
    /// How often it may be viewed.
    pub max_views: u32,
    /// How often it was viewed.
    pub views: u32,
    /// A password hash (PHC string), if the link asks for a passcode.
    pub passcode: Option<String>,
    /// By all visitors, less those that were right after all.
    pub wrong_passcodes: u32,
    /// Until then a visitor who was never right is not heard.
    pub next_guess_at: Option<Timestamp>,
    /// The end of the latest pause after wrong passcodes, of one visitor or of all strangers.
    pub slowed_until: Option<Timestamp>,
    /// When its business took it back, if it did.
    pub revoked_at: Option<Timestamp>,
}

/// How long one visitor pauses after `wrong` passcodes in a row. Other visitors are not affected.
pub fn pause_of_visitor(wrong: u32) -> Duration {
    match wrong.checked_sub(FREE_GUESSES) {
        None => Duration::ZERO,
        Some(doublings) => FIRST_PAUSE.saturating_mul(1 << doublings.min(16)).min(LONGEST_PAUSE),
    }
}

/// How long strangers pause after a link has had `wrong` passcodes from all visitors together.
pub fn pause_of_link(wrong: u32) -> Duration {
    if wrong < FREE_GUESSES_OF_ALL { Duration::ZERO } else { PACE }
}

/// Why a link shows nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ShareEnd {
    /// Its business took it back.
    Revoked,
    /// Its time is over.
    Expired,
    /// Viewed as often as it may be.
    UsedUp,
}

impl ShareEnd {
    /// The word by which it is shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl Share {
    /// Why the link has ended; `None` while it is good.
    pub fn end(&self, now: Timestamp) -> Option<ShareEnd> {
        if self.revoked_at.is_some() {
            Some(ShareEnd::Revoked)
        } else if self.ends_at <= now {
            Some(ShareEnd::Expired)
        } else if self.views >= self.max_views {
            Some(ShareEnd::UsedUp)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_link_ends_for_each_reason_and_revoking_comes_first() {
        let now = Timestamp::from_secs(1_795_000_000);
        let good = Share {
            id: "1".into(),
            business: testing::business().id,
            call: testing::call_sid(1),
            recording: RecordingSid::parse(&format!("RE{}", "1".repeat(32))).unwrap(),
            disposition: Disposition::Inline,
            created_at: now,
            ends_at: now.plus(Duration::from_millis(1)),
            max_views: 2,
            views: 1,
            passcode: None,
            wrong_passcodes: 1_000_000,
            next_guess_at: Some(Timestamp(i64::MAX)),
            slowed_until: None,
            revoked_at: None,
        };
        assert_eq!(good.end(now), None, "guessing ends nothing");
        assert_eq!(good.end(good.ends_at), Some(ShareEnd::Expired));
        assert_eq!(Share { views: 2, ..good.clone() }.end(now), Some(ShareEnd::UsedUp));
        let revoked = Share { revoked_at: Some(now), views: 2, ..good };
        assert_eq!(revoked.end(revoked.ends_at), Some(ShareEnd::Revoked));
    }

    #[test]
    fn a_guesser_is_slowed_down_and_a_slip_of_the_finger_is_not() {
        let pauses = [0, 4, 5, 6, 7, 10, 11, 12, 40, u32::MAX].map(|wrong| pause_of_visitor(wrong).as_secs());
        assert_eq!(pauses, [0, 0, 60, 120, 240, 1_920, 3_600, 3_600, 3_600, 3_600]);
        assert_eq!(pause_of_link(FREE_GUESSES_OF_ALL - 1), Duration::ZERO);
        assert_eq!(pause_of_link(FREE_GUESSES_OF_ALL), PACE);
        let most = u64::from(FREE_GUESSES_OF_ALL) + MAX_SHARE_TTL.as_secs() / PACE.as_secs();
        assert!(most < 26_000, "{most} guesses in a link's longest life");
    }
}
