//! What is told of a call's recordings.

use domain::recording::{Archived, CallRecordings, Search};
use domain::{Recording, RecordingSid, RecordingState, Speaker};
use serde::Serialize;
use utoipa::ToSchema;

use crate::edge::answer::Link;
use crate::edge::api::schema;
use crate::shared::shapes::Time;

/// The answer of `GET /v1/calls/{sid}/recordings`: all recordings of a call, in the order in which they were heard of.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordingList<'a> {
    recordings: Vec<RecordingView<'a>>,
}

impl<'a> RecordingList<'a> {
    pub(crate) fn new(all: &'a [Recording]) -> Self {
        let mut all: Vec<&Recording> = all.iter().collect();
        all.sort_by_key(|recording| recording.announced_at);
        let view = |recording: &'a Recording| {
            let link = format!("/v1/calls/{}/recordings/{}", recording.call, recording.sid);
            let mut view = RecordingView::new(recording, link);
            view.details.waveform = Some(WaveformView::of(recording));
            view
        };
        Self { recordings: all.into_iter().map(view).collect() }
    }
}

/// A recording, with what its state adds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Recording)]
pub(super) struct RecordingView<'a> {
    /// Twilio's id of the recording.
    #[schema(value_type = schema::RecordingSid)]
    sid: &'a RecordingSid,
    #[schema(value_type = schema::RecordingKindWord)]
    kind: &'static str,
    /// What started it, in Twilio's words.
    source: &'static str,
    #[schema(value_type = schema::RecordingStateWord)]
    state: &'static str,
    /// Under legal hold nothing deletes it.
    legal_hold: bool,
    /// When Twilio's copy was deleted.
    deleted_at_twilio: Option<Time>,
    #[serde(flatten)]
    details: Details<'a>,
}

/// What is told besides, of those states that have more to tell.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = RecordingDetails)]
struct Details<'a> {
    /// The path that leads to the bytes; these are of an archived recording, down to `retention`.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    /// The object's key in the recordings bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::Sha256>)]
    sha256: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    codec: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample_rate_hz: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archived_at: Option<Time>,
    /// How long it is kept, by the settings that the call ran with.
    #[serde(skip_serializing_if = "Option::is_none")]
    retention: Option<&'static str>,
    /// In the list of a call's recordings only: how loud each side is. Null for one channel, and for a recording that was
    /// archived before this was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<WaveformView<'a>>, required = false)]
    waveform: Option<Option<WaveformView<'a>>>,
    /// When a recording was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    /// Why a recording was given up or deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// Twilio's error code, of a recording that never came to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<u32>,
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
                Self {
                    link: Some(link),
                    object: Some(key),
                    bytes: Some(*bytes),
                    sha256: Some(sha256),
                    codec: Some(format.codec.as_str()),
                    channels: Some(format.channels),
                    sample_rate_hz: Some(format.sample_rate_hz),
                    duration_ms: Some(format.duration_ms),
                    archived_at: Some(Time(*at)),
                    retention: Some(retention.as_str()),
                    ..Self::default()
                }
            }
            RecordingState::Failed { reason } => Self { reason: Some(reason), ..Self::default() },
            RecordingState::Deleted(deletion) => Self {
                deleted_at: Some(Time(deletion.at)),
                reason: Some(deletion.reason.as_str()),
                ..Self::default()
            },
            RecordingState::Absent => Self { error_code: recording.error_code, ..Self::default() },
            RecordingState::InProgress | RecordingState::Announced | RecordingState::Lost => Self::default(),
        }
    }
}

/// How loud each side of a recording is over its length, for a picture of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Waveform)]
pub(crate) struct WaveformView<'a> {
    /// How long each peak lasts, milliseconds. The longer a recording, the longer its peaks.
    #[schema(minimum = 20)]
    milliseconds_per_peak: u32,
    /// The loudest sample of each stretch of the caller's channel, from 0 to 255, linear.
    #[schema(max_items = 400)]
    caller: &'a [u8],
    /// Likewise of the agent's channel.
    #[schema(max_items = 400)]
    agent: &'a [u8],
}

impl<'a> WaveformView<'a> {
    fn of(recording: &'a Recording) -> Option<Self> {
        let waveform = recording.waveform.as_ref()?;
        let of = |speaker| waveform.of(speaker, recording.source);
        let (caller, agent) = (of(Speaker::Caller), of(Speaker::Agent));
        Some(Self { milliseconds_per_peak: waveform.milliseconds_per_peak, caller, agent })
    }
}

/// A link to a recording, for a program.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordingLink<'a> {
    /// Where the bytes are. The address is the right to them.
    url: &'a str,
    /// How long the address is good for, seconds.
    expires_in: u64,
    /// Null for one channel, and for a recording that was archived before this was measured.
    waveform: Option<WaveformView<'a>>,
}

impl<'a> RecordingLink<'a> {
    pub(crate) fn new(Link { url, expires_in }: Link<'a>, recording: &'a Recording) -> Self {
        Self { url, expires_in, waveform: WaveformView::of(recording) }
    }
}

/// What stands in the place of a recording.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum RecordingOrReason<'a> {
    Recording(Box<RecordingView<'a>>),
    Without(NoRecording),
}

impl<'a> RecordingOrReason<'a> {
    /// Of the conversation.
    pub(super) fn of(recordings: &'a CallRecordings) -> Option<Self> {
        let own = recordings.own().map(|own| Self::Recording(Box::new(of_call(own, "recording"))));
        own.or_else(|| NoRecording::of(recordings.search).map(Self::Without))
    }
}

/// A recording that the call's address leads to under this name.
pub(super) fn of_call<'a>(recording: &'a Recording, name: &str) -> RecordingView<'a> {
    RecordingView::new(recording, format!("/v1/calls/{}/{name}", recording.call))
}

/// A call without a recording.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NoRecording {
    #[schema(value_type = schema::Nothing)]
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
