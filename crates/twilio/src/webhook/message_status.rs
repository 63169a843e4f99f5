//! What became of a text that was sent.

use super::WebhookError;
use super::fields::Fields;
use super::names::{ACCOUNT_SID, ERROR_CODE, MESSAGE_SID, MESSAGE_STATUS};
use super::reading::Param;
use crate::{Form, Sid, SidKind};

/// A `StatusCallback` of a text (Twilio docs, "Outbound message status"). They come in any order, twice, or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageStatus {
    /// Twilio's name of the text.
    pub message_sid: Sid,
    /// The account or subaccount.
    pub account_sid: Sid,
    /// Twilio's word for where it stands; blank if it is unreadable.
    pub status: String,
    /// A Twilio error code, on failures.
    pub error_code: Option<u32>,
}

impl MessageStatus {
    pub(super) const READS: [Param; 4] = [ACCOUNT_SID, ERROR_CODE, MESSAGE_SID, MESSAGE_STATUS];

    /// Reads a verified form.
    ///
    /// # Errors
    /// [`WebhookError`] when a sid is missing or malformed, or what was signed can be read in another way.
    pub fn parse(form: &Form) -> Result<Self, WebhookError> {
        let fields = Fields::read(form, &Self::READS)?;
        Ok(Self {
            message_sid: fields.sid(&MESSAGE_SID, SidKind::Message)?,
            account_sid: fields.sid(&ACCOUNT_SID, SidKind::Account)?,
            status: fields.word(&MESSAGE_STATUS).to_owned(),
            error_code: fields.number(&ERROR_CODE).filter(|code| *code != 0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(changes: &[(&str, &str)]) -> Result<MessageStatus, WebhookError> {
        let (account, message) = (format!("AC{}", "1".repeat(32)), format!("SM{}", "2".repeat(32)));
        let base = [
            ("AccountSid", account.as_str()),
            ("ApiVersion", "2010-04-01"),
            ("ChannelInstallSid", "XE1"),
            ("ChannelPrefix", "whatsapp"),
            ("ChannelToAddress", "+43664****XX"),
            ("From", "whatsapp:+43720123456"),
            ("MessageSid", &message),
            ("MessageStatus", "delivered"),
            ("SmsSid", &message),
            ("SmsStatus", "delivered"),
            ("To", "whatsapp:+436641234567"),
        ];
        let kept = base.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        MessageStatus::parse(&Form::from_pairs(kept.chain(changes).copied()))
    }

    #[test]
    fn a_status_is_read_and_an_odd_value_never_loses_it() {
        assert_eq!(read(&[]).unwrap().status, "delivered");
        let failed =
            read(&[("MessageStatus", "failed"), ("ErrorCode", "63016"), ("EventType", "UNDELIVERED")])
                .unwrap();
        assert_eq!((failed.status.as_str(), failed.error_code), ("failed", Some(63_016)));
        for odd in ["", "x", "-1", "99999999999"] {
            assert_eq!(read(&[("ErrorCode", odd)]).unwrap().error_code, None, "{odd}");
        }
        for word in ["partially_delivered", "read", "paused"] {
            assert_eq!(read(&[("MessageStatus", word)]).unwrap().status, word);
        }
        assert_eq!(read(&[("MessageSid", "")]), Err(WebhookError::Missing("MessageSid")));
    }
}
