//! A recording on its way from Twilio to the business's own bucket, and out of it again.

mod of_call;
mod retention;
mod source;
mod wav;
mod waveform;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

pub use of_call::{Account, CallRecordings, LOOK_AFTER, NotRecorded, Search};
pub use retention::{Deletion, DeletionReason, Retention};
pub use source::RecordingSource;
pub use wav::{
    Codec, DURATION_TOLERANCE_MS, MAX_RECORDING_BYTES, NotAudio, WAV_HEADER_MAX_BYTES, WavFormat,
    check_duration, wav_header, wav_layout,
};
pub use waveform::{MAX_PEAKS, PeakMeter, Peaks, Waveform};

use crate::{BusinessId, CallSid, RecordingSid, Timestamp};

/// Where a recording is. `InProgress` and `Announced` lead on by themselves, `Failed` by an operator's hand; every
/// other state is an end that can be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum RecordingState {
    /// Twilio records, and has not said yet what came of it.
    InProgress,
    /// Twilio says that it exists; we do not hold it yet.
    Announced,
    /// We hold it, verified.
    Archived(Archived),
    /// Every attempt failed, or none can succeed; an operator may redrive it.
    Failed {
        /// Why, in words for the call's record.
        reason: String,
    },
    /// Twilio says that it was deleted there before it could be copied.
    Lost,
    /// Twilio recorded nothing.
    Absent,
    /// Removed on purpose, and what it was.
    Deleted(Deletion),
}

impl RecordingState {
    /// The word by which it is stored and shown.
    pub fn as_str(&self) -> &'static str {
        self.into()
    }
}

/// An object in the recordings bucket, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archived {
    /// The object's key in the recordings bucket.
    pub key: String,
    /// Its length, bytes.
    pub bytes: u64,
    /// Hexadecimal SHA-256 of the object.
    pub sha256: String,
    /// What its header says.
    pub format: WavFormat,
    /// When it was stored.
    pub at: Timestamp,
    /// How long it is kept, by the settings that the call ran with.
    #[serde(default)]
    pub retention: Retention,
}

/// What a recording is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, IntoStaticStr, EnumString)]
#[strum(serialize_all = "lowercase")]
pub enum RecordingKind {
    /// The conversation.
    #[default]
    Call,
    /// The message that a caller left because no agent could be had.
    Voicemail,
}

impl RecordingKind {
    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The reverse of [`as_str`](Self::as_str); `None` for an unknown word.
    pub fn parse(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

/// One recording of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// Twilio's key of it.
    pub sid: RecordingSid,
    /// What it is of.
    pub kind: RecordingKind,
    /// What started it.
    pub source: RecordingSource,
    /// The call.
    pub call: CallSid,
    /// Whose call it is.
    pub business: BusinessId,
    /// Where it is.
    pub state: RecordingState,
    /// When it was first heard of.
    pub announced_at: Timestamp,
    /// Whole seconds, as Twilio announced it.
    pub announced_duration: Option<Duration>,
    /// Two: caller and agent apart. `None`: not said.
    pub channels: Option<u16>,
    /// Twilio's RFC 2822 start time as milliseconds, if it was given.
    pub started_at: Option<Timestamp>,
    /// Why it is absent, a Twilio error code.
    pub error_code: Option<u32>,
    /// What Twilio holds can be read with a key of the account's only.
    pub encrypted: bool,
    /// Under legal hold nothing deletes it.
    pub held: bool,
    /// When we had Twilio delete its copy.
    pub deleted_at_twilio: Option<Timestamp>,
    /// How loud each side is, of an archived recording of two channels. `None` for one that was archived before this was
    /// measured.
    pub waveform: Option<Waveform>,
}

impl Recording {
    /// One of a conversation, just heard of.
    pub fn new(
        sid: RecordingSid,
        call: CallSid,
        business: BusinessId,
        state: RecordingState,
        now: Timestamp,
    ) -> Self {
        Self {
            sid,
            kind: RecordingKind::Call,
            source: RecordingSource::default(),
            call,
            business,
            state,
            announced_at: now,
            announced_duration: None,
            channels: None,
            started_at: None,
            error_code: None,
            encrypted: false,
            held: false,
            deleted_at_twilio: None,
            waveform: None,
        }
    }
}

/// What is owed to a recording when nothing else happened until then. The sweep looks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Due {
    /// Nothing was heard of a recording of the call: ask Twilio.
    Search,
    /// Twilio should have called back: ask it.
    Callback,
    /// It should be in the bucket: copy it.
    Archive,
    /// Its retention is over: delete it.
    Expire,
    /// It is deleted, and its bytes should be gone: remove them.
    Erase,
}

