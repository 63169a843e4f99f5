//! A business and the settings its calls run with.
//!
//! Settings are immutable revisions: an edit makes revision n + 1 and publishing moves one pointer. A call
//! pins the revision it started with, so nothing that depends on settings is ever invalidated.

pub mod bounds;
mod conversation;
mod policies;
mod settings;
mod standing;
mod voice;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::AccountSid;
use crate::usage::Caps;
use crate::zone::Zone;
use crate::{BusinessId, PhoneNumber, Timestamp};

pub use conversation::{ConversationPolicy, VoicemailPolicy};
pub use policies::{Policies, RecordingPolicy, TranscriptPolicy, Voicemail, WhenNoAgent};
pub use settings::{ChannelPrompt, PromptInLanguage, Prompts, Settings};
pub use standing::Standing;
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
    /// The Twilio account that it brought: its calls begin there. `None`: in the deployment's. The account's keys are
    /// in the secret store, and never here.
    #[serde(default)]
    pub twilio_account: Option<AccountSid>,
    /// Until when keys of accounts that it left are kept; `None`: it left none.
    #[serde(default)]
    pub twilio_keys_until: Option<Timestamp>,
}

/// The longest name of a business, characters.
pub const MAX_NAME_CHARS: usize = 120;
/// The most calls that a business may have at once.
pub const MAX_CALLS_AT_ONCE: u16 = 10_000;
/// How long a business that is to be deleted can be taken back.
pub const WAITS_BEFORE_DELETION: Duration = Duration::from_secs(30 * 24 * 3_600);

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
