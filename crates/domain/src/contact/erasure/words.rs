//! The words of an erasure: its steps, why something is kept, what is waited for, how far it is.

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

/// One owner of data, in the order in which the steps are done.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Step {
    /// The contact with its handles, those that were merged into it, and its timeline, notes and tasks.
    Contact,
    /// Recordings and voicemails, our copies and Twilio's.
    Recordings,
    /// What callers left: messages and voicemails in the list of messages.
    Messages,
    /// Words that were said.
    Turns,
    /// Every version of transcripts, and what calls came to.
    Transcripts,
    /// Plans, orders and requests of calls.
    Plans,
    /// Who was at the other end of calls, and what they were for. Times, lengths, costs and outcomes stay.
    Calls,
    /// What the business was told of calls.
    Events,
    /// Threads of texts, and what came with them.
    Texts,
    /// Wishes to get no texts.
    Wishes,
    /// The list of numbers that are not called.
    DoNotCall,
    /// Whom campaigns call. What their calls came to stays.
    Campaigns,
    /// Leads that came in, with what was sent.
    Leads,
    /// For whom appointments are.
    Appointments,
    /// Imports and exports of contacts.
    Files,
    /// The log of requests.
    Log,
}

impl Step {
    /// Every step, in their order.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Why something is kept.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kept {
    /// A recording of the call is under legal hold: it, the call and its words stay until the hold ends and the erasure is
    /// asked for again.
    LegalHold,
    /// The person does not want to be called or written to: that is remembered.
    Wish,
    /// It is deleted by itself, at the time that is given.
    Expires,
    /// The law asks for it until the time that is given.
    Law,
    /// The contact went into another one: undo that merge, or erase that one.
    Merged,
}

impl Kept {
    /// What a reader of the report is told.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::LegalHold => {
                "under legal hold, with the call's words: end the hold, then ask for the erasure again"
            }
            Self::Wish => "that the person wants no calls or no texts is remembered, so that it is kept to",
            Self::Expires => "deleted by itself at the latest then",
            Self::Law => "the law asks for it until then",
            Self::Merged => "the contact went into another one: undo that merge, or erase that one",
        }
    }
}

impl Kept {
    /// Every reason.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What a step waits for.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Waits {
    /// There is more than one job does.
    More,
    /// A call is not over, or what follows it is not.
    Call,
    /// A recording's bytes are being removed, or it is not known yet what becomes of them.
    Bytes,
}

impl Waits {
    /// Every word.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// How far an erasure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ErasureState {
    /// It goes on, and comes to its end by itself.
    Running,
    /// All is done but what is under legal hold. Once that has ended, ask for the erasure again.
    Held,
    /// It is over. Nothing is known of the person but what the report says is kept.
    Done,
}

impl ErasureState {
    /// Every state.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
