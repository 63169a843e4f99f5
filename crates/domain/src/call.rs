//! A call and the one rule by which its status moves.
//!
//! Callbacks arrive late, twice and in any order. Statuses are ranked, and a status is taken only when its
//! rank is higher than the one held; everything else is kept as an event and changes nothing. So every
//! permutation of the same callbacks ends in the same record.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::contact::ContactId;
use crate::dial::CallTask;
use crate::ids::AccountSid;
use crate::phone::Caller;
use crate::{BusinessId, CallSid, PhoneNumber, Revision, Timestamp};

/// Twilio's call statuses.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumString, VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
#[serde(rename_all = "kebab-case")]
pub enum CallStatus {
    /// Accepted for dialling, not dialled yet.
    Queued,
    /// Being dialled.
    Initiated,
    /// The telephone rings.
    Ringing,
    /// Answered.
    InProgress,
    /// Ended after it was answered.
    Completed,
    /// The called party was busy.
    Busy,
    /// Could not be connected.
    Failed,
    /// Not answered in time.
    NoAnswer,
    /// Cancelled before it was answered.
    Canceled,
}

impl CallStatus {
    /// Every status.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Twilio's own word for it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The status for Twilio's word; `None` for an unknown word.
    pub fn parse(word: &str) -> Option<Self> {
        word.parse().ok()
    }

    /// All terminal statuses share one rank: the first one to arrive is the end.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Initiated => 1,
            Self::Ringing => 2,
            Self::InProgress => 3,
            Self::Completed | Self::Busy | Self::Failed | Self::NoAnswer | Self::Canceled => 9,
        }
    }

    /// Whether a call in this status is over.
    pub const fn is_terminal(self) -> bool {
        self.rank() == 9
    }
}

/// Which way a call goes. The provider's raw word is kept beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// A caller called a number of the business.
    Inbound,
    /// The business called a person.
    Outbound,
    /// A person at the console talks to the agent through a browser. Twilio knows nothing of the call.
    Test,
    /// Not known yet; a later event may say it.
    Unknown,
}

impl Direction {
    /// Twilio says `inbound`, `outbound-api`, `outbound-dial` and, on trunks, words not worth listing.
    pub fn from_twilio(word: &str) -> Self {
        if word.starts_with("inbound") {
            Self::Inbound
        } else if word.starts_with("outbound") {
            Self::Outbound
        } else {
            Self::Unknown
        }
    }

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The reverse of [`as_str`](Self::as_str). An unknown word is [`Unknown`](Self::Unknown).
    pub fn parse(word: &str) -> Self {
        word.parse().unwrap_or(Self::Unknown)
    }
}

/// One call, as every reader sees it. Only the voice webhooks write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Twilio's key of the call, and ours.
    pub sid: CallSid,
    /// The Twilio account that carries it.
    pub account: AccountSid,
    /// Whose call it is; fixed by the first write.
    pub business: BusinessId,
    /// The business's own number for an outbound call.
    pub from: Caller,
    /// The business's own number for an inbound call.
    pub to: Option<PhoneNumber>,
    /// How far it is, by the highest-ranked event so far.
    pub status: CallStatus,
    /// Which way it goes.
    pub direction: Direction,
    /// The provider's raw word, never corrected.
    pub twilio_direction: String,
    /// The settings that it runs with; `None` for a call that was refused before they were read.
    pub revision: Option<Revision>,
    /// It runs with a draft that was begun from `revision`, as the draft was then: its plan holds that.
    pub draft: bool,
    /// When it was first written.
    pub opened_at: Timestamp,
    /// When it was answered, if it was.
    pub answered_at: Option<Timestamp>,
    /// When its end arrived here.
    pub ended_at: Option<Timestamp>,
    /// Whole seconds, as Twilio counts them; only grows.
    pub duration: Option<Duration>,
    /// Why it was refused, if it was.
    pub refusal: Option<Refusal>,
    /// The SIP response that ended it, such as 486.
    pub sip_response_code: Option<u16>,
    /// Twilio's error code, if an event had one.
    pub error_code: Option<u32>,
    /// What an outbound call is for.
    pub task: Option<CallTask>,
    /// The contact at the other end, as it was when the call began; it may have been merged since. `None`: the number was
    /// withheld, or the contacts could not be asked in time.
    pub contact: Option<ContactId>,
}

