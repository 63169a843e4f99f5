//! What came of a `<Dial>`.

use super::fields::Fields;
use super::{CallStatus, VoiceRequest, WebhookError};
use crate::{Form, Sid, SidKind};

/// The request to `<Dial action>` (Twilio's Dial docs).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialAction {
    /// The call that dialled.
    pub call: VoiceRequest,
    /// How the dialled leg ended.
    pub status: DialStatus,
    /// The dialled leg, if one came about.
    pub dial_call_sid: Option<Sid>,
    /// Its length in whole seconds.
    pub duration_s: Option<u32>,
    /// Whether the two sides ever spoke.
    pub bridged: Option<bool>,
}

/// `DialCallStatus`: the status of the dialled leg, or `answered` where a queue or conference was
/// dialled.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DialStatus {
    /// Someone took the call.
    Answered,
    /// The leg's own status.
    Call(CallStatus),
}

impl DialAction {
    /// Reads a verified form.
    ///
    /// # Errors
    /// [`WebhookError`] when a required parameter is missing or malformed.
    pub fn parse(form: &Form) -> Result<Self, WebhookError> {
        let fields = Fields(form);
        Ok(Self {
            call: VoiceRequest::parse(form)?,
            status: match fields.required("DialCallStatus")? {
                "answered" => DialStatus::Answered,
                word => DialStatus::Call(CallStatus::parse(word)),
            },
            dial_call_sid: fields.optional_sid("DialCallSid", SidKind::Call)?,
            duration_s: fields.number("DialCallDuration")?,
            bridged: fields.optional("DialBridged")?.map(|word| word == "true"),
        })
    }

    /// True when the caller reached someone; otherwise the call still needs an end.
    pub fn was_answered(&self) -> bool {
        match &self.status {
            DialStatus::Answered => true,
            DialStatus::Call(status) => *status == CallStatus::Completed && self.bridged != Some(false),
        }
    }
}
