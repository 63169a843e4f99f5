//! Runs: who may say which transcript is final.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::Timestamp;

/// Which authorised piece of work a transcript belongs to: 0 is the call's own, every request to reprocess and
/// every edit is the next. A later run outranks an earlier one, whichever finishes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Run(pub u32);

impl Run {
    /// The run that follows the call itself.
    pub const FIRST: Self = Self(0);

    /// The run after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What can be done once more for a call that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Fetch a recording that could not be archived.
    Recording,
    /// Listen to the recording again.
    Transcript,
    /// The summary.
    Summary,
    /// The facts that the business wants to know.
    Extraction,
}

/// What became of a run's transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, EnumString, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum RunOutcome {
    /// The final pointer is this run's.
    Replaced,
    /// What stood before was better, or all there is.
    Kept,
    /// The call has no transcript still.
    Failed,
    /// The run's stages leave the transcript alone; their own records say what came of them.
    HandedOn,
}

impl RunOutcome {
    /// Every outcome.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The reverse of [`as_str`](Self::as_str); `None` for an unknown word.
    pub fn parse(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

/// A run that has no outcome by then was lost: the next one need not wait for it.
pub const RUN_WITHIN: Duration = Duration::from_secs(3_600);

/// One request to reprocess a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reprocessing {
    /// Its number.
    pub run: Run,
    /// What is done again.
    pub stages: BTreeSet<Stage>,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// What it came to; `None` while it is under way.
    pub outcome: Option<RunOutcome>,
}

impl Reprocessing {
    /// Whether its transcript is still being worked on.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.outcome.is_none() && now.since(self.asked_at) < RUN_WITHIN
    }
}
