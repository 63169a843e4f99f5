//! How a business lets calls be placed: part of its settings.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::Weekday;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::Portion;
use crate::duration::Words;
use crate::hours::{Span, Week};
use crate::numbering::Country;

/// The longest pause between two calls to one number.
pub const MAX_COOL_DOWN: Duration = Duration::from_secs(30 * 86_400);

/// How a business lets calls be placed.
// It is stored, and an unknown field in it must not stop the calls that come in: it is reported, and `not_understood`
// stops the calls that would be placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct OutboundPolicy {
    /// Countries that may be called, two capital letters each. Empty: that of the number that calls.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub countries: BTreeSet<Country>,
    /// When people may be called, by their clocks.
    pub hours: Week,
    /// The pause after a call to a number before it is called again.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub cool_down: Duration,
    /// The most that outbound calls may come to on one day of the business.
    pub per_day: DayCaps,
    /// The part of the business's slots that outbound calls may hold, per cent.
    #[cfg_attr(feature = "schema", schema(value_type = u8))]
    pub share: Portion,
    /// What was stored has a field that is not understood, which may have forbidden calls. It is found out at each
    /// reading and never stored.
    #[serde(skip)]
    pub not_understood: bool,
}

/// Caps on a day's outbound calls. What is not capped has no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct DayCaps {
    /// The most calls on a day; no cap without it.
    pub calls: Option<u64>,
    /// The most begun minutes on a day; no cap without it.
    pub minutes: Option<u64>,
    /// The most that a day's calls may cost, micro-dollars; no cap without it.
    pub micros: Option<u64>,
}

impl Default for OutboundPolicy {
    /// Workdays and Saturdays from 9 to 20, an hour less on both sides than 47 CFR 64.1200 allows in the United States;
    /// stricter law of a place is for the business to set. A quarter of an hour between two calls to a number. Half of
    /// the slots.
    fn default() -> Self {
        const DAYS: [Weekday; 6] = [
            Weekday::Monday,
            Weekday::Tuesday,
            Weekday::Wednesday,
            Weekday::Thursday,
            Weekday::Friday,
            Weekday::Saturday,
        ];
        let day: Option<Span> = "09:00-20:00".parse().ok();
        Self {
            countries: BTreeSet::new(),
            hours: Week::of(&DAYS, day.as_slice()),
            cool_down: Duration::from_secs(15 * 60),
            per_day: DayCaps::default(),
            share: Portion::HALF,
            not_understood: false,
        }
    }
}

/// What is wrong with a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "snake_case")]
pub enum InvalidOutboundPolicy {
    /// No call could ever be placed.
    #[error("`hours` has no time at which people may be called")]
    NoHours,
    /// A pause that is too long.
    #[error("`cool_down` may be `{}` at most", Words(MAX_COOL_DOWN))]
    CoolDown,
}

impl OutboundPolicy {
    /// Whether settings with this policy may be published.
    ///
    /// # Errors
    /// [`InvalidOutboundPolicy`], the first thing that is wrong.
    pub fn check(&self) -> Result<(), InvalidOutboundPolicy> {
        if self.hours.is_empty() {
            return Err(InvalidOutboundPolicy::NoHours);
        }
        if self.cool_down > MAX_COOL_DOWN {
            return Err(InvalidOutboundPolicy::CoolDown);
        }
        Ok(())
    }
}
