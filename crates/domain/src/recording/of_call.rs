//! The recordings of one call: which is ours, which holds the words, and what is said of a call that has none.

use std::time::Duration;

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::{Recording, RecordingKind, RecordingState};
use crate::Call;
use crate::call::CallStatus;

/// How long after its end a call is accounted for: by then Twilio has called back about its recording, or lists it.
pub const LOOK_AFTER: Duration = Duration::from_secs(60);

/// Why a call that its business wants recorded has no recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, EnumString, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum NotRecorded {
    /// The call was not let in.
    Refused,
    /// The call was never answered.
    NotAnswered,
    /// It was over before its recording began, during the consent for instance.
    EndedFirst,
    /// The conversation began, and Twilio lists no recording of ours.
    NotBegun,
    /// Twilio could not be asked.
    Unconfirmed,
    /// The call came from the console: there is no line that Twilio could record.
    TestCall,
    /// The settings hold a field that was not understood, which may have been the notice of the recording.
    SettingsNotUnderstood,
}

impl NotRecorded {
    /// Every reason.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The reverse of [`as_str`](Self::as_str); `None` for an unknown word.
    pub fn parse(word: &str) -> Option<Self> {
        word.parse().ok()
    }

    /// The reason that needs no answer of Twilio's.
    pub fn plain(call: &Call) -> Option<Self> {
        if !call.is_twilios() {
            return Some(Self::TestCall);
        }
        if call.refusal.is_some() {
            return Some(Self::Refused);
        }
        let unanswered = match call.status {
            CallStatus::Busy | CallStatus::Failed | CallStatus::NoAnswer | CallStatus::Canceled => true,
            CallStatus::Queued
            | CallStatus::Initiated
            | CallStatus::Ringing
            | CallStatus::InProgress
            | CallStatus::Completed => false,
        };
        (unanswered && call.answered_at.is_none()).then_some(Self::NotAnswered)
    }

    /// The reason when Twilio lists no recording of ours.
    pub const fn unlisted(call: &Call) -> Self {
        // A call that comes in is known to be answered by its stream, and its recording begins before that.
        if call.answered_at.is_some() { Self::NotBegun } else { Self::EndedFirst }
    }
}

/// The search for the recording of a call of which nothing was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// Twilio is to be asked.
    Open,
    /// There is a recording, which speaks for itself.
    Found,
    /// The call has no recording, for this reason.
    Over(NotRecorded),
}

/// What is to be done to account for a call that is over and was to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// What became of its recording is known, or comes by itself.
    Known,
    /// The call has no recording, for this reason.
    NotRecorded(NotRecorded),
    /// Twilio's list decides.
    Ask,
}

/// All that is known of a call's recordings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallRecordings {
    /// Every recording of the call.
    pub all: Vec<Recording>,
    /// The search for one, if there was any.
    pub search: Option<Search>,
}

impl CallRecordings {
    /// The conversation's recording that we asked for. Other programs' recordings never stand in for it. Of several,
    /// the one that came furthest.
    pub fn own(&self) -> Option<&Recording> {
        self.furthest(|recording| recording.kind == RecordingKind::Call && !recording.source.is_foreign())
    }

    /// The message that was left when no agent could be had.
    pub fn voicemail(&self) -> Option<&Recording> {
        self.furthest(|recording| recording.kind == RecordingKind::Voicemail)
    }

    /// The recording whose words are the call's: ours, which holds a message to the voicemail as well. If ours was
    /// never heard of or came to nothing, another program's is taken, and last the message.
    pub fn to_listen_to(&self) -> Option<&Recording> {
        let foreign = || self.furthest(|recording| recording.source.is_foreign());
        let usable = |recording: &&Recording| is_usable(&recording.state);
        let own = self.own();
        own.filter(usable)
            .or_else(|| foreign().filter(usable))
            .or_else(|| self.voicemail().filter(usable))
            .or(own)
            .or_else(|| self.voicemail())
    }

    /// Whether a recording is worth waiting for, where the business `records` its calls or not.
    pub fn may_come(&self, records: bool) -> bool {
        self.voicemail().is_some() || (records && !matches!(self.search, Some(Search::Over(_))))
    }

    /// What is left to do for a call that is over and was to be recorded.
    pub fn account(&self, call: &Call) -> Account {
        match (self.own().map(|own| &own.state), self.search) {
            (Some(RecordingState::InProgress), _) => Account::Ask,
            (Some(_), _) => Account::Known,
            (None, Some(Search::Over(NotRecorded::Unconfirmed))) => Account::Ask,
            (None, Some(Search::Over(_))) => Account::Known,
            (None, Some(Search::Open | Search::Found) | None) => {
                NotRecorded::plain(call).map_or(Account::Ask, Account::NotRecorded)
            }
        }
    }

    fn furthest(&self, wanted: impl Fn(&Recording) -> bool) -> Option<&Recording> {
        // Of several at the same point, the first that was heard of.
        self.all
            .iter()
            .filter(|recording| wanted(recording))
            .min_by_key(|recording| (distance(&recording.state), recording.announced_at))
    }
}

/// There is audio, or there will be some.
const fn is_usable(state: &RecordingState) -> bool {
    matches!(state, RecordingState::Archived(_) | RecordingState::Announced | RecordingState::InProgress)
}

/// How far a recording is from being in the bucket.
const fn distance(state: &RecordingState) -> u8 {
    match state {
        RecordingState::Archived(_) => 0,
        RecordingState::Announced => 1,
        RecordingState::InProgress => 2,
        RecordingState::Deleted(_) => 3,
        RecordingState::Failed { .. } => 4,
        RecordingState::Lost => 5,
        RecordingState::Absent => 6,
    }
}

#[cfg(test)]
mod tests;
