//! The life of a recording.

use super::WebhookError;
use super::fields::Fields;
use super::names::{
    ACCOUNT_SID, CALL_SID, ENCRYPTION_DETAILS, ERROR_CODE, RECORDING_CHANNELS, RECORDING_DURATION,
    RECORDING_SID, RECORDING_SOURCE, RECORDING_START_TIME, RECORDING_STATUS,
};
use super::reading::Param;
use crate::{Form, Sid, SidKind};

/// A `RecordingStatusCallback` (Twilio's recording docs).
///
/// The callback also carries an address. It is left out on purpose: the media is fetched from
/// [`rest::Api::recording_media`](crate::rest::Api::recording_media), so that no form can send the
/// account's credentials to another host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingStatus {
    /// The call that was recorded: always the parent leg.
    pub call_sid: Sid,
    /// The account or subaccount.
    pub account_sid: Sid,
    /// The recording.
    pub recording_sid: Sid,
    /// What happened to it.
    pub event: RecordingEvent,
    /// Length in whole seconds; only once completed.
    pub duration_s: Option<u32>,
    /// 1, or 2 with the parent leg first.
    pub channels: Option<u8>,
    /// When it began, RFC 2822, as received.
    pub start_time: Option<String>,
    /// How it was started (`StartCallRecordingAPI`, `DialVerb`, ...), as received.
    pub source: Option<String>,
    /// `inbound`, `outbound` or `both`, as received.
    pub track: Option<String>,
    /// Why it is absent, a Twilio error code.
    pub error_code: Option<u32>,
    /// The media is encrypted with a key of the account's (Voice Recording Encryption): what can be fetched is
    /// ciphertext.
    pub encrypted: bool,
}

/// `RecordingStatus`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RecordingEvent {
    /// Recording has begun.
    InProgress,
    /// The media can be fetched.
    Completed,
    /// There is no media and there will be none.
    Absent,
    /// A word that Twilio did not document when this was written.
    Other(String),
}

impl RecordingStatus {
    pub(super) const READS: [Param; 10] = [
        ACCOUNT_SID,
        CALL_SID,
        ENCRYPTION_DETAILS,
        ERROR_CODE,
        RECORDING_CHANNELS,
        RECORDING_DURATION,
        RECORDING_SID,
        RECORDING_SOURCE,
        RECORDING_START_TIME,
        RECORDING_STATUS,
    ];

    /// Reads a verified form.
    ///
    /// # Errors
    /// [`WebhookError`] when a sid is missing or malformed, or what was signed can be read in another way.
    pub fn parse(form: &Form) -> Result<Self, WebhookError> {
        let fields = Fields::read(form, &Self::READS)?;
        let words = |param| fields.optional(param).map(str::to_owned);
        Ok(Self {
            call_sid: fields.sid(&CALL_SID, SidKind::Call)?,
            account_sid: fields.sid(&ACCOUNT_SID, SidKind::Account)?,
            recording_sid: fields.sid(&RECORDING_SID, SidKind::Recording)?,
            event: match fields.word(&RECORDING_STATUS) {
                "in-progress" => RecordingEvent::InProgress,
                "completed" => RecordingEvent::Completed,
                "absent" => RecordingEvent::Absent,
                other => RecordingEvent::Other(other.to_owned()),
            },
            duration_s: fields.number(&RECORDING_DURATION),
            channels: fields.number(&RECORDING_CHANNELS),
            start_time: words(&RECORDING_START_TIME),
            source: words(&RECORDING_SOURCE),
            track: fields.text("RecordingTrack"),
            error_code: fields.number(&ERROR_CODE),
            encrypted: fields.optional(&ENCRYPTION_DETAILS).is_some(),
        })
    }

    /// True for a message that `<Record>` took, as against the recording of a call.
    pub fn is_of_record_verb(&self) -> bool {
        self.source.as_deref() == Some("RecordVerb")
    }
}
