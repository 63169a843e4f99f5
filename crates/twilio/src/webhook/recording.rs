//! The life of a recording.

use super::WebhookError;
use super::fields::Fields;
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
    /// Reads a verified form.
    ///
    /// # Errors
    /// [`WebhookError`] when a required parameter is missing or malformed.
    pub fn parse(form: &Form) -> Result<Self, WebhookError> {
        let fields = Fields(form);
        Ok(Self {
            call_sid: fields.sid("CallSid", SidKind::Call)?,
            account_sid: fields.sid("AccountSid", SidKind::Account)?,
            recording_sid: fields.sid("RecordingSid", SidKind::Recording)?,
            event: match fields.required("RecordingStatus")? {
                "in-progress" => RecordingEvent::InProgress,
                "completed" => RecordingEvent::Completed,
                "absent" => RecordingEvent::Absent,
                other => RecordingEvent::Other(other.to_owned()),
            },
            duration_s: fields.number("RecordingDuration")?,
            channels: fields.number("RecordingChannels")?,
            start_time: fields.word("RecordingStartTime")?,
            source: fields.word("RecordingSource")?,
            track: fields.word("RecordingTrack")?,
            error_code: fields.number("ErrorCode")?,
        })
    }

    /// True for a message that `<Record>` took, as against the recording of a call.
    pub fn is_of_record_verb(&self) -> bool {
        self.source.as_deref() == Some("RecordVerb")
    }
}
