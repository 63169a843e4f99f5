//! Call progress.

use super::fields::Fields;
use super::names::{
    ACCOUNT_SID, CALL_DURATION, CALL_SID, CALL_STATUS, DIRECTION, ERROR_CODE, FROM, PARENT_CALL_SID,
    SEQUENCE_NUMBER, SIP_RESPONSE_CODE, TIMESTAMP, TO,
};
use super::reading::Param;
use super::{CallStatus, WebhookError};
use crate::{Form, Sid, SidKind};

/// A `StatusCallback` (Twilio's call resource docs). Callbacks may arrive twice and in any order:
/// [`sequence_number`](Self::sequence_number) is the order in which they were fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusCallback {
    /// The call, or this leg of it.
    pub call_sid: Sid,
    /// The account or subaccount.
    pub account_sid: Sid,
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
}

impl StatusCallback {
    pub(super) const READS: [Param; 12] = [
        ACCOUNT_SID,
        CALL_DURATION,
        CALL_SID,
        CALL_STATUS,
        DIRECTION,
        ERROR_CODE,
        // Who called whom divides the text, and is not read.
        FROM,
        PARENT_CALL_SID,
        SEQUENCE_NUMBER,
        SIP_RESPONSE_CODE,
        TIMESTAMP,
        TO,
    ];

    /// Reads a verified form.
    ///
    /// # Errors
    /// [`WebhookError`] when a sid is missing or malformed, or what was signed can be read in another way.
    pub fn parse(form: &Form) -> Result<Self, WebhookError> {
        let fields = Fields::read(form, &Self::READS)?;
        Ok(Self {
            call_sid: fields.sid(&CALL_SID, SidKind::Call)?,
            account_sid: fields.sid(&ACCOUNT_SID, SidKind::Account)?,
            call_status: CallStatus::parse(fields.word(&CALL_STATUS)),
            direction: fields.word(&DIRECTION).to_owned(),
            parent_call_sid: fields.optional_sid(&PARENT_CALL_SID, SidKind::Call),
            sequence_number: fields.number(&SEQUENCE_NUMBER),
            timestamp: fields.optional(&TIMESTAMP).map(str::to_owned),
            duration_s: fields.number(&CALL_DURATION),
            sip_response_code: fields.number(&SIP_RESPONSE_CODE),
            error_code: fields.number(&ERROR_CODE),
        })
    }
}
