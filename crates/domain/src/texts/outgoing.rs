//! A text that is sent: what it says, in whose name, and where it stands.
//!
//! It is stored before it is sent, and its name goes along in the address of its callbacks. So an answer that was lost is
//! looked up, and the text is not sent twice. Callbacks come in any order and more than once: each has a rank, and the
//! highest stands.

mod receipt;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::failure::Failure;
use super::template::Template;
use super::{Body, Carrier};
use crate::access::KeyId;
use crate::{CallSid, Timestamp};

pub use receipt::{Answered, LOOKS, Receipt};

/// An answer that is older is not sent any more: the conversation has gone on.
pub const VALID: Duration = Duration::from_secs(10 * 60);
/// How long the carrier has to deliver it, for the same reason.
pub const VALIDITY: Duration = Duration::from_secs(4 * 60 * 60);
/// How long after an answer was lost the carrier's list shows what was sent.
pub const SETTLED_AFTER: Duration = Duration::from_secs(30);
/// Tries to send one text.
pub const MAX_TRIES: u8 = 6;

/// Where a text stands. The order is the rank: a higher one stands, whichever comes first. Delivered or read weighs more than
/// failed: a carrier that gave up on one way may have succeeded on another.
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
pub enum Delivery {
    /// To be sent.
    Intended,
    /// The carrier was asked; its answer is not known.
    Asked,
    /// The carrier has it.
    Accepted,
    /// It waits at the carrier.
    Queued,
    /// The carrier hands it on.
    Sending,
    /// It left the carrier.
    Sent,
    /// It was taken back before it was sent.
    Canceled,
    /// It did not arrive.
    Undelivered,
    /// It was not sent.
    Failed,
    /// It arrived.
    Delivered,
    /// The person saw it, or heard it.
    Read,
}

impl Delivery {
    /// Every state, by rank.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Twilio's word (`MessageStatus`). `None`: a word that says nothing about a text that we sent.
    pub fn of_twilio(word: &str) -> Option<Self> {
        Some(match word {
            "accepted" | "scheduled" => Self::Accepted,
            "queued" => Self::Queued,
            "sending" => Self::Sending,
            "sent" => Self::Sent,
            "delivered" | "partially_delivered" => Self::Delivered,
            "undelivered" => Self::Undelivered,
            "failed" => Self::Failed,
            "canceled" => Self::Canceled,
            "read" => Self::Read,
            _ => return None,
        })
    }

    /// Meta's word. A voice note that was played was read.
    pub fn of_meta(word: &str) -> Option<Self> {
        Some(match word {
            "sent" => Self::Sent,
            "delivered" => Self::Delivered,
            "read" | "played" => Self::Read,
            "failed" => Self::Failed,
            _ => return None,
        })
    }

    /// Whether it did not arrive, and will not.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Canceled | Self::Undelivered | Self::Failed)
    }

    /// Whether the carrier will say no more that matters.
    pub const fn is_over(self) -> bool {
        self.is_failure() || matches!(self, Self::Delivered | Self::Read)
    }
}

/// Where a text stands, with the carrier's code if it failed. What is higher stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fate {
    /// Where it stands.
    pub delivery: Delivery,
    /// The carrier's error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
}

impl Fate {
    /// A state without an error.
    pub const fn of(delivery: Delivery) -> Self {
        Self { delivery, code: None }
    }

    /// What stands when this comes to be known as well. A code belongs to a failure alone.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let plain = |fate: Self| if fate.delivery.is_failure() { fate } else { Self::of(fate.delivery) };
        plain(self).max(plain(other))
    }
}

/// In whose name a text is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Author {
    /// The agent, in answer to the texts up to this number.
    Agent {
        /// The number of the last text that it answers.
        covers: u64,
    },
    /// A person of the business.
    Person {
        /// With which key.
        key: KeyId,
        /// What the key's holder was called then.
        name: String,
    },
    /// The agent, for a person to whom it spoke on the telephone.
    Call {
        /// In which call.
        call: CallSid,
    },
    /// The product itself: that a wish was noted.
    Notice,
    /// The business, unasked: such as a reminder of an appointment.
    Business,
}

