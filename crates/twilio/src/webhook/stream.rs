//! The life of a media stream, as Twilio saw it.

use super::WebhookError;
use super::fields::Fields;
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
    /// The name the TwiML gave it, else its sid.
    pub name: Option<String>,
    /// What happened to it.
    pub event: StreamEvent,
    /// What went wrong, in Twilio's words; only on an error.
    pub error: Option<String>,
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
    /// Reads a verified form.
    ///
    /// # Errors
    /// [`WebhookError`] when a required parameter is missing or malformed.
    pub fn parse(form: &Form) -> Result<Self, WebhookError> {
        let fields = Fields(form);
        Ok(Self {
            call_sid: fields.sid("CallSid", SidKind::Call)?,
            account_sid: fields.sid("AccountSid", SidKind::Account)?,
            stream_sid: fields.sid("StreamSid", SidKind::Stream)?,
            name: fields.word("StreamName")?,
            event: match fields.required("StreamEvent")? {
                "stream-started" => StreamEvent::Started,
                "stream-stopped" => StreamEvent::Stopped,
                "stream-error" => StreamEvent::Error,
                other => StreamEvent::Other(other.to_owned()),
            },
            error: fields.word("StreamError")?,
            timestamp: fields.word("Timestamp")?,
        })
    }
}
