//! The request for instructions: a number rings, or a `<Redirect>` or fallback asks again.

use super::fields::Fields;
use super::names::{ACCOUNT_SID, CALL_SID, CALL_STATUS, DIRECTION, FROM, TO};
use super::reading::Param;
use super::{CallStatus, WebhookError};
use crate::{Form, Party, Sid, SidKind};

/// A request that is answered with TwiML (Twilio's voice webhook docs).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceRequest {
    /// The call, or this leg of it.
    pub call_sid: Sid,
    /// The account or subaccount. Compare it with the configured one.
    pub account_sid: Sid,
    /// Who calls.
    pub from: Party,
    /// Who is called.
    pub to: Party,
    /// `ringing` at first, `in-progress` on later requests; blank if it cannot be read.
    pub call_status: CallStatus,
    /// `inbound`, `outbound-api`, `outbound-dial`, `trunking-...`, as received; blank if it cannot be read.
    pub direction: String,
}

impl VoiceRequest {
    pub(super) const READS: [Param; 6] = [ACCOUNT_SID, CALL_SID, CALL_STATUS, DIRECTION, FROM, TO];

    /// Reads a verified form.
    ///
    /// # Errors
    /// [`WebhookError`] when a sid is missing or malformed, or what was signed can be read in another way.
    pub fn parse(form: &Form) -> Result<Self, WebhookError> {
        Self::of(&Fields::read(form, &Self::READS)?)
    }

    pub(super) fn of(fields: &Fields<'_>) -> Result<Self, WebhookError> {
        Ok(Self {
            call_sid: fields.sid(&CALL_SID, SidKind::Call)?,
            account_sid: fields.sid(&ACCOUNT_SID, SidKind::Account)?,
            from: fields.party(&FROM),
            to: fields.party(&TO),
            call_status: CallStatus::parse(fields.word(&CALL_STATUS)),
            direction: fields.word(&DIRECTION).to_owned(),
        })
    }
}
