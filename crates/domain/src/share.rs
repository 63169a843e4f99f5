//! Share links: a recording lent to somebody without an account, for a while and a number of times.

use std::time::Duration;

use crate::{BusinessId, CallSid, RecordingSid, Timestamp};

/// Bytes of a link's token: nobody guesses one.
pub const TOKEN_BYTES: usize = 32;
/// Wrong passcodes that a link takes in all its life.
pub const MAX_WRONG_PASSCODES: u32 = 5;
pub const MIN_SHARE_TTL: Duration = Duration::from_secs(60);
pub const DEFAULT_SHARE_TTL: Duration = Duration::from_secs(7 * 24 * 3_600);
pub const MAX_SHARE_TTL: Duration = Duration::from_secs(90 * 24 * 3_600);
pub const DEFAULT_SHARE_VIEWS: u32 = 10;
pub const MAX_SHARE_VIEWS: u32 = 1_000;
/// Links that one recording may have over time.
pub const MAX_SHARES: usize = 100;
/// Shorter passcodes would be guessed within their few attempts.
pub const PASSCODE_CHARS: std::ops::RangeInclusive<usize> = 6..=64;

/// Whether a browser plays the recording or saves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Disposition {
    #[default]
    Attachment,
    Inline,
}

impl Disposition {
    /// The type of a `Content-Disposition` header (RFC 6266).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attachment => "attachment",
            Self::Inline => "inline",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Attachment, Self::Inline].into_iter().find(|disposition| disposition.as_str() == text)
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
    pub business: BusinessId,
    pub call: CallSid,
    pub recording: RecordingSid,
    pub disposition: Disposition,
    pub created_at: Timestamp,
    pub ends_at: Timestamp,
    pub max_views: u32,
    pub views: u32,
    /// A password hash (PHC string), if the link asks for a passcode.
    pub passcode: Option<String>,
    pub wrong_passcodes: u32,
    pub revoked_at: Option<Timestamp>,
}

/// Why a link shows nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShareEnd {
    Revoked,
    Expired,
    /// Viewed as often as it may be.
    UsedUp,
    /// Too many wrong passcodes.
    Locked,
}

impl ShareEnd {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::UsedUp => "used_up",
            Self::Locked => "locked",
        }
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
        } else if self.wrong_passcodes >= MAX_WRONG_PASSCODES {
            Some(ShareEnd::Locked)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_ends_for_each_reason_and_revoking_comes_first() {
        let now = Timestamp::from_secs(1_795_000_000);
        let good = Share {
            id: "1".into(),
            business: BusinessId::parse("harbour").unwrap(),
            call: CallSid::parse(&format!("CA{}", "1".repeat(32))).unwrap(),
            recording: RecordingSid::parse(&format!("RE{}", "1".repeat(32))).unwrap(),
            disposition: Disposition::Inline,
            created_at: now,
            ends_at: now.plus(Duration::from_millis(1)),
            max_views: 2,
            views: 1,
            passcode: None,
            wrong_passcodes: MAX_WRONG_PASSCODES - 1,
            revoked_at: None,
        };
        assert_eq!(good.end(now), None);
        assert_eq!(good.end(good.ends_at), Some(ShareEnd::Expired));
        assert_eq!(Share { views: 2, ..good.clone() }.end(now), Some(ShareEnd::UsedUp));
        let locked = Share { wrong_passcodes: MAX_WRONG_PASSCODES, ..good.clone() };
        assert_eq!(locked.end(now), Some(ShareEnd::Locked));
        let revoked = Share { revoked_at: Some(now), views: 2, ..good };
        assert_eq!(revoked.end(revoked.ends_at), Some(ShareEnd::Revoked));
    }
}
