//! What a campaign is for, as a fact of its calls: it is reached when the summing-up of a call says so, and counts once for each
//! person. Facts and costs of a call are there some time after its end, so they are asked for until then.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Campaign;
use crate::Timestamp;
use crate::insight::{InsightPolicy, Insights};

/// The longest value of a goal, characters.
pub const MAX_VALUE: usize = 100;
/// When the facts of a call are asked for first, and how often at most.
const FIRST_LOOK: Duration = Duration::from_secs(60);
/// How seldom at least.
const SELDOM: Duration = Duration::from_secs(3_600);
/// Facts that are not there by then never will be.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(86_400);

/// The fact that a campaign's calls are to bring about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// The call leads to this lead status.
    LeadStatus(String),
    /// The call says a field.
    Field {
        /// Which.
        name: String,
        /// Its value, in any case; `None`: any.
        value: Option<String>,
    },
}

/// Why a business cannot have a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoGoal {
    /// The settings have no such lead status.
    #[error("the published settings have no such lead status")]
    LeadStatus,
    /// The settings ask for no such field.
    #[error("the published settings ask for no such field")]
    Field,
}

impl Goal {
    /// Whether calls of these settings can reach it.
    ///
    /// # Errors
    /// Why not.
    pub fn fits(&self, policy: &InsightPolicy) -> Result<(), NoGoal> {
        match self {
            Self::LeadStatus(status) if !policy.lead_statuses.contains(status) => Err(NoGoal::LeadStatus),
            Self::Field { name, .. } if !policy.fields.iter().any(|field| field.name == *name) => {
                Err(NoGoal::Field)
            }
            Self::LeadStatus(_) | Self::Field { .. } => Ok(()),
        }
    }

    /// Whether a call reached it.
    pub fn is_reached(&self, found: &Insights) -> bool {
        let same = |one: &str, other: &str| one.trim().to_lowercase() == other.trim().to_lowercase();
        match self {
            Self::LeadStatus(status) => found.lead_status.as_ref() == Some(status),
            Self::Field { name, value } => found.extraction.iter().any(|fact| {
                fact.name == *name && value.as_ref().is_none_or(|value| same(value, &fact.value))
            }),
        }
    }
}

impl Campaign {
    /// Whether a worker has something to do, now or later. What calls came to is known some time after the last one.
    pub const fn has_work(&self) -> bool {
        self.state.has_work() || self.state.is_over() && self.plan.goal.is_some()
    }
}

/// What is known of a call of a campaign with a goal, once it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Facts {
    /// The call was not answered, so it has no facts.
    None,
    /// They are asked for.
    Awaited {
        /// When next.
        next: Timestamp,
    },
    /// They are there.
    Known {
        /// The call reached the goal.
        reached: bool,
        /// What it cost, micro-dollars.
        micros: u64,
    },
    /// They did not come in time.
    Lost,
}

impl Facts {
    /// Those of a call that has just ended.
    pub fn of_a_call(was_answered: bool, ended_at: Timestamp) -> Self {
        if was_answered { Self::Awaited { next: ended_at.plus(FIRST_LOOK) } } else { Self::None }
    }

    /// What is awaited still, once it was looked for in vain: the later, the more seldom.
    #[must_use]
    pub fn later(began: Timestamp, now: Timestamp) -> Self {
        let age = now.since(began);
        if age >= GIVEN_UP_AFTER {
            return Self::Lost;
        }
        Self::Awaited { next: now.plus((age / 2).clamp(FIRST_LOOK, SELDOM)) }
    }

    /// When they are asked for next; `None`: never.
    pub const fn due(self) -> Option<Timestamp> {
        match self {
            Self::Awaited { next } => Some(next),
            Self::None | Self::Known { .. } | Self::Lost => None,
        }
    }

    /// Whether the goal was reached, as far as is known.
    pub const fn is_reached(self) -> bool {
        matches!(self, Self::Known { reached: true, .. })
    }
}
