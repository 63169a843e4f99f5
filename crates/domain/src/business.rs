//! A business and the settings its calls run with.
//!
//! Settings are immutable revisions: an edit makes revision n + 1 and publishing moves one pointer. A call
//! pins the revision it started with, so nothing that depends on settings is ever invalidated.

pub mod bounds;
mod conversation;
mod policies;
mod settings;
mod voice;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::usage::Caps;
use crate::zone::Zone;
use crate::{BusinessId, PhoneNumber, Timestamp};

pub use conversation::{ConversationPolicy, VoicemailPolicy};
pub use policies::{Policies, RecordingPolicy, TranscriptPolicy, Voicemail, WhenNoAgent};
pub use settings::{ChannelPrompt, PromptInLanguage, Prompts, Settings};
pub use voice::{Eagerness, TurnDetection, Voice};

/// What a business is, apart from how its calls are conducted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Business {
    /// The business's key, given by the operator.
    pub id: BusinessId,
    /// Its name, as the agent says it.
    pub name: String,
    /// IANA name, for the date and time the agent is told.
    pub time_zone: String,
    /// Calls it may have at once. The voice webhook leases one slot per call.
    pub max_concurrent_calls: u16,
    /// Where a call goes when no agent can be had.
    pub fallback_number: Option<PhoneNumber>,
    /// Whether it is served.
    #[serde(default)]
    pub standing: Standing,
    /// The most that it may use in a month. Part of the profile, since a cap holds at once and for every revision.
    #[serde(default)]
    pub caps: Caps,
}

/// The longest name of a business, characters.
pub const MAX_NAME_CHARS: usize = 120;
/// The most calls that a business may have at once.
pub const MAX_CALLS_AT_ONCE: u16 = 10_000;
/// How long a business that is to be deleted can be taken back.
pub const WAITS_BEFORE_DELETION: Duration = Duration::from_secs(30 * 24 * 3_600);

/// Whether a business is served.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
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

impl Business {
    /// The zone of its clocks; UTC if [`time_zone`](Self::time_zone) names none.
    pub fn zone(&self) -> Zone {
        Zone::parse(&self.time_zone).unwrap_or_else(|_| Zone::utc())
    }

    /// Every field that holds what a business cannot have: the field's name, a word for programs, and what would be
    /// right.
    pub fn mistakes(&self) -> Vec<(&'static str, &'static str, String)> {
        let mut mistakes = vec![];
        if self.name.trim().is_empty() || self.name.chars().count() > MAX_NAME_CHARS {
            mistakes.push(("name", "length", format!("give 1 to {MAX_NAME_CHARS} characters")));
        }
        if self.name.chars().any(char::is_control) {
            mistakes.push(("name", "characters", "leave out control characters".to_owned()));
        }
        if Zone::parse(&self.time_zone).is_err() {
            let detail = "give a time zone by its IANA name, such as `Europe/Vienna`";
            mistakes.push(("time_zone", "unknown", detail.to_owned()));
        }
        if !(1..=MAX_CALLS_AT_ONCE).contains(&self.max_concurrent_calls) {
            mistakes.push(("max_concurrent_calls", "range", format!("give 1 to {MAX_CALLS_AT_ONCE}")));
        }
        mistakes
    }
}
