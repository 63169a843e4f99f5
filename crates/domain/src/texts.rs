//! Texts: SMS and WhatsApp messages between a business and the people it knows.
//!
//! A *text* is one of them. The texts between one person and one *sender* of the business (a number of it, on one medium)
//! are a *thread*. A thread is a state machine ([`thread::Thread`]): it takes what happened and says what is to be done, and
//! a store keeps each state by the number of the one before. So one reply is in flight, a stale one is dropped, and a person
//! who takes a thread over has it, whatever runs at that moment.
//!
//! | module | what it decides |
//! |---|---|
//! | [`incoming`] | what a person sent, and whether it wants an answer |
//! | [`consent`] | which texts are a wish to be left alone |
//! | [`call_text`] | what is sent to a person who is on the telephone |
//! | [`coalesce`] | when a burst of texts is answered |
//! | [`guard`] | when an agent has answered often enough |
//! | [`thread`] | whose turn it is |
//! | [`media`] | what bytes are, and what becomes of them |
//! | [`outgoing`] | where a text that is sent stands, whatever comes in which order |
//! | [`failure`] | what an error of a carrier means |
//! | [`history`] | a thread as a model reads it |
//! | [`tool_use`] | what the agent did with a tool, and whether its words are borne out |
//! | [`window`] | until when free words may be sent |
//! | [`split`] | long answers in parts |
//! | [`template`] | words that were approved before |

pub mod call_text;
pub mod coalesce;
pub mod consent;
pub mod failure;
pub mod guard;
pub mod history;
pub mod incoming;
pub mod media;
pub mod outgoing;
pub mod split;
pub mod template;
pub mod thread;
pub mod tool_use;
pub mod window;

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::ids::InvalidId;
use crate::{BusinessId, PhoneNumber, contact};

/// What texts go over.
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
    EnumString,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Medium {
    /// SMS, and MMS with it.
    Sms,
    /// WhatsApp.
    #[serde(rename = "whatsapp")]
    #[strum(serialize = "whatsapp")]
    WhatsApp,
}

impl Medium {
    /// Both.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Which company carries the texts of a sender.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "provider", rename_all = "snake_case")]
pub enum Carrier {
    /// Twilio, both media.
    Twilio,
    /// Meta's Cloud API, WhatsApp alone.
    Meta {
        /// Meta's name of the sender: digits.
        phone_number_id: String,
    },
}

impl Carrier {
    /// The longest text that it takes, characters (Twilio's Messages resource; Meta's text object).
    pub const fn max_characters(&self) -> usize {
        match self {
            Self::Twilio => 1_600,
            Self::Meta { .. } => 4_096,
        }
    }

    /// The label in metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Twilio => "twilio",
            Self::Meta { .. } => "meta",
        }
    }
}

/// One of a business's numbers, as texts come to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// What its texts go over.
    pub medium: Medium,
    /// The number.
    pub number: PhoneNumber,
    /// Who carries them.
    pub carrier: Carrier,
}

impl Sender {
    /// What tells its threads from those of other senders. The carrier does not: a number that moves to another one keeps
    /// its threads.
    fn key(&self) -> String {
        format!("{}:{}", self.medium.as_str(), self.number.as_e164())
    }
}

/// Where a person is reached, byte for byte as it came. It may be no telephone number: WhatsApp gives people ids that are
/// good for one business alone (`US.13491208655302741918`), and such an id changes with the person's number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Handle(String);

impl Handle {
    /// The longest handle, bytes.
    pub const MAX_BYTES: usize = 200;

    /// Accepts 1 to 200 bytes without spaces and control characters.
    ///
    /// # Errors
    /// [`InvalidId`].
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let fits = (1..=Self::MAX_BYTES).contains(&text.len())
            && !text.chars().any(|letter| letter.is_control() || letter.is_whitespace());
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId { kind: "handle", expected: "1 to 200 bytes without spaces" })
        }
    }

    /// The handle as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The telephone number in it: `+436641234567`, `whatsapp:+436641234567`, or digits alone, as Meta writes them.
    pub fn phone(&self) -> Option<PhoneNumber> {
        let text = self.0.strip_prefix("whatsapp:").unwrap_or(&self.0);
        let digits = text.strip_prefix('+').unwrap_or(text);
        PhoneNumber::parse(&format!("+{digits}")).ok()
    }

    /// The handle by which the person's contact is known. `None`: it is a name that many may have, such as a sender of SMS
    /// without a number.
    pub fn of_contact(&self, medium: Medium) -> Option<contact::Handle> {
        if let Some(number) = self.phone() {
            return Some(contact::Handle::phone(&number));
        }
        let id = self.0.strip_prefix("whatsapp:").unwrap_or(&self.0);
        // `US.ENT.118…` is good towards all senders of one owner, `US.134…` towards this business (Meta's documentation).
        let kind = match id.split('.').nth(1) {
            Some("ENT") => contact::HandleKind::WhatsappParent,
            _ => contact::HandleKind::Whatsapp,
        };
        contact::Handle::read(kind, id).ok().filter(|_| medium == Medium::WhatsApp)
    }

    /// The same handle has the same key, however its carrier writes it: a number is its digits.
    fn key(&self) -> String {
        let plain = || self.0.strip_prefix("whatsapp:").unwrap_or(&self.0).to_owned();
        self.phone().map_or_else(plain, |number| number.as_e164().to_owned())
    }

    /// What stands for this handle wherever it came to: hexadecimal digits that name no person.
    pub fn digest_alone(&self) -> String {
        hex::encode(&Sha256::digest(self.key())[..16])
    }

    /// What a row is found by that belongs to this handle and sender: hexadecimal digits that name no person.
    pub fn digest(&self, business: &BusinessId, sender: &Sender) -> String {
        let mut digest = Sha256::new();
        for part in [business.as_str(), &sender.key(), &self.key()] {
            digest = digest.chain_update(part).chain_update([0]);
        }
        hex::encode(&digest.finalize()[..16])
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle")
    }
}

impl TryFrom<String> for Handle {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}

impl From<Handle> for String {
    fn from(handle: Handle) -> Self {
        handle.0
    }
}

/// Our name of a thread, 32 hexadecimal digits: made of the business, the sender and the first handle by which the person
/// wrote. Later handles of the same person lead to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ThreadId(String);

impl ThreadId {
    /// The thread of a person who was not known before.
    pub fn of(business: &BusinessId, sender: &Sender, handle: &Handle) -> Self {
        Self(handle.digest(business, sender))
    }

    /// Accepts 32 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// [`InvalidId`].
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        if crate::ids::is_32_digits(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId { kind: "thread", expected: "32 hexadecimal digits" })
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ThreadId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}

impl From<ThreadId> for String {
    fn from(id: ThreadId) -> Self {
        id.0
    }
}

/// Words that a person or an agent wrote. They do not print.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Body(pub String);

impl Body {
    /// The words of a carrier, without what no text holds: NUL, which DynamoDB and models take for an end.
    pub fn received(text: &str) -> Self {
        Self(text.chars().filter(|letter| *letter != '\0').collect())
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

/// One text of a thread, as it is kept, or what stands between texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "way", rename_all = "snake_case")]
pub enum Text {
    /// It came from the person, or tells something of them.
    In(Box<incoming::Incoming>),
    /// The business sent it, or will.
    Out(Box<outgoing::Outgoing>),
    /// The agent used a tool.
    Tool(Box<tool_use::ToolUse>),
}

#[cfg(test)]
mod tests;
