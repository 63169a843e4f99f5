//! Caps on what a business uses in a month.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::UsageFigures;

/// At this part of a cap its business is warned.
pub const WARN_AT_PERCENT: u64 = 80;

/// The most that a business may use in a month. A cap of nothing refuses every call; no cap refuses none. Part of a
/// stored document, whose unknown fields are reported and do not stop calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Caps {
    /// Begun minutes of all calls together.
    pub minutes: Option<u64>,
    /// Micro-dollars, for models and carrier together.
    pub micros: Option<u64>,
}

/// What is capped.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumString, VariantArray,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Meter {
    /// Minutes of calls.
    Minutes,
    /// Money.
    Money,
}

impl Meter {
    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// How near a sum is to its cap.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    IntoStaticStr,
    VariantArray,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Below the warning.
    Within,
    /// [`WARN_AT_PERCENT`] of the cap or more: the business is warned, and its calls are let in.
    Warning,
    /// The cap or more: new calls are refused. Calls that run go on, so that a sum may pass its cap by what they use.
    Reached,
}

impl Level {
    /// Higher for a level that is nearer to the cap or beyond it.
    pub const fn rank(self) -> u8 {
        self as u8
    }

    /// The word by which it is shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// One cap and what was used of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// What is capped.
    pub meter: Meter,
    /// What was used: begun minutes or micro-dollars.
    pub used: u64,
    /// The cap, in the same unit.
    pub cap: u64,
    /// How near they are.
    pub level: Level,
}

impl Reading {
    fn of(meter: Meter, used: u64, cap: u64) -> Self {
        let warn_at = u128::from(cap) * u128::from(WARN_AT_PERCENT);
        let level = match used {
            used if used >= cap => Level::Reached,
            used if u128::from(used) * 100 >= warn_at => Level::Warning,
            _ => Level::Within,
        };
        Self { meter, used, cap, level }
    }
}

impl Caps {
    /// Whether there is no cap.
    pub const fn is_none(&self) -> bool {
        self.minutes.is_none() && self.micros.is_none()
    }
}

/// Every cap that there is, with what was used of it.
pub fn readings(usage: &UsageFigures, caps: &Caps) -> Vec<Reading> {
    let minutes = caps.minutes.map(|cap| Reading::of(Meter::Minutes, usage.minutes(), cap));
    let money = caps.micros.map(|cap| Reading::of(Meter::Money, usage.micros(), cap));
    minutes.into_iter().chain(money).collect()
}

/// The reading that decides: the one that is nearest to its cap. `None` without caps.
pub fn standing(usage: &UsageFigures, caps: &Caps) -> Option<Reading> {
    // Of two at one level the first, so that an answer does not depend on anything else.
    readings(usage, caps).into_iter().rev().max_by_key(|reading| reading.level)
}

/// The readings that an addition has brought to a higher level: what the business is to be told. Told at each
/// addition, a business hears of each level of each cap once a month.
pub fn risen(before: &UsageFigures, after: &UsageFigures, caps: &Caps) -> Vec<Reading> {
    let earlier = readings(before, caps);
    let risen = readings(after, caps).into_iter().zip(earlier);
    risen.filter(|(now, earlier)| now.level > earlier.level).map(|(now, _)| now).collect()
}
