//! When a person is called again after an attempt.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::entry::{Attempt, Entry};
use crate::Timestamp;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// What an attempt came to.
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
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    /// A person answered and spoke.
    Human,
    /// A person answered, and was promised a call at another time.
    CallbackRequested,
    /// A person answered, and asked not to be called again.
    OptedOut,
    /// The call was answered, and no word was said.
    Silent,
    /// A machine answered.
    Voicemail,
    /// The line was busy.
    Busy,
    /// The call was not answered.
    NoAnswer,
    /// The call was cancelled while it rang.
    Canceled,
    /// It could not be connected, and may be the next time.
    Failed,
    /// The number cannot be reached, and will not be.
    Unreachable,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether the attempt counts as one: a technical failure does not.
    pub const fn counts(self) -> bool {
        !matches!(self, Self::Failed)
    }

    /// Whether a person answered and spoke.
    pub const fn is_human(self) -> bool {
        matches!(self, Self::Human | Self::CallbackRequested | Self::OptedOut)
    }

    /// Whether a person or a machine answered.
    pub const fn is_answered(self) -> bool {
        self.is_human() || matches!(self, Self::Silent | Self::Voicemail)
    }

    /// After how long the person is called again, each time that an attempt came to this.
    pub const fn pauses(self) -> &'static [Duration] {
        const BUSY: &[Duration] = &[MINUTE.saturating_mul(10), MINUTE.saturating_mul(10)];
        // The last one is at another time of the next day.
        const NO_ANSWER: &[Duration] =
            &[HOUR.saturating_mul(4), HOUR.saturating_mul(4), HOUR.saturating_mul(29)];
        const VOICEMAIL: &[Duration] = &[DAY];
        const FAILED: &[Duration] =
            &[MINUTE.saturating_mul(2), MINUTE.saturating_mul(2), MINUTE.saturating_mul(2)];
        match self {
            Self::Busy => BUSY,
            Self::NoAnswer => NO_ANSWER,
            Self::Voicemail => VOICEMAIL,
            Self::Failed => FAILED,
            // A call that is promised has a time of its own.
            Self::Human
            | Self::CallbackRequested
            | Self::OptedOut
            | Self::Silent
            | Self::Canceled
            | Self::Unreachable => &[],
        }
    }
}

/// How often a person is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retries {
    /// Attempts, all in all.
    pub attempts: u8,
    /// Attempts within 24 hours.
    pub per_day: u8,
    /// Attempts within seven days.
    pub per_week: u8,
}

impl Retries {
    /// The most attempts that a campaign may ask for.
    pub const MOST: u8 = 10;
}

impl Default for Retries {
    fn default() -> Self {
        Self { attempts: 4, per_day: 2, per_week: 3 }
    }
}

/// When the person is called again after what the last attempt came to; `None`: never.
pub fn again(entry: &Entry, retries: Retries, ended_at: Timestamp) -> Option<Timestamp> {
    let last = entry.attempts.last()?;
    let outcome = last.outcome?;
    let at = match last.call_back {
        Some(promised) => promised.max(ended_at),
        None => {
            let same = entry.attempts.iter().filter(|attempt| attempt.outcome == Some(outcome)).count();
            ended_at.plus(*outcome.pauses().get(same.checked_sub(1)?)?)
        }
    };
    within_caps(entry, retries, at)
}

/// The first moment from `at` on at which another attempt keeps to the caps; `None`: there may be no more. An attempt that is under way
/// counts.
pub fn within_caps(entry: &Entry, retries: Retries, at: Timestamp) -> Option<Timestamp> {
    let counted: Vec<&Attempt> = entry.attempts.iter().filter(|attempt| attempt.counts()).collect();
    if counted.len() >= usize::from(retries.attempts) {
        return None;
    }
    // The attempt that has to be out of the way before there may be another one.
    let within = |most: u8, time: Duration| {
        let place = counted.len().checked_sub(usize::from(most))?;
        counted.get(place).map(|attempt| attempt.at.plus(time))
    };
    let caps = [within(retries.per_day, DAY), within(retries.per_week, 7 * DAY)];
    Some(caps.into_iter().flatten().fold(at, Timestamp::max))
}
