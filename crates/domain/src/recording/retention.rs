//! How long recordings are kept, and what remains of one that is deleted.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use super::Archived;
use crate::Timestamp;

/// How long an archived recording is kept. There are few classes, because each is a lifecycle rule of the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "snake_case")]
pub enum Retention {
    /// Thirty days.
    #[strum(serialize = "30-days")]
    Days30,
    /// Ninety days.
    #[strum(serialize = "90-days")]
    Days90,
    /// A year.
    #[strum(serialize = "365-days")]
    Days365,
    /// Until a person deletes it.
    #[default]
    Forever,
}

impl Retention {
    /// Every retention.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The object tag that says how long an object is kept. The bucket's lifecycle rules go by its value.
    pub const TAG: &'static str = "retention";
    /// The tag's value under legal hold: no rule matches it.
    pub const HOLD: &'static str = "hold";

    /// The value of [`Self::TAG`].
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Its length in days; `None`: for ever.
    pub const fn days(self) -> Option<u32> {
        match self {
            Self::Days30 => Some(30),
            Self::Days90 => Some(90),
            Self::Days365 => Some(365),
            Self::Forever => None,
        }
    }

    /// `None`: until a person deletes it.
    pub fn duration(self) -> Option<Duration> {
        self.days().map(|days| Duration::from_secs(u64::from(days) * 24 * 3_600))
    }
}

/// What remains of a deleted recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// When it was deleted.
    pub at: Timestamp,
    /// Why it was deleted.
    pub reason: DeletionReason,
    /// What was in the bucket, if it ever was.
    #[serde(default)]
    pub archived: Option<Archived>,
}

/// Why a recording was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum DeletionReason {
    /// The business asked for it.
    Requested,
    /// It had been kept as long as the business keeps recordings.
    RetentionOver,
}

impl DeletionReason {
    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
