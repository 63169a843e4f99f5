//! Asynchronous answering-machine detection (AMD).

use super::fields::Fields;
use super::names::{ACCOUNT_SID, ANSWERED_BY, CALL_SID};
use super::reading::Param;
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
}

impl AmdCallback {
    pub(super) const READS: [Param; 3] = [ACCOUNT_SID, ANSWERED_BY, CALL_SID];

    /// Reads a verified form.
    ///
    /// # Errors
    /// [`WebhookError`] when a sid is missing or malformed, or what was signed can be read in another way.
    pub fn parse(form: &Form) -> Result<Self, WebhookError> {
        let fields = Fields::read(form, &Self::READS)?;
        Ok(Self {
            call_sid: fields.sid(&CALL_SID, SidKind::Call)?,
            account_sid: fields.sid(&ACCOUNT_SID, SidKind::Account)?,
            answered_by: AnsweredBy::parse(fields.word(&ANSWERED_BY)),
        })
    }
}
