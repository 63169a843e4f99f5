//! The request for instructions: a number rings, or a `<Redirect>` or fallback asks again.

use super::fields::Fields;
use super::{AnsweredBy, CallStatus, WebhookError};
use crate::{Form, Party, Redacted, Sid, SidKind};

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
    /// `ringing` at first, `in-progress` on later requests.
    pub call_status: CallStatus,
    /// `inbound`, `outbound-api`, `outbound-dial`, `trunking-...`, as received.
    pub direction: String,
    /// The leg that dialled this one.
    pub parent_call_sid: Option<Sid>,
    /// Whom the caller dialled first, if the call was forwarded and the network says so.
    pub forwarded_from: Option<Party>,
    /// The caller's registered name, if the lookup is switched on.
    pub caller_name: Option<Redacted>,
    /// How far the caller's number is attested (STIR/SHAKEN), as received.
    pub stir_verstat: Option<String>,
    /// Synchronous AMD's verdict.
    pub answered_by: Option<AnsweredBy>,
    /// On a fallback: why the first address failed, a Twilio error code.
    pub error_code: Option<u32>,
}

impl VoiceRequest {
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
            forwarded_from: fields.optional("ForwardedFrom")?.map(Party::parse),
            caller_name: fields.text("CallerName")?,
            stir_verstat: fields.word("StirVerstat")?,
            answered_by: fields.optional("AnsweredBy")?.map(AnsweredBy::parse),
            error_code: fields.number("ErrorCode")?,
        })
    }
}
