//! What is told of a call's recordings.

use domain::recording::{Archived, Search};
use domain::{Recording, RecordingSid, RecordingState};
use serde::Serialize;

use crate::shared::shapes::Time;

/// The answer of `GET /v1/calls/{sid}/recordings`: all recordings of a call, in the order in which they were heard of.
#[derive(Debug, Serialize)]
pub(crate) struct RecordingList<'a> {
    recordings: Vec<RecordingView<'a>>,
}

impl<'a> RecordingList<'a> {
    pub(crate) fn new(all: &'a [Recording]) -> Self {
        let mut all: Vec<&Recording> = all.iter().collect();
        all.sort_by_key(|recording| recording.announced_at);
        let view = |recording: &'a Recording| {
            let link = format!("/v1/calls/{}/recordings/{}", recording.call, recording.sid);
            RecordingView::new(recording, link)
        };
        Self { recordings: all.into_iter().map(view).collect() }
    }
}

/// A recording, with what its state adds.
#[derive(Debug, Serialize)]
pub(super) struct RecordingView<'a> {
    /// Twilio's id of the recording.
    sid: &'a RecordingSid,
    /// `call` or `voicemail`.
    kind: &'static str,
    /// What started it.
    source: &'static str,
    /// `in_progress`, `announced`, `archived`, `failed`, `lost`, `absent` or `deleted`.
    state: &'static str,
    /// Under legal hold nothing deletes it.
    legal_hold: bool,
    /// When Twilio's copy was deleted.
    deleted_at_twilio: Option<Time>,
    #[serde(flatten)]
    details: Details<'a>,
}

/// What is told besides, of those states that have more to tell.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Details<'a> {
    /// The bytes are in the bucket.
    Archived {
        /// The path that leads to the bytes.
        link: String,
        /// The object's key in the recordings bucket.
        object: &'a str,
        bytes: u64,
        /// Hexadecimal SHA-256 of the object.
        sha256: &'a str,
        codec: &'static str,
        channels: u16,
        sample_rate_hz: u32,
        duration_ms: u64,
        archived_at: Time,
        /// How long it is kept, by the settings that the call ran with.
        retention: &'static str,
    },
    /// It was given up.
    Failed {
        reason: &'a str,
    },
    /// It can be played no more.
    Deleted {
        deleted_at: Time,
        reason: &'static str,
    },
    /// It never came to be: Twilio's error code says why.
    Absent {
        error_code: Option<u32>,
    },
    None {},
}

impl<'a> RecordingView<'a> {
    /// `link` is the path that leads to the bytes, once there are any.
    pub(super) fn new(recording: &'a Recording, link: String) -> Self {
        Self {
            sid: &recording.sid,
            kind: recording.kind.as_str(),
            source: recording.source.as_str(),
            state: recording.state.as_str(),
            legal_hold: recording.held,
            deleted_at_twilio: recording.deleted_at_twilio.map(Time),
            details: Details::new(recording, link),
        }
    }
}

impl<'a> Details<'a> {
    fn new(recording: &'a Recording, link: String) -> Self {
        match &recording.state {
            RecordingState::Archived(archived) => {
                let Archived { key, bytes, sha256, format, at, retention } = archived;
                Self::Archived {
                    link,
                    object: key,
                    bytes: *bytes,
                    sha256,
                    codec: format.codec.as_str(),
                    channels: format.channels,
                    sample_rate_hz: format.sample_rate_hz,
                    duration_ms: format.duration_ms,
                    archived_at: Time(*at),
                    retention: retention.as_str(),
                }
            }
            RecordingState::Failed { reason } => Self::Failed { reason },
            RecordingState::Deleted(deletion) => {
                Self::Deleted { deleted_at: Time(deletion.at), reason: deletion.reason.as_str() }
            }
            RecordingState::Absent => Self::Absent { error_code: recording.error_code },
            RecordingState::InProgress | RecordingState::Announced | RecordingState::Lost => Self::None {},
        }
    }
}

/// What stands in the place of a recording.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum RecordingOrReason<'a> {
    Recording(RecordingView<'a>),
    Without(NoRecording),
}

/// A call without a recording.
#[derive(Debug, Serialize)]
pub(super) struct NoRecording {
    /// Always null.
    sid: Option<RecordingSid>,
    /// Always `call`.
    kind: &'static str,
    /// `looked_for` while Twilio is asked, then `not_recorded`.
    state: &'static str,
    /// The reason, of a call that is `not_recorded`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl NoRecording {
    /// `None` while nothing is known, and for a call that its business does not record.
    pub(super) fn of(search: Option<Search>) -> Option<Self> {
        let (state, reason) = match search? {
            Search::Over(reason) => ("not_recorded", Some(reason.as_str())),
            Search::Open => ("looked_for", None),
            Search::Found => return None,
        };
        Some(Self { sid: None, kind: "call", state, reason })
    }
}
