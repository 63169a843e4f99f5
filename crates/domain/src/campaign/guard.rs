//! What holds a campaign back: it begins slowly, stops by itself when calls fail, and keeps to its budget.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::entry::Ended;
use super::retry::Outcome;
use super::{Budget, Pause};
use crate::outbound::AtMost;
use crate::turn::EndReason;
use crate::{CallSid, Timestamp};

/// How far back calls are looked at.
pub const LOOKS_BACK: Duration = Duration::from_secs(300);
/// The most calls that are shown when a campaign has paused by itself.
pub const SHOWN: usize = 20;
/// Fewer calls than these say nothing.
const LEAST: usize = 10;
/// A call that is answered and over before this was not a conversation.
const SHORT: Duration = Duration::from_secs(3);

/// A call that is over, as far as it says whether calls work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// The call.
    pub call: CallSid,
    /// When it ended.
    pub at: Timestamp,
    /// What it came to.
    pub outcome: Outcome,
    /// It failed for a technical reason.
    pub failed: bool,
}

/// Whether a call failed for a technical reason. A person who is busy or does not answer is no failure.
pub fn is_failure(ended: &Ended, end: Option<EndReason>) -> bool {
    let is_ours = matches!(
        end,
        Some(
            EndReason::ModelLost
                | EndReason::CallerLost
                | EndReason::Unauthorised
                | EndReason::Protocol
                | EndReason::Internal
        )
    );
    is_ours || ended.outcome == Outcome::Failed || (ended.outcome == Outcome::Silent && ended.lasted < SHORT)
}

/// Whether the last calls failed too often to go on without a person: at least half of at least ten.
pub fn trips(samples: &[Sample], since: Timestamp, now: Timestamp) -> bool {
    let from = since.max(now.minus(LOOKS_BACK));
    let last: Vec<&Sample> = samples.iter().filter(|sample| sample.at >= from).collect();
    let failed = last.iter().filter(|sample| sample.failed).count();
    last.len() >= LEAST && failed * 2 >= last.len()
}

/// How many calls may run at once: one in the first minute, and in each further one twice the number of the one before, up to `most`.
pub fn at_once(running_since: Timestamp, now: Timestamp, most: u16) -> u16 {
    let minutes = now.since(running_since).as_secs() / 60;
    u32::try_from(minutes)
        .ok()
        .and_then(|minutes| 1_u16.checked_shl(minutes))
        .map_or(most, |now| now.min(most))
}

impl Budget {
    /// Whether a call that may come to so much fits beside what was spent and is kept for calls that run.
    ///
    /// # Errors
    /// [`Pause::Budget`]; also when money is capped and the call's price is not known.
    pub fn admits(&self, micros: u64, minutes: u64, call: AtMost) -> Result<(), Pause> {
        let over = |cap: Option<u64>, sum: u64, more: Option<u64>| {
            cap.is_some_and(|cap| more.is_none_or(|more| sum.saturating_add(more) > cap))
        };
        let is_over =
            over(self.micros, micros, call.micros) || over(self.minutes, minutes, Some(call.minutes));
        if is_over { Err(Pause::Budget) } else { Ok(()) }
    }
}
