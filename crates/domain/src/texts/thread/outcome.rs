//! What a step of a thread comes to.

use strum::IntoStaticStr;

use crate::Timestamp;
use crate::texts::consent::Wish;
use crate::texts::guard::Loop;

/// What a text that came leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The text's number.
    pub number: u64,
    /// When a reply is to be begun, for the texts up to this one. `None`: it wants none.
    pub reply_at: Option<Timestamp>,
    /// A wish that it is, and the words with which it is confirmed, if they are not said by the carrier.
    pub wish: Option<(Wish, Option<&'static str>)>,
}

/// Why no reply is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum NoReply {
    /// Everything is answered.
    Answered,
    /// A person has the thread.
    ByPerson,
    /// A newer text came, whose own job begins the reply.
    Newer,
    /// Not before then.
    Early(Timestamp),
    /// Another worker writes, until then at most.
    Busy(Timestamp),
    /// The agent is kept silent.
    Paused,
    /// The agent replies too often: it is kept silent from now on.
    Loop(Loop),
    /// The carrier takes no texts to the person, who said that they want none.
    Stopped,
}

/// Why a reply is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum NotKept {
    /// A newer text came: write anew.
    Stale,
    /// A person took the thread.
    ByPerson,
    /// The claim ended, or is another worker's.
    ClaimLost,
}

/// Why a text is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum NotSent {
    /// Free words outside the window.
    WindowClosed,
    /// The person wants no texts.
    OptedOut,
    /// The thread has changed hands since it was written.
    TakenOver,
}

impl NotSent {
    /// The word for programs.
    pub fn as_str(&self) -> &'static str {
        self.into()
    }
}
