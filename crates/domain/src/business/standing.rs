use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Whether a business is served.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", deny_unknown_fields)]
pub enum Standing {
    /// Its calls are answered and placed.
    #[default]
    Active,
    /// Its calls are refused politely; everything else stays as it is.
    Suspended {
        /// Since when.
        since: Timestamp,
        /// Why, for the operator.
        reason: Option<String>,
    },
    /// As suspended, and deleted once `gone_at` is over.
    Leaving {
        /// Since when.
        since: Timestamp,
        /// When it is deleted.
        gone_at: Timestamp,
    },
}

impl Standing {
    /// Whether its calls are answered and placed.
    pub const fn is_active(&self) -> bool {
        matches!(self, Self::Active)
    }

    /// Whether it is to be deleted by now, and cannot be taken back.
    pub fn is_gone(&self, now: Timestamp) -> bool {
        matches!(self, Self::Leaving { gone_at, .. } if *gone_at <= now)
    }

    /// The word by which it is listed.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended { .. } => "suspended",
            Self::Leaving { .. } => "leaving",
        }
    }
}
