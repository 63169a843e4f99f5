//! Asynchronous answering-machine detection (AMD).

use super::fields::Fields;
use super::{AnsweredBy, WebhookError};
use crate::{Form, Sid, SidKind};

/// An `AsyncAmdStatusCallback` (Twilio's AMD docs); fired at most once, while the call goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmdCallback {
    /// The call.
    pub call_sid: Sid,
    /// The account or subaccount.
    pub account_sid: Sid,
    /// The verdict.
    pub answered_by: AnsweredBy,
    /// How long it took, in milliseconds.
    pub detection_ms: Option<u32>,
}

impl AmdCallback {
    /// Reads a verified form.
    ///
    /// # Errors
    /// [`WebhookError`] when a required parameter is missing or malformed.
    pub fn parse(form: &Form) -> Result<Self, WebhookError> {
        let fields = Fields(form);
        Ok(Self {
            call_sid: fields.sid("CallSid", SidKind::Call)?,
            account_sid: fields.sid("AccountSid", SidKind::Account)?,
            answered_by: AnsweredBy::parse(fields.required("AnsweredBy")?),
            detection_ms: fields.number("MachineDetectionDuration")?,
        })
    }
}
