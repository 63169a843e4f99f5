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
    /// Until when a change of its Twilio account keeps others waiting; `None`: none is under way.
    #[serde(default)]
    pub twilio_change_until: Option<Timestamp>,
}

/// The longest name of a business, characters.
pub const MAX_NAME_CHARS: usize = 120;
/// The most calls that a business may have at once.
pub const MAX_CALLS_AT_ONCE: u16 = 10_000;
/// How long a business that is to be deleted can be taken back.
pub const WAITS_BEFORE_DELETION: Duration = Duration::from_secs(30 * 24 * 3_600);
/// How long a change of a business's Twilio account keeps others waiting: longer than the function that makes it may run.
pub const TWILIO_CHANGE_TAKES: Duration = Duration::from_secs(30);

impl Business {
    /// Has the account changed by one request at a time: the secret store knows no conditional write, so of two at once one
    /// would take away the keys that the other has stored.
    ///
    /// # Errors
    /// How long another change keeps this one waiting at most.
    pub fn begin_twilio_change(&mut self, now: Timestamp) -> Result<(), Duration> {
        match self.twilio_change_until {
            Some(until) if until > now => Err(until.since(now)),
            _ => {
                self.twilio_change_until = Some(now.plus(TWILIO_CHANGE_TAKES));
                Ok(())
            }
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn one_change_of_the_twilio_account_at_a_time_and_none_waits_for_one_that_was_cut_off() {
        let mut business = testing::business();
        let now = Timestamp(1_795_179_909_000);
        assert_eq!(business.begin_twilio_change(now), Ok(()));
        let soon = now.plus(Duration::from_secs(10));
        assert_eq!(business.begin_twilio_change(soon), Err(TWILIO_CHANGE_TAKES - Duration::from_secs(10)));
        assert_eq!(business.begin_twilio_change(now.plus(TWILIO_CHANGE_TAKES)), Ok(()));
    }
}
