//! Call progress.

use super::fields::Fields;
use super::{AnsweredBy, CallStatus, WebhookError};
use crate::{Form, Party, Sid, SidKind};

/// A `StatusCallback` (Twilio's call resource docs). Callbacks may arrive twice and in any order:
/// [`sequence_number`](Self::sequence_number) is the order in which they were fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusCallback {
    /// The call, or this leg of it.
    pub call_sid: Sid,
    /// The account or subaccount.
    pub account_sid: Sid,
    /// Who calls.
    pub from: Party,
    /// Who is called.
    pub to: Party,
    /// The status reached.
    pub call_status: CallStatus,
    /// Twilio's word for the direction, as received.
    pub direction: String,
    /// The leg that dialled this one.
    pub parent_call_sid: Option<Sid>,
    /// Position among the call's callbacks, from 0.
    pub sequence_number: Option<u32>,
    /// When it was fired, RFC 2822 in UTC, as received.
    pub timestamp: Option<String>,
    /// Length of the call in whole seconds; only on `completed`. Not the billed minutes, which Twilio
    /// calls `Duration`.
    pub duration_s: Option<u32>,
    /// The network's answer, on failures.
    pub sip_response_code: Option<u16>,
    /// A Twilio error code, on failures.
    pub error_code: Option<u32>,
    /// AMD's verdict, where it was made before the callback.
    pub answered_by: Option<AnsweredBy>,
}

impl StatusCallback {
    /// Reads a verified form.
    ///
    /// # Errors
    /// [`WebhookError`] when a required parameter is missing or malformed.
    pub fn parse(form: &Form) -> Result<Self, WebhookError> {
        let fields = Fields(form);
        Ok(Self {
            call_sid: fields.sid("CallSid", SidKind::Call)?,
            account_sid: fields.sid("AccountSid", SidKind::Account)?,
            from: fields.party("From")?,
            to: fields.party("To")?,
            call_status: CallStatus::parse(fields.required("CallStatus")?),
            direction: fields.required("Direction")?.to_owned(),
            parent_call_sid: fields.optional_sid("ParentCallSid", SidKind::Call)?,
            sequence_number: fields.number("SequenceNumber")?,
            timestamp: fields.word("Timestamp")?,
            duration_s: fields.number("CallDuration")?,
            sip_response_code: fields.number("SipResponseCode")?,
            error_code: fields.number("ErrorCode")?,
            answered_by: fields.optional("AnsweredBy")?.map(AnsweredBy::parse),
        })
    }
}
