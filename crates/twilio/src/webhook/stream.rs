//! The life of a media stream, as Twilio saw it.

use super::WebhookError;
use super::fields::Fields;
use super::names::{ACCOUNT_SID, CALL_SID, STREAM_EVENT, STREAM_SID, TIMESTAMP};
use super::reading::Param;
use crate::{Form, Sid, SidKind};

/// A `<Stream statusCallback>` (Twilio's Media Streams docs).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamStatus {
    /// The call.
    pub call_sid: Sid,
    /// The account or subaccount.
    pub account_sid: Sid,
    /// The stream.
    pub stream_sid: Sid,
    /// What happened to it.
    pub event: StreamEvent,
    /// When it happened, ISO 8601 (other callbacks use RFC 2822), as received.
    pub timestamp: Option<String>,
}

/// `StreamEvent`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum StreamEvent {
    /// The socket is open.
    Started,
    /// The stream ended.
    Stopped,
    /// It could not be opened, or broke.
    Error,
    /// A word that Twilio did not document when this was written.
    Other(String),
}

impl StreamStatus {
    pub(super) const READS: [Param; 5] = [ACCOUNT_SID, CALL_SID, STREAM_EVENT, STREAM_SID, TIMESTAMP];

    /// Reads a verified form.
    ///
    /// # Errors
    /// [`WebhookError`] when a sid is missing or malformed, or what was signed can be read in another way.
    pub fn parse(form: &Form) -> Result<Self, WebhookError> {
        let fields = Fields::read(form, &Self::READS)?;
        Ok(Self {
            call_sid: fields.sid(&CALL_SID, SidKind::Call)?,
            account_sid: fields.sid(&ACCOUNT_SID, SidKind::Account)?,
            stream_sid: fields.sid(&STREAM_SID, SidKind::Stream)?,
            event: match fields.word(&STREAM_EVENT) {
                "stream-started" => StreamEvent::Started,
                "stream-stopped" => StreamEvent::Stopped,
                "stream-error" => StreamEvent::Error,
                other => StreamEvent::Other(other.to_owned()),
            },
            timestamp: fields.optional(&TIMESTAMP).map(str::to_owned),
        })
    }
}
