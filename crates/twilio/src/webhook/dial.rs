//! What came of a `<Dial>`.

use super::fields::Fields;
use super::names::{ACCOUNT_SID, CALL_SID, CALL_STATUS, DIAL_BRIDGED, DIAL_CALL_STATUS, DIRECTION, FROM, TO};
use super::reading::Param;
use super::{CallStatus, VoiceRequest, WebhookError};
use crate::Form;

/// The request to `<Dial action>` (Twilio's Dial docs).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialAction {
    /// The call that dialled.
    pub call: VoiceRequest,
    /// How the dialled leg ended.
    pub status: DialStatus,
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
    pub(super) const READS: [Param; 8] =
        [ACCOUNT_SID, CALL_SID, CALL_STATUS, DIAL_BRIDGED, DIAL_CALL_STATUS, DIRECTION, FROM, TO];

    /// Reads a verified form.
    ///
    /// # Errors
    /// [`WebhookError`] when a sid is missing or malformed, or what was signed can be read in another way.
    pub fn parse(form: &Form) -> Result<Self, WebhookError> {
        let fields = Fields::read(form, &Self::READS)?;
        Ok(Self {
            call: VoiceRequest::of(&fields)?,
            status: match fields.word(&DIAL_CALL_STATUS) {
                "answered" => DialStatus::Answered,
                word => DialStatus::Call(CallStatus::parse(word)),
            },
            bridged: fields.optional(&DIAL_BRIDGED).map(|word| word == "true"),
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