/// When Twilio is asked about a recording in progress. Most calls are over by then, and those that are not are asked
/// about again: the pauses of [`MAX_SWEEPS`] looks are longer than any call.
pub const CALLBACK_WITHIN: Duration = Duration::from_secs(3_600);
/// Longer than the attempts of one job at a copy take together. A recording that could not be had by then is asked for
/// again by the sweep, at growing distances and for more than a day.
pub const ARCHIVE_WITHIN: Duration = Duration::from_secs(20 * 60);
/// Longer than all attempts at removing the bytes take together.
pub const ERASE_WITHIN: Duration = Duration::from_secs(20 * 60);
/// How often the sweep does the same for a recording before it gives it up.
pub const MAX_SWEEPS: u32 = 8;
/// No two looks at one recording are farther apart.
const MAX_SWEEP_PAUSE: Duration = Duration::from_secs(24 * 3_600);

impl Due {
    /// What recordings are owed. A search is owed to a call.
    pub const OF_RECORDINGS: [Self; 4] = [Self::Callback, Self::Archive, Self::Expire, Self::Erase];

    /// The word by which it is stored and counted.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// What a recording in `state` is owed, and when.
    pub fn of(state: &RecordingState, held: bool, since: Timestamp) -> Option<(Self, Timestamp)> {
        match state {
            RecordingState::InProgress => Some((Self::Callback, since.plus(CALLBACK_WITHIN))),
            RecordingState::Announced => Some((Self::Archive, since.plus(ARCHIVE_WITHIN))),
            RecordingState::Archived(archived) if !held => {
                archived.retention.duration().map(|kept| (Self::Expire, archived.at.plus(kept)))
            }
            RecordingState::Deleted(deletion) => Some((Self::Erase, deletion.at.plus(ERASE_WITHIN))),
            RecordingState::Archived(_)
            | RecordingState::Failed { .. }
            | RecordingState::Lost
            | RecordingState::Absent => None,
        }
    }

    /// How long after its `sweeps`th sweep a recording is looked at again.
    pub fn pause(sweeps: u32) -> Duration {
        ARCHIVE_WITHIN.saturating_mul(1u32.checked_shl(sweeps).unwrap_or(u32::MAX)).min(MAX_SWEEP_PAUSE)
    }
}

/// Where an archived recording lives: by business and call, so that access can be scoped.
pub fn object_key(business: &BusinessId, call: &CallSid, recording: &RecordingSid) -> String {
    format!("recordings/{business}/{call}/{recording}.wav")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_moves_on_by_itself_is_owed_a_look() {
        let at = Timestamp::from_secs(1_795_000_000);
        let format = WavFormat {
            codec: Codec::Pcm,
            channels: 2,
            sample_rate_hz: 8_000,
            bits_per_sample: 16,
            duration_ms: 1,
        };
        let archived = |retention| {
            let (key, sha256) = (String::new(), String::new());
            RecordingState::Archived(Archived { key, bytes: 1, sha256, format, at, retention })
        };
        let month = Duration::from_secs(30 * 24 * 3_600);
        let kept = archived(Retention::Days30);
        assert_eq!(Due::of(&kept, false, at), Some((Due::Expire, at.plus(month))));
        assert_eq!(Due::of(&kept, true, at), None, "a held recording never expires");
        assert_eq!(Due::of(&archived(Retention::Forever), false, at), None);
        let announced = Due::of(&RecordingState::Announced, false, at);
        assert_eq!(announced, Some((Due::Archive, at.plus(ARCHIVE_WITHIN))));
        let recording = Due::of(&RecordingState::InProgress, false, at);
        assert_eq!(recording, Some((Due::Callback, at.plus(CALLBACK_WITHIN))));
        for end in
            [RecordingState::Lost, RecordingState::Absent, RecordingState::Failed { reason: "".into() }]
        {
            assert_eq!(Due::of(&end, false, at), None);
        }
    }

    /// Case B14. A recording is given up after more than a day of looks, and no call is long enough for one of its own
    /// to be given up while it goes on.
    #[test]
    fn looks_grow_rarer_go_on_for_more_than_a_day_and_never_stop_by_overflow() {
        assert!(Due::pause(1) > Due::pause(0));
        assert_eq!(Due::pause(u32::MAX), MAX_SWEEP_PAUSE);
        let looks: Duration = (0..MAX_SWEEPS).map(Due::pause).sum();
        assert!(looks > Duration::from_secs(24 * 3_600), "{looks:?}");
    }
}
