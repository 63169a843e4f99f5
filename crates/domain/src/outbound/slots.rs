//! Room for outbound calls, beside which there is always room for one that comes in.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A part of something, per cent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Portion(u8);

/// More than the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a share is 0 to 100 per cent")]
pub struct InvalidPortion;

impl Portion {
    /// Half.
    pub const HALF: Self = Self(50);
    /// All of it.
    pub const WHOLE: Self = Self(100);

    /// Accepts 0 to 100.
    ///
    /// # Errors
    /// [`InvalidPortion`].
    pub const fn percent(percent: u8) -> Result<Self, InvalidPortion> {
        if percent <= 100 { Ok(Self(percent)) } else { Err(InvalidPortion) }
    }

    /// The part of `whole`, rounded down.
    pub const fn of(self, whole: u32) -> u32 {
        // At most `whole`.
        (whole as u64 * self.0 as u64 / 100) as u32
    }
}

impl TryFrom<u8> for Portion {
    type Error = InvalidPortion;
    fn try_from(percent: u8) -> Result<Self, InvalidPortion> {
        Self::percent(percent)
    }
}

impl From<Portion> for u8 {
    fn from(share: Portion) -> Self {
        share.0
    }
}

/// The slots of one pool, and which of them are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotCount {
    /// All of them.
    pub total: u32,
    /// Those that calls hold, whichever way they go.
    pub in_use: u32,
    /// Those that outbound calls hold or are reserved for them.
    pub outbound: u32,
}

impl SlotCount {
    /// Whether an outbound call may take a slot. Outbound calls hold their share at most, and unless that is all of the
    /// pool, they leave the last free slot to a call that comes in.
    pub const fn admits_outbound(&self, share: Portion) -> bool {
        let most = share.of(self.total);
        let kept_free = if most < self.total { 1 } else { 0 };
        self.outbound < most && self.total.saturating_sub(self.in_use) > kept_free
    }
}

/// Room for a call at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// The business's slots; its policy says which part of them outbound calls may hold.
    pub business: SlotCount,
    /// The deployment's slots.
    pub deployment: SlotCount,
    /// The part of the deployment's slots that outbound calls may hold.
    pub deployment_share: Portion,
    /// How fast the account dials.
    pub pace: Pace,
}

/// Calls that a Twilio account begins in one second. Twilio queues what is beyond its limit and dials it later, perhaps
/// outside the hours that were checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The most; an account begins with 1.
    pub per_second: u32,
    /// Those that began in this second.
    pub started: u32,
    /// When the second is over.
    pub second_ends: Timestamp,
}