impl Author {
    /// The word by which it is shown.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Agent { .. } | Self::Call { .. } => "agent",
            Self::Person { .. } => "person",
            Self::Notice => "notice",
            Self::Business => "business",
        }
    }
}

/// What a text says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Words.
    Words(Body),
    /// Words that were approved before.
    Template(Template),
}

/// A text that is sent, or one part of a long one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// In whose name.
    pub author: Author,
    /// What it says.
    pub content: Content,
    /// Who had the thread when it was written, counted: see [`Thread`](super::thread::Thread).
    pub turn: u32,
    /// When it was written.
    pub at: Timestamp,
    /// Where it stands.
    pub fate: Fate,
    /// Why it failed before the carrier was asked, or as the carrier's error was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The carrier's name of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How often the carrier was asked.
    #[serde(default)]
    pub tries: u8,
    /// When it was asked last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// How often it was asked since then what became of it.
    #[serde(default)]
    pub looks: u8,
    /// How it ended, if the carrier never said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
}

/// What is to be done with a text now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Ask the carrier to send it.
    Send,
    /// Ask the carrier whether it has it already; if it has not, send it.
    LookUp,
    /// Wait that long: the carrier's list does not show it yet.
    Wait(Duration),
    /// Give it up: it is not known whether it was sent, and cannot be found out.
    GiveUp,
    /// Nothing: it was sent, or it failed.
    Nothing,
}

impl Outgoing {
    /// A new text.
    pub const fn new(author: Author, content: Content, turn: u32, at: Timestamp) -> Self {
        Self {
            author,
            content,
            turn,
            at,
            fate: Fate::of(Delivery::Intended),
            why: None,
            key: None,
            tries: 0,
            asked_at: None,
            looks: 0,
            receipt: None,
        }
    }

    /// What is to be done with it now.
    pub fn next(&self, carrier: &Carrier, now: Timestamp) -> Next {
        if self.key.is_some() {
            return Next::Nothing;
        }
        match self.fate.delivery {
            Delivery::Intended => Next::Send,
            Delivery::Asked => {
                let waited = now.since(self.asked_at.unwrap_or(self.at));
                match carrier {
                    _ if waited < SETTLED_AFTER => Next::Wait(SETTLED_AFTER - waited),
                    // Twilio's list is asked. Meta has none, and only a callback would tell: once is better than twice.
                    Carrier::Twilio if self.tries < MAX_TRIES => Next::LookUp,
                    Carrier::Twilio | Carrier::Meta { .. } => Next::GiveUp,
                }
            }
            _ => Next::Nothing,
        }
    }

    /// The carrier is being asked.
    pub fn ask(&mut self, now: Timestamp) {
        self.fate = self.fate.and(Fate::of(Delivery::Asked));
        self.tries = self.tries.saturating_add(1);
        self.asked_at = Some(now);
        self.looks = 0;
    }

    /// The carrier certainly did not take it, and may later.
    pub fn not_taken(&mut self) {
        if self.fate.delivery == Delivery::Asked {
            self.fate = Fate::of(Delivery::Intended);
        }
    }

    /// The carrier has it under this name.
    pub fn taken(&mut self, key: &str, fate: Fate) {
        self.key.get_or_insert_with(|| key.to_owned());
        self.fate = self.fate.and(fate).and(Fate::of(Delivery::Accepted));
        self.explain(None);
    }

    /// It was not sent, and will not be.
    pub fn failed(&mut self, why: &str, code: Option<u32>) {
        self.fate = self.fate.and(Fate { delivery: Delivery::Failed, code });
        self.explain(Some(why));
    }

    /// A callback. `true`: it changed where the text stands.
    pub fn heard(&mut self, fate: Fate, failure: Option<Failure>) -> bool {
        let before = self.fate;
        self.fate = before.and(fate);
        if self.fate.delivery.is_over() {
            self.receipt = None;
        }
        if self.fate.delivery.is_failure() {
            if let Some(failure) = failure.filter(|_| self.fate == fate) {
                self.explain(Some(failure.as_str()));
            }
        } else {
            self.explain(None);
        }
        self.fate != before
    }

