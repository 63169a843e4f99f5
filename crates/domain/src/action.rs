//! What a business asks of one of its calls while the call goes on: the actions, their bounds, and when one is refused.
//!
//! An action is kept before anything is done, under the name that its `Idempotency-Key` gives it. The session that has
//! the call takes the actions in their order, each once, and writes down what came of it. Cancelling is the exception:
//! a call that still rings has no session, so Twilio is asked.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::ids::named_by_request;
use crate::{Call, CallSid, CallStatus, Direction, Toolbox};

/// The longest text that is said or noted, in characters: about a minute of speech.
pub const WORDS_MAX_CHARS: usize = 1_000;
/// Actions on one call, at most.
pub const ACTIONS_MAX: usize = 50;
/// An action that no session has taken by then is not carried out any more: what was right a minute ago may be wrong.
pub const TAKEN_WITHIN: Duration = Duration::from_secs(60);

/// One thing that a business can ask of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CallAction {
    /// The agent says goodbye and hangs up.
    End,
    /// The agent says that it connects the caller, and the call goes to an entry of the directory.
    Transfer {
        /// The entry's id.
        to: String,
    },
    /// The agent says exactly this.
    Say {
        /// The words.
        text: Words,
    },
    /// The agent is told something that the caller does not hear.
    NoteToAgent {
        /// The note.
        text: Words,
    },
    /// The agent falls silent until it is unmuted. It goes on listening.
    MuteAgent,
    /// The agent may speak again.
    UnmuteAgent,
    /// A call that we placed and that still rings is given up.
    Cancel,
}

impl CallAction {
    /// Whether the call's session carries it out. A call that is cancelled has none.
    pub const fn is_for_session(&self) -> bool {
        !matches!(self, Self::Cancel)
    }

    /// Whether doing it again does no harm, so that the session which goes on with a call may do what the lost one
    /// had taken. Words that were perhaps heard are not said again.
    pub const fn may_be_repeated(&self) -> bool {
        !matches!(self, Self::Say { .. })
    }

    /// Whether a call in this state can be asked for it.
    ///
    /// # Errors
    /// Why not.
    pub fn fits_call(&self, call: &Call) -> Result<(), NotDone> {
        if call.status.is_terminal() {
            return Err(NotDone::CallOver);
        }
        let answered = call.status == CallStatus::InProgress;
        match self {
            Self::Cancel if call.direction != Direction::Outbound => Err(NotDone::NotPlacedByUs),
            Self::Cancel if answered => Err(NotDone::CallAnswered),
            Self::Cancel => Ok(()),
            Self::End
            | Self::Transfer { .. }
            | Self::Say { .. }
            | Self::NoteToAgent { .. }
            | Self::MuteAgent
            | Self::UnmuteAgent
                if !answered =>
            {
                Err(NotDone::CallNotAnswered)
            }
            Self::End
            | Self::Transfer { .. }
            | Self::Say { .. }
            | Self::NoteToAgent { .. }
            | Self::MuteAgent
            | Self::UnmuteAgent => Ok(()),
        }
    }

    /// Whether a call with these tools can be asked for it: the tools of the settings that the call began with.
    ///
    /// # Errors
    /// Why not.
    pub fn fits_tools(&self, tools: &Toolbox) -> Result<(), NotDone> {
        match self {
            Self::Transfer { .. } if tools.directory.is_empty() => Err(NotDone::TransferNotAllowed),
            Self::Transfer { to } if tools.destination(to).is_none() => Err(NotDone::UnknownDestination),
            _ => Ok(()),
        }
    }
}

/// A text to be said or noted: 1 to [`WORDS_MAX_CHARS`] characters, and not only spaces.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Words(String);

/// The text is empty or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a text of 1 to {WORDS_MAX_CHARS} characters")]
pub struct InvalidWords;

impl Words {
    /// Accepts 1 to [`WORDS_MAX_CHARS`] characters without control characters; spaces around them do not count.
    ///
    /// # Errors
    /// [`InvalidWords`].
    pub fn parse(text: &str) -> Result<Self, InvalidWords> {
        let text = text.trim();
        let fits = (1..=WORDS_MAX_CHARS).contains(&text.chars().count());
        let plain = text.chars().all(|character| !character.is_control() || character == '\n');
        if fits && plain { Ok(Self(text.to_owned())) } else { Err(InvalidWords) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

// What is said on a call is personal data.
impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Words({} characters)", self.0.chars().count())
    }
}

impl TryFrom<String> for Words {
    type Error = InvalidWords;
    fn try_from(text: String) -> Result<Self, InvalidWords> {
        Self::parse(&text)
    }
}

impl From<Words> for String {
    fn from(words: Words) -> Self {
        words.0
    }
}

/// Why an action was not done. Each reason is a code of the API.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    IntoStaticStr,
    EnumString,
    VariantArray,
    thiserror::Error,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum NotDone {
    /// The call had ended.
    #[error("the call is over")]
    CallOver,
    /// The call was about to end or to be transferred.
    #[error("the call is about to end or to be transferred")]
    CallEnding,
    /// The call still rings, so there is no session to do it.
    #[error("the call is not answered yet: only `cancel` is possible")]
    CallNotAnswered,
    /// The call that was to be cancelled was answered.
    #[error("the call was answered: use `end`")]
    CallAnswered,
    /// A call that came in cannot be cancelled.
    #[error("only a call that this business placed can be cancelled")]
    NotPlacedByUs,
    /// The settings that the call began with have an empty directory.
    #[error("the settings that the call began with have no directory to transfer it to")]
    TransferNotAllowed,
    /// The directory of the settings that the call began with has no such entry.
    #[error("the directory of the settings that the call began with has no such entry")]
    UnknownDestination,
    /// A muted agent says nothing.
    #[error("the agent is muted: unmute it first")]
    AgentMuted,
    /// The model had no words in time, or the caller did not stop speaking.
    #[error("the words could not be said: the caller went on speaking, or the model did not answer")]
    NotSaid,
    /// The words began and were not heard to their end.
    #[error("the words were cut short: the caller interrupted, or the agent was muted or disconnected")]
    CutShort,
    /// No session took it in time.
    #[error("no session of the call took the action in time")]
    Expired,
    /// The call has had its number of actions.
    #[error("the call has had {ACTIONS_MAX} actions, and no more are taken")]
    TooManyActions,
    /// Twilio would not cancel the call.
    #[error("the telephone network refused to cancel the call")]
    Refused,
}

impl NotDone {
    /// Every reason.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The code in records and the API.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The reverse of [`as_str`](Self::as_str); `None` for an unknown word.
    pub fn parse(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

/// How far an action is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionState {
    /// It is kept, and no session has taken it.
    Pending,
    /// A session is doing it.
    Taken,
    /// It was done.
    Done,
    /// It was not done, and will not be.
    NotDone(NotDone),
    /// The session that had taken it was lost: it may have been done, and is not done again.
    Unknown,
}

impl ActionState {
    /// Whether it changes no more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::NotDone(_) | Self::Unknown)
    }

    /// The code in records and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Taken => "taken",
            Self::Done => "done",
            Self::NotDone(_) => "not_done",
            Self::Unknown => "unknown",
        }
    }
}

named_by_request! {
    /// Names one action on one call.
    ActionId, call: CallSid
}

#[cfg(test)]
mod tests;
