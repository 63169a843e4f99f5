//! What Twilio asks when a `<Connect>` has ended.

use super::{VoiceRequest, WebhookError};
use crate::Form;

/// The request to `<Connect action>`: the stream is over, what now? It comes when our side closed
/// the socket; whether the call goes on is for [`ConnectAction::call_is_over`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectAction {
    /// The parameters of every request for instructions.
    pub call: VoiceRequest,
}

impl ConnectAction {
    /// Reads a verified form.
    ///
    /// # Errors
    /// [`WebhookError`] when a sid is missing or malformed, or what was signed can be read in another way.
    pub fn parse(form: &Form) -> Result<Self, WebhookError> {
        Ok(Self { call: VoiceRequest::parse(form)? })
    }

    /// True when the caller is gone, so that no instruction would be heard.
    pub fn call_is_over(&self) -> bool {
        self.call.call_status.is_terminal()
    }
}