    fn explain(&mut self, why: Option<&str>) {
        if self.fate.delivery.is_failure() {
            if why.is_some() {
                self.why = why.map(str::to_owned);
            }
        } else {
            self.why = None;
        }
    }

    /// Whether it is too old to be sent for the first time.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        matches!(self.author, Author::Agent { .. } | Author::Business) && now.since(self.at) > VALID
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text() -> Outgoing {
        Outgoing::new(Author::Notice, Content::Words(Body("x".into())), 0, Timestamp(0))
    }

    #[test]
    fn words_of_carriers_are_read() {
        for word in [
            "queued",
            "sending",
            "sent",
            "undelivered",
            "failed",
            "canceled",
            "delivered",
            "read",
            "accepted",
        ] {
            assert_eq!(Delivery::of_twilio(word).map(Delivery::as_str), Some(word));
        }
        assert_eq!(Delivery::of_twilio("received"), None);
        assert_eq!((Delivery::of_meta("played"), Delivery::of_meta("deleted")), (Some(Delivery::Read), None));
    }

    #[test]
    fn an_answer_that_was_lost_is_looked_up_before_anything_is_sent_again() {
        let meta = Carrier::Meta { phone_number_id: "1".into() };
        let mut text = text();
        assert_eq!(text.next(&Carrier::Twilio, Timestamp(0)), Next::Send);
        text.ask(Timestamp(1_000));
        assert_eq!(text.next(&Carrier::Twilio, Timestamp(11_000)), Next::Wait(Duration::from_secs(20)));
        assert_eq!(text.next(&Carrier::Twilio, Timestamp(31_000)), Next::LookUp);
        assert_eq!(text.next(&meta, Timestamp(31_000)), Next::GiveUp);
        let mut refused = text.clone();
        refused.not_taken();
        assert_eq!(refused.next(&meta, Timestamp(31_000)), Next::Send);
        text.taken("SM1", Fate::of(Delivery::Queued));
        assert_eq!(
            (text.next(&Carrier::Twilio, Timestamp(31_000)), text.fate.delivery),
            (Next::Nothing, Delivery::Queued)
        );
        text.not_taken();
        assert_eq!(text.fate.delivery, Delivery::Queued, "what the carrier has stays so");
    }

    #[test]
    fn a_callback_that_overtakes_the_answer_stands() {
        let mut text = text();
        text.ask(Timestamp(0));
        assert!(text.heard(Fate::of(Delivery::Delivered), None));
        text.taken("SM1", Fate::of(Delivery::Queued));
        assert_eq!(text.fate, Fate::of(Delivery::Delivered));
    }

    fn callbacks() -> Vec<Fate> {
        let failed = |delivery, code| Fate { delivery, code: Some(code) };
        vec![
            Fate::of(Delivery::Queued),
            Fate::of(Delivery::Sent),
            failed(Delivery::Failed, 30_003),
            failed(Delivery::Undelivered, 30_005),
            Fate::of(Delivery::Delivered),
            Fate::of(Delivery::Read),
            Fate::of(Delivery::Sent),
        ]
    }

    proptest! {
        /// Every order of callbacks, with duplicates and gaps, ends in one record.
        #[test]
        fn every_order_ends_in_the_same_record(
            order in Just(callbacks()).prop_shuffle(),
            kept in 1usize..7,
        ) {
            let told = |order: &[Fate]| {
                let mut text = text();
                for fate in order.iter().chain(order) {
                    text.heard(*fate, fate.code.map(Failure::of_twilio));
                }
                text
            };
            let kept = &order[..kept];
            let mut sorted = kept.to_vec();
            sorted.sort();
            prop_assert_eq!(told(kept), told(&sorted));
            let ends = told(&order);
            prop_assert_eq!((ends.fate, ends.why), (Fate::of(Delivery::Read), None));
        }
    }
}
