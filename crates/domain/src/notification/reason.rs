//! Why a notification was not taken, in one list of words for all kinds of receivers, and what an answer means.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use super::Disabled;
use super::notice::Came;
use crate::endpoint::attempt::{Answer, Trouble};
use crate::texts::failure::Failure;

/// Why a notification was not taken.
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
pub enum Reason {
    /// It was on its way when the answer was lost: it may have arrived, and is not sent twice.
    Unknown,
    /// No connection, or no TLS.
    Connection,
    /// The resolver does not work.
    Resolver,
    /// The name does not exist.
    UnknownName,
    /// The address leads into a network that is not public.
    NotPublic,
    /// The answer was a redirect, which is not followed.
    Redirect,
    /// The other side wants less, or has a passing trouble.
    Overloaded,
    /// The room is not there any more.
    Gone,
    /// It does not take what was sent.
    Refused,
    /// The number that it is sent from is not the business's any more.
    UnknownNumber,
    /// The deployment has no address that e-mails come from.
    NoSender,
    /// WhatsApp takes words for a day after the person has written, and else a template.
    WindowClosed,
    /// The template is missing, wrong, paused or disabled.
    Template,
    /// The person cannot be reached there.
    Undeliverable,
    /// The carrier holds texts to this person back.
    PersonLimited,
    /// The person wants no texts.
    OptedOut,
    /// The carrier refuses our credentials, or there are none.
    Credentials,
    /// The carrier has blocked or restricted the sender.
    Blocked,
}

impl Reason {
    /// Every one.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word for programs, and the label in metrics.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// What a carrier's refusal is called.
    pub const fn of_text(failure: Failure) -> Self {
        match failure {
            Failure::WindowClosed => Self::WindowClosed,
            Failure::SenderBusy | Failure::PersonBusy | Failure::Passing => Self::Overloaded,
            Failure::Undeliverable => Self::Undeliverable,
            Failure::Refused | Failure::TooLong | Failure::Unknown => Self::Refused,
            Failure::Template => Self::Template,
            Failure::PersonLimited => Self::PersonLimited,
            Failure::NoMarketing | Failure::OptedOut => Self::OptedOut,
            Failure::Credentials => Self::Credentials,
            Failure::Blocked => Self::Blocked,
        }
    }
}

impl Came {
    /// What a carrier's refusal of a text means.
    pub const fn of_text(failure: Failure, after: Option<Duration>) -> Self {
        let why = Reason::of_text(failure);
        match failure {
            Failure::OptedOut => Self::Gone { why: Disabled::OptedOut },
            _ if failure.may_pass() => Self::Later { why, after },
            _ => Self::Never { why },
        }
    }

    /// What an answer to a post into a room means. `sent`: the request had a connection, so that the room may have it even if no
    /// answer came.
    pub fn of_room(answer: Answer, sent: bool) -> Self {
        let later = |why, after: Option<Duration>| Self::Later { why, after };
        match answer {
            Answer::Status { code: 200..=299, .. } => Self::Taken,
            Answer::Status { code: 300..=399, .. } => Self::Never { why: Reason::Redirect },
            Answer::Status { code: 404 | 410, .. } => Self::Gone { why: Disabled::Gone },
            Answer::Status { code: 408 | 429 | 500..=599, retry_after } => {
                later(Reason::Overloaded, retry_after)
            }
            Answer::Status { .. } => Self::Never { why: Reason::Refused },
            Answer::None(Trouble::NotPublic) => Self::Never { why: Reason::NotPublic },
            Answer::None(Trouble::Resolver) => later(Reason::Resolver, None),
            Answer::None(Trouble::UnknownName) => later(Reason::UnknownName, None),
            Answer::None(Trouble::Timeout | Trouble::Connection) if sent => Self::Unknown,
            Answer::None(Trouble::Timeout | Trouble::Connection) => later(Reason::Connection, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_carrier_refuses_passes_or_does_not_and_who_wants_no_texts_gets_none() {
        let came = |failure| Came::of_text(failure, None);
        assert_eq!(came(Failure::WindowClosed), Came::Never { why: Reason::WindowClosed });
        assert_eq!(came(Failure::OptedOut), Came::Gone { why: Disabled::OptedOut });
        for failure in Failure::ALL {
            assert_eq!(matches!(came(*failure), Came::Later { .. }), failure.may_pass(), "{failure:?}");
        }
    }

    #[test]
    fn every_answer_of_a_room_says_what_is_done_next() {
        let status = |code, retry_after| Came::of_room(Answer::Status { code, retry_after }, true);
        let minute = Some(Duration::from_secs(60));
        assert_eq!([200, 202, 204].map(|code| status(code, None)), [Came::Taken; 3]);
        assert_eq!(status(302, None), Came::Never { why: Reason::Redirect });
        assert_eq!([404, 410].map(|code| status(code, None)), [Came::Gone { why: Disabled::Gone }; 2]);
        assert_eq!(status(429, minute), Came::Later { why: Reason::Overloaded, after: minute });
        assert_eq!(status(503, None), Came::Later { why: Reason::Overloaded, after: None });
        assert_eq!([400, 403].map(|code| status(code, None)), [Came::Never { why: Reason::Refused }; 2]);
        let none = |trouble, sent| Came::of_room(Answer::None(trouble), sent);
        assert_eq!(none(Trouble::Timeout, true), Came::Unknown, "it may be there");
        assert_eq!(none(Trouble::Connection, true), Came::Unknown);
        assert_eq!(none(Trouble::Connection, false), Came::Later { why: Reason::Connection, after: None });
        assert_eq!(none(Trouble::NotPublic, false), Came::Never { why: Reason::NotPublic });
        assert_eq!(none(Trouble::UnknownName, false), Came::Later { why: Reason::UnknownName, after: None });
    }
}
