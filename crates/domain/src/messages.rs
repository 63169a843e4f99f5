//! What callers left for a business: messages that its agent took, and voicemails. They are one list, the newest first.
//!
//! The list has two sides. What was left is put once and never changes; that it was dealt with is a mark beside it, which
//! a person sets and takes off. Both sides are counted, in all and by day. So two counts say how much waits, and what
//! waits is found without a look at the days on which nothing does, however long ago it was left.

mod walk;
mod words;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use strum::{EnumString, IntoStaticStr, VariantArray};

pub use walk::{Page, Span, Walk};
pub use words::words_of;

use crate::access::KeyId;
use crate::as_text::as_text;
use crate::ids::{InvalidId, is_32_digits};
use crate::recording::{CallRecordings, RecordingKind};
use crate::texts::ThreadId;
use crate::texts::thread::Thread;
use crate::tools::TakenMessage;
use crate::{Call, CallSid, PhoneNumber, Recording, RecordingSid, RecordingState, Timestamp};

/// The digits behind the time: enough that two things which were left in the same millisecond have two names.
const DIGEST_BITS: u32 = 80;
const DIGEST_BYTES: usize = 10;
const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// What was left.
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
pub enum MessageKind {
    /// Words that the agent took down.
    Message,
    /// A recording, where no agent was to be had.
    Voicemail,
}

impl MessageKind {
    /// Every kind.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The reverse of [`as_str`](Self::as_str); `None` for an unknown word.
    pub fn parse(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

/// Names one thing that was left, for good: the millisecond in which it was left and a digest of what it is, as 32
/// hexadecimal digits. The names have the order of the times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageId(u128);

impl MessageId {
    /// The name of the thing of this kind that its own record calls `name`.
    pub fn of(at: Timestamp, origin: &Origin, kind: MessageKind, name: &str) -> Self {
        let digest = Sha256::new()
            .chain_update(origin.as_str())
            .chain_update([0])
            .chain_update(kind.as_str())
            .chain_update([0])
            .chain_update(name)
            .finalize();
        let digest = digest.iter().take(DIGEST_BYTES).fold(0, |all, byte| (all << 8) | u128::from(*byte));
        Self(first_of(at.0).0 | digest)
    }

    /// Accepts 32 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// [`InvalidId`].
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId { kind: "message id", expected: "32 hexadecimal digits" };
        if !is_32_digits(text) {
            return Err(invalid);
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| invalid)
    }

    /// When it was left.
    pub fn at(self) -> Timestamp {
        Timestamp(i64::try_from(self.0 >> DIGEST_BITS).unwrap_or(i64::MAX))
    }

    /// On which day.
    pub fn day(self) -> Day {
        Day(u32::try_from(self.at().0 / DAY_MS).unwrap_or(u32::MAX))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl std::str::FromStr for MessageId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::parse(text)
    }
}

as_text!(MessageId, InvalidId);

/// The lowest name that something left in this millisecond can have.
fn first_of(ms: i64) -> MessageId {
    const LATEST: u128 = u128::MAX >> DIGEST_BITS;
    MessageId(u128::try_from(ms).unwrap_or(0).min(LATEST) << DIGEST_BITS)
}

/// A day of UTC, counted from 1 January 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub u32);

impl Day {
    /// Everything that was left on these days and between them.
    fn until(self, last: Self) -> Span {
        let ms = |day: u32| i64::from(day).saturating_mul(DAY_MS);
        let end = first_of(ms(last.0.saturating_add(1)));
        Span { from: first_of(ms(self.0)), to: MessageId(end.0.saturating_sub(1)) }
    }
}

/// Where something was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In a call.
    Call(CallSid),
    /// In writing.
    Thread(ThreadId),
}

impl Origin {
    fn as_str(&self) -> &str {
        match self {
            Self::Call(call) => call.as_str(),
            Self::Thread(thread) => thread.as_str(),
        }
    }

    /// The call.
    pub const fn call(&self) -> Option<&CallSid> {
        match self {
            Self::Call(call) => Some(call),
            Self::Thread(_) => None,
        }
    }

    /// The thread.
    pub const fn thread(&self) -> Option<&ThreadId> {
        match self {
            Self::Call(_) => None,
            Self::Thread(thread) => Some(thread),
        }
    }
}

/// One thing that was left.
#[derive(Clone, PartialEq, Eq)]
pub struct Left {
    /// Its name.
    pub id: MessageId,
    /// Where it was left.
    pub origin: Origin,
    /// The number of the person; `None` for one that was withheld, or is not known.
    pub caller: Option<PhoneNumber>,
    /// The words, or the recording.
    pub what: What,
}

/// What something that was left consists of.
#[derive(Clone, PartialEq, Eq)]
pub enum What {
    /// Words that the agent took down.
    Message(TakenMessage),
    /// A recording.
    Voicemail(RecordingSid),
}

// A caller's words and number.
impl fmt::Debug for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Left").field("id", &self.id).field("kind", &self.kind()).finish_non_exhaustive()
    }
}

impl Left {
    /// What kind it is.
    pub const fn kind(&self) -> MessageKind {
        match self.what {
            What::Message(_) => MessageKind::Message,
            What::Voicemail(_) => MessageKind::Voicemail,
        }
    }