/// Why a call was answered with a refusal instead of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumString)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The number belongs to no business. Kept in quarantine, never guessed.
    UnknownNumber,
    /// Every slot of the business or of the deployment is taken.
    AtCapacity,
    /// The published settings cannot carry a call on this channel.
    NoPrompt,
    /// The business is closed, and what it has outside its opening hours is not the agent.
    Closed,
    /// A cap of the business on the month is reached.
    CapReached,
    /// The business is suspended, or is being deleted.
    Suspended,
}

impl Refusal {
    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The reverse of [`as_str`](Self::as_str); `None` for an unknown word.
    pub fn parse(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

/// What one status callback says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusEvent {
    /// The status that it reports.
    pub status: CallStatus,
    /// Order of firing at Twilio, not of arrival here.
    pub sequence: Option<u32>,
    /// When it arrived here.
    pub at: Timestamp,
    /// The call's duration, whole seconds, if the event has it.
    pub duration: Option<Duration>,
    /// Twilio's word for the direction, if the event has one.
    pub twilio_direction: Option<String>,
    /// The SIP response, if the event has one.
    pub sip_response_code: Option<u16>,
    /// Twilio's error code, if the event has one.
    pub error_code: Option<u32>,
}

impl StatusEvent {
    /// An event that says nothing about the call's own status: ranked below everything, it moves none.
    pub const fn history(at: Timestamp) -> Self {
        Self {
            status: CallStatus::Queued,
            sequence: None,
            at,
            duration: None,
            twilio_direction: None,
            sip_response_code: None,
            error_code: None,
        }
    }

    /// Whether the event can say anything about the call's own status.
    pub fn moves_status(&self) -> bool {
        self.status.rank() > CallStatus::Queued.rank()
    }
}

/// What an event changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// The status, or a fact beside it, changed.
    Moved,
    /// The status stays; the event is history.
    Kept,
}

impl Call {
    /// How long the call lasted, once it is over: as Twilio counts it, or by our own times if Twilio never told.
    pub fn lasted(&self) -> Duration {
        let measured = || Some(self.ended_at?.since(self.answered_at?));
        self.duration.or_else(measured).unwrap_or_default()
    }

    /// The language that the agent opens in, if it was chosen for this call.
    pub fn language(&self) -> Option<&str> {
        self.task.as_ref()?.language.as_deref()
    }

    /// The person at the other end: who called, or who was called.
    pub fn other_party(&self) -> Option<&PhoneNumber> {
        match self.direction {
            Direction::Outbound => self.to.as_ref(),
            Direction::Inbound | Direction::Test | Direction::Unknown => self.from.number(),
        }
    }

    /// Whether Twilio carries the call, so that it can be asked about it and calls back.
    pub fn is_twilios(&self) -> bool {
        self.direction != Direction::Test
    }

    /// Names this person and this business to the model's provider, the same for each of their calls and of no use to
    /// others: 128 bits of a SHA-256, hexadecimal. Two calls from withheld numbers have two.
    pub fn safety_identifier(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.business.as_str());
        hash.update([0]);
        match self.other_party() {
            Some(number) => hash.update(number.as_e164()),
            None => hash.update(self.sid.as_str()),
        }
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The same rule that the store enforces with its condition `rank < :new`, on values.
    pub fn apply(&mut self, event: &StatusEvent) -> Applied {
        self.duration = self.duration.max(event.duration);
        self.sip_response_code = self.sip_response_code.or(event.sip_response_code);
        self.error_code = self.error_code.or(event.error_code);
        if let (Direction::Unknown, Some(word)) = (self.direction, &event.twilio_direction) {
            self.direction = Direction::from_twilio(word);
        }
        if event.status.rank() <= self.status.rank() {
            return Applied::Kept;
        }
        self.status = event.status;
        if event.status == CallStatus::InProgress {
            self.answered_at.get_or_insert(event.at);
        }
        if event.status.is_terminal() {
            self.ended_at.get_or_insert(event.at);
        }
        Applied::Moved
    }
}

#[cfg(test)]
mod tests;
