//! What is done about a text that the carrier has, and of which it says nothing more: callbacks get lost.
//!
//! The carrier is asked a few times, later and later, until there is an answer that counts. Then it is said how it ended, so
//! that no text waits for ever.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use super::{Delivery, Fate, Outgoing, VALIDITY};
use crate::Timestamp;
use crate::texts::failure::Failure;

/// When the carrier is asked, counted from the moment at which it was asked to send the text: soon, since most callbacks come
/// within seconds, and last when it has given up by itself.
pub const LOOKS: [Duration; 4] = [
    Duration::from_secs(10 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 60 * 60),
    VALIDITY.saturating_add(Duration::from_secs(15 * 60)),
];

/// How it ended for a text whose carrier did not say that it arrived, or that it did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Receipt {
    /// The carrier was asked, and knows no more than how far the text came: not every network confirms.
    Unconfirmed,
    /// Whether it arrived cannot be found out: the carrier does not tell, or does not answer.
    Unknown,
}

impl Receipt {
    /// Each of them.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What a carrier says that is asked what became of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// The text stands there.
    Stands(Fate),
    /// Nothing this time.
    Nothing,
    /// It has no such text.
    NoSuchText,
    /// It cannot be asked: Meta has no request for it.
    CannotBeAsked,
}

impl Outgoing {
    /// When the carrier is to be asked what became of it. `None`: that is known, or given up, or it was not sent.
    pub fn look_due(&self) -> Option<Timestamp> {
        let waits = (Delivery::Asked..Delivery::Canceled).contains(&self.fate.delivery);
        let look = LOOKS.get(usize::from(self.looks)).filter(|_| waits && self.receipt.is_none())?;
        Some(self.asked_at?.plus(*look))
    }

    /// The carrier was asked. Of one that cannot be, the last moment is waited for: its callbacks may come until then.
    pub fn looked(&mut self, answered: Answered, failure: Option<Failure>) {
        let last = u8::try_from(LOOKS.len() - 1).unwrap_or(u8::MAX);
        self.looks = match answered {
            Answered::CannotBeAsked if self.looks < last => last,
            Answered::NoSuchText => last + 1,
            Answered::Stands(_) | Answered::Nothing | Answered::CannotBeAsked => self.looks.saturating_add(1),
        };
        if let Answered::Stands(fate) = answered {
            self.heard(fate, failure);
        }
        if self.looks > last && !self.fate.delivery.is_over() {
            let told = matches!(answered, Answered::Stands(_));
            self.receipt = Some(if told { Receipt::Unconfirmed } else { Receipt::Unknown });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Body;
    use crate::texts::outgoing::{Author, Content};

    const SENT_AT: Timestamp = Timestamp::from_secs(1_795_000_000);

    fn taken(delivery: Delivery) -> Outgoing {
        let mut text = Outgoing::new(Author::Notice, Content::Words(Body("x".into())), 0, SENT_AT);
        assert_eq!(text.look_due(), None, "it was not sent");
        text.ask(SENT_AT);
        text.taken("SM1", Fate::of(delivery));
        text
    }

    #[test]
    fn what_is_known_is_not_asked_about() {
        for over in [Delivery::Delivered, Delivery::Read, Delivery::Failed, Delivery::Undelivered] {
            assert_eq!(taken(over).look_due(), None, "{over:?}");
        }
        for open in [Delivery::Accepted, Delivery::Queued, Delivery::Sending, Delivery::Sent] {
            assert_eq!(taken(open).look_due(), Some(SENT_AT.plus(LOOKS[0])), "{open:?}");
        }
        let mut refused = taken(Delivery::Queued);
        refused.key = None;
        refused.fate = Fate::of(Delivery::Intended);
        assert_eq!(refused.look_due(), None, "it is to be sent again");
    }

    #[test]
    fn a_carrier_is_asked_a_few_times_and_then_it_is_said_how_it_ended() {
        for (said, ends) in [
            (Answered::Stands(Fate::of(Delivery::Sent)), Receipt::Unconfirmed),
            (Answered::Nothing, Receipt::Unknown),
        ] {
            let mut text = taken(Delivery::Queued);
            for look in LOOKS {
                assert_eq!((text.look_due(), text.receipt), (Some(SENT_AT.plus(look)), None));
                text.looked(said, None);
            }
            assert_eq!((text.look_due(), text.receipt), (None, Some(ends)));
        }
        assert!(LOOKS[3] > VALIDITY, "by then the carrier has given up");
    }

    #[test]
    fn a_carrier_that_cannot_be_asked_has_until_the_end() {
        let mut text = taken(Delivery::Sent);
        text.looked(Answered::CannotBeAsked, None);
        assert_eq!((text.look_due(), text.receipt), (Some(SENT_AT.plus(LOOKS[3])), None));
        text.looked(Answered::CannotBeAsked, None);
        assert_eq!((text.look_due(), text.receipt), (None, Some(Receipt::Unknown)));
        text.heard(Fate::of(Delivery::Delivered), None);
        assert_eq!(text.receipt, None, "a callback that comes after all counts");
    }

    #[test]
    fn an_answer_that_counts_ends_it() {
        let mut text = taken(Delivery::Queued);
        text.looked(Answered::Stands(Fate::of(Delivery::Delivered)), None);
        assert_eq!((text.look_due(), text.receipt), (None, None));
        let mut text = taken(Delivery::Queued);
        let fate = Fate { delivery: Delivery::Undelivered, code: Some(30_003) };
        text.looked(Answered::Stands(fate), Some(Failure::of_twilio(30_003)));
        assert_eq!((text.fate, text.why.is_some(), text.look_due()), (fate, true, None));
        let mut text = taken(Delivery::Queued);
        text.looked(Answered::NoSuchText, None);
        assert_eq!((text.look_due(), text.receipt), (None, Some(Receipt::Unknown)));
    }
}