    /// A message that the agent took at this time, under the name that it has in its call.
    pub fn message(call: &Call, name: &str, at: Timestamp, message: &TakenMessage) -> Self {
        let origin = Origin::Call(call.sid.clone());
        Self {
            id: MessageId::of(at, &origin, MessageKind::Message, name),
            origin,
            caller: call.other_party().cloned(),
            what: What::Message(message.clone()),
        }
    }

    /// The same in writing, under the name that it has in its thread.
    pub fn in_writing(thread: &Thread, name: &str, at: Timestamp, message: &TakenMessage) -> Self {
        let origin = Origin::Thread(thread.id.clone());
        Self {
            id: MessageId::of(at, &origin, MessageKind::Message, name),
            origin,
            caller: thread.person.phone(),
            what: What::Message(message.clone()),
        }
    }

    /// A voicemail. `None` for a recording of another kind, for one that is still being made, whose time is not certain
    /// yet, and for one that never came to be.
    pub fn voicemail(call: &Call, recording: &Recording) -> Option<Self> {
        match recording.state {
            RecordingState::InProgress | RecordingState::Absent => return None,
            RecordingState::Announced
            | RecordingState::Archived(_)
            | RecordingState::Failed { .. }
            | RecordingState::Lost
            | RecordingState::Deleted(_) => {}
        }
        let (origin, name) = (Origin::Call(call.sid.clone()), recording.sid.as_str());
        (recording.kind == RecordingKind::Voicemail).then(|| Self {
            id: MessageId::of(recording.announced_at, &origin, MessageKind::Voicemail, name),
            origin,
            caller: call.other_party().cloned(),
            what: What::Voicemail(recording.sid.clone()),
        })
    }

    /// Everything that was left in a call, as far as it is known. Each message comes with the name that it has in its call.
    pub fn of_call(
        call: &Call,
        messages: &[(String, Timestamp, TakenMessage)],
        recordings: &CallRecordings,
    ) -> Vec<Self> {
        let messages = messages.iter().map(|(name, at, message)| Self::message(call, name, *at, message));
        let voicemails = recordings.all.iter().filter_map(|recording| Self::voicemail(call, recording));
        messages.chain(voicemails).collect()
    }
}

/// That something was dealt with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The key with which it was said.
    pub by: KeyId,
    /// What the key's holder called it then.
    pub name: String,
    /// When.
    pub at: Timestamp,
}

/// Whether something is dealt with.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumString, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MessageState {
    /// It is to be dealt with.
    Waiting,
    /// A person said that it is dealt with.
    Done,
}

impl MessageState {
    /// Every state.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Reads a mark: `None`, no mark, is a message that waits.
    pub const fn of(mark: Option<&Mark>) -> Self {
        if mark.is_some() { Self::Done } else { Self::Waiting }
    }

    /// The word by which it is shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// How much was left, or is done or waits, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Messages that the agent took.
    pub messages: u64,
    /// Recordings.
    pub voicemails: u64,
}

impl Tally {
    /// Those of one kind, or of both.
    pub fn of(self, kind: Option<MessageKind>) -> u64 {
        match kind {
            Some(MessageKind::Message) => self.messages,
            Some(MessageKind::Voicemail) => self.voicemails,
            None => self.messages.saturating_add(self.voicemails),
        }
    }

    /// What is left of it without those that are done.
    #[must_use]
    pub fn without(self, done: Self) -> Self {
        Self {
            messages: self.messages.saturating_sub(done.messages),
            voicemails: self.voicemails.saturating_sub(done.voicemails),
        }
    }
}

/// Which things are listed. What is `None` is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Wanted {
    /// Whether they are dealt with.
    pub state: Option<MessageState>,
    /// What they are.
    pub kind: Option<MessageKind>,
}

impl Wanted {
    /// Whether one of this kind, with this mark, is listed.
    pub fn fits(&self, kind: MessageKind, mark: Option<&Mark>) -> bool {
        self.kind.is_none_or(|wanted| wanted == kind)
            && self.state.is_none_or(|wanted| wanted == MessageState::of(mark))
    }

    /// Whether everything is listed.
    pub const fn is_everything(&self) -> bool {
        self.state.is_none() && self.kind.is_none()
    }

    /// Where to look, the newest first, by what was left on each day and what of it is done. A mark that is set or taken
    /// off between the counts and the look can make a look vain. It hides nothing if what is done was counted first, since
    /// what was left only grows.
    pub fn spans(&self, left: &BTreeMap<Day, Tally>, done: &BTreeMap<Day, Tally>) -> Vec<Span> {
        let mut spans: Vec<(Day, Day)> = vec![];
        // Days on which nothing was left cost nothing, so a span goes across them.
        let mut goes_on = false;
        for (day, left) in left.iter().rev() {
            let done = done.get(day).copied().unwrap_or_default();
            let counted = match self.state {
                Some(MessageState::Waiting) => left.without(done),
                Some(MessageState::Done) => done,
                None => *left,
            };
            let wanted = counted.of(self.kind) > 0;
            match spans.last_mut().filter(|_| wanted && goes_on) {
                Some((first, _)) => *first = *day,
                None if wanted => spans.push((*day, *day)),
                None => {}
            }
            goes_on = wanted;
        }
        spans.into_iter().map(|(first, last)| first.until(last)).collect()
    }
}

#[cfg(test)]
mod tests;
