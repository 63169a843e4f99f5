//! What happened with a contact, the newest first.
//!
//! An entry's name is made of when it happened, of what kind it is and of what its owner calls it. So the owner of a fact
//! puts it once however often its job runs, several partitions are read as one list, and a position in it stays good
//! while entries come and go.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::{ContactId, LeadId, LeadMove};
use crate::access::KeyId;
use crate::as_text::as_text;
use crate::ids::{InvalidId, is_32_digits};
use crate::lead::LeadSourceId;
use crate::messages::MessageId;
use crate::texts::{Body, ThreadId};
use crate::{CallSid, Direction, Timestamp};

const DIGEST_BITS: u32 = 80;
const DIGEST_BYTES: usize = 10;

/// Names an entry of a timeline: its millisecond and a digest, 32 hexadecimal digits. The names have the order of the times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntryId(u128);

impl EntryId {
    /// The name of what happened at this time and is called `name` by its owner.
    pub fn of(at: Timestamp, kind: EntryKind, name: &str) -> Self {
        let digest =
            Sha256::new().chain_update(kind.as_str()).chain_update([0]).chain_update(name).finalize();
        let digest = digest.iter().take(DIGEST_BYTES).fold(0, |all, byte| (all << 8) | u128::from(*byte));
        let ms = u128::try_from(at.0).unwrap_or(0).min(u128::MAX >> DIGEST_BITS);
        Self((ms << DIGEST_BITS) | digest)
    }

    /// Accepts 32 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// [`InvalidId`].
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId { kind: "id of an entry", expected: "32 hexadecimal digits" };
        if !is_32_digits(text) {
            return Err(invalid);
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| invalid)
    }

    /// When it happened.
    pub fn at(self) -> Timestamp {
        Timestamp(i64::try_from(self.0 >> DIGEST_BITS).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl std::str::FromStr for EntryId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::parse(text)
    }
}

as_text!(EntryId, InvalidId);

/// What kind of thing happened.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumString, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum EntryKind {
    /// A call that is over.
    Call,
    /// A message that the agent took.
    Message,
    /// A recording that the caller left.
    Voicemail,
    /// An appointment that was made, moved or cancelled.
    Appointment,
    /// Texts, in either direction: the first of a day.
    Text,
    /// The agent gave a thread of texts to a person.
    HandOver,
    /// A note of a person.
    Note,
    /// The lead moved.
    LeadMove,
    /// The person filled in a form.
    Lead,
    /// Another contact was merged into this one.
    Merge,
    /// A merge was undone.
    Unmerge,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Something that happened with a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Names it.
    pub id: EntryId,
    /// What it is.
    pub what: What,
}

/// A call as an entry.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallEntry {
    /// The call.
    pub call: CallSid,
    /// Which way it went.
    pub direction: Direction,
    /// How long it lasted, whole seconds.
    pub seconds: u64,
    /// What it was about, in a few words; `None`: it was not summed up.
    pub topic: Option<String>,
}

/// A note that a person wrote.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What it says.
    pub text: String,
    /// Whether the agent is told.
    #[serde(default)]
    pub agent_readable: bool,
    /// The key with which it was written.
    pub by: KeyId,
    /// What the key's holder called it then.
    pub name: String,
}

// What was said, and what people note of one another.
macro_rules! private {
    ($($name:ident),+) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        })+
    };
}

private!(CallEntry, Note);

/// What an entry tells. The facts themselves stay with their owners: an entry names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A call that is over.
    Call(CallEntry),
    /// A message that the agent took.
    Message {
        /// The call in which it was left.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<CallSid>,
        /// The thread in which it was left, if that was in writing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thread: Option<ThreadId>,
        /// The message.
        message: MessageId,
    },
    /// A recording that the caller left.
    Voicemail {
        /// The call in which it was left.
        call: CallSid,
        /// The voicemail, in the list of messages.
        message: MessageId,
    },
    /// An appointment, by its id and what became of it.
    Appointment {
        /// The appointment.
        appointment: String,
        /// `booked`, `moved`, `cancelled` and so on.
        became: String,
        /// When it begins, after that; `None` in entries that were told before entries said so.
        #[serde(default)]
        start: Option<Timestamp>,
    },
    /// The first text of a day. What it and those behind it say stays in their thread.
    Text {
        /// The thread.
        thread: ThreadId,
        /// The text's number in it, from 1.
        number: u64,
        /// Inbound: the person wrote it.
        direction: Direction,
    },
    /// The agent gave a thread of texts to a person.
    HandOver {
        /// The thread.
        thread: ThreadId,
        /// Why, in the agent's words.
        reason: Body,
    },
    /// A note of a person.
    Note(Note),
    /// The lead moved.
    LeadMove(LeadMove),
    /// The person filled in a form.
    Lead {
        /// What came.
        lead: LeadId,
        /// Where it came from.
        source: LeadSourceId,
        /// What the source was called then.
        name: String,
    },
    /// Another contact was merged into this one.
    Merge {
        /// The other one.
        other: ContactId,
    },
    /// A merge was undone.
    Unmerge {
        /// The other one.
        other: ContactId,
    },
}

impl What {
    /// Of what kind it is.
    pub const fn kind(&self) -> EntryKind {
        match self {
            Self::Call(_) => EntryKind::Call,
            Self::Message { .. } => EntryKind::Message,
            Self::Voicemail { .. } => EntryKind::Voicemail,
            Self::Appointment { .. } => EntryKind::Appointment,
            Self::Text { .. } => EntryKind::Text,
            Self::HandOver { .. } => EntryKind::HandOver,
            Self::Note(_) => EntryKind::Note,
            Self::LeadMove(_) => EntryKind::LeadMove,
            Self::Lead { .. } => EntryKind::Lead,
            Self::Merge { .. } => EntryKind::Merge,
            Self::Unmerge { .. } => EntryKind::Unmerge,
        }
    }
}

impl Entry {
    /// An entry of what happened at this time and is called `name` by its owner.
    pub fn new(at: Timestamp, name: &str, what: What) -> Self {
        Self { id: EntryId::of(at, what.kind(), name), what }
    }
}
