//! Why a person of a campaign is not called yet, or not at all.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// Why an entry waits.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Wait {
    /// The person was promised a call at this time.
    CallBack,
    /// Another attempt follows the one before.
    Retry,
    /// It is not a time to call the person.
    Hours,
    /// The number was called a short time ago.
    CoolingDown,
    /// There was no room for a call.
    NoRoom,
    /// A cap on the business's day or month is reached.
    Cap,
    /// The call could not be asked for.
    Trouble,
}

/// Why a person is not called.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Skip {
    /// They asked this business not to be called.
    DoNotCall,
    /// The calls are marketing, and no consent is recorded.
    NoConsent,
    /// No call is placed to numbers of this kind.
    Barred,
    /// The business does not call this country, or the number is of no known country.
    Country,
    /// There are no rules for the country, or its time is not known.
    NoRule,
    /// No moment suits the hours of the settings, of the campaign and of the law in every time zone in which they may be.
    NoHours,
    /// Twilio or the business's policy refuses the call for good.
    Refused,
    /// The campaign was stopped.
    Stopped,
    /// The campaign's time was over.
    Expired,
    /// They were promised a call, and the campaign was stopped or its time was over before it.
    CallBackDropped,
    /// All that was kept of the person was erased.
    Erased,
}

impl Wait {
    /// Every reason.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl Skip {
    /// Every reason.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
