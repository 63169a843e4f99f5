//! An outbound call, from being asked for until Twilio has given it a sid.
//!
//! Twilio's request to place a call cannot be repeated: each one dials. So everything that the call will need is
//! decided and kept under an id of ours *before* it is dialled. The id travels in the addresses that Twilio is given,
//! so the first to hear from the call, the answer to the request or any of its webhooks, can open it.

pub mod barred;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::call_back;
use crate::ids::{AccountSid, InvalidId, named_by_request};
use crate::zone::Zone;
use crate::{BusinessId, Call, CallSid, CallStatus, Caller, Direction, PhoneNumber, Revision, Timestamp};

named_by_request! {
    /// Names one order to place a call.
    DialId, business: BusinessId
}

impl DialId {
    /// Stands for the call's sid until there is one.
    pub fn stand_in(&self) -> Result<CallSid, InvalidId> {
        CallSid::parse(&format!("CA{}", self.0))
    }
}

/// Why a person is called, as the business said when it asked for the call.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CallTask {
    /// In a few words, for the person who answers: "your bicycle's service on Thursday".
    pub reason: Option<String>,
    /// What the agent should know. The agent is told not to repeat it.
    pub context: Option<String>,
    /// The language that the agent opens in, one of those that the business's settings have; `None`: their first one.
    pub language: Option<String>,
}

impl CallTask {
    /// The longest reason, characters.
    pub const MAX_REASON_CHARS: usize = 200;
    /// The longest context, characters.
    pub const MAX_CONTEXT_CHARS: usize = 4_000;

    /// Whether it says what the call is about, and not only in which language.
    pub const fn has_purpose(&self) -> bool {
        self.reason.is_some() || self.context.is_some()
    }
}

// It speaks of the person who is called.
impl fmt::Debug for CallTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallTask")
            .field("reason", &self.reason.is_some())
            .field("context", &self.context.is_some())
            .field("language", &self.language)
            .finish()
    }
}

/// An outbound call before it has a sid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialOrder {
    /// Names the order.
    pub id: DialId,
    /// The Twilio account that dials.
    pub account: AccountSid,
    /// Who ordered the call.
    pub business: BusinessId,
    /// The settings that the call runs with.
    pub revision: Revision,
    /// The business's own number.
    pub from: PhoneNumber,
    /// Who is called.
    pub to: PhoneNumber,
    /// The time zone of the person who is called, if the business knows it.
    #[serde(default)]
    pub zone: Option<Zone>,
    /// What the call is for.
    pub task: CallTask,
    /// When the order came in.
    pub requested_at: Timestamp,
    /// Calls the business may have at once.
    pub max_concurrent_calls: u16,
    /// After this time the call's slot is free again, even if no event gave it back.
    pub slot_ttl: Duration,
    /// The series of calls that it is one of: a campaign's.
    #[serde(default)]
    pub series: Option<Series>,
}

/// What the calls of one campaign have in common when they are placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Which campaign.
    pub name: String,
    /// The pause after a call to the number that was not one of the series.
    pub pause: Duration,
    /// The call is not dialled from then on.
    pub until: Timestamp,
    /// It says nothing to a machine: a message that sells something needs more than an agent can be told.
    pub leaves_no_message: bool,
    /// What a call-back has to keep to that the person is promised; `None`: none may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_back: Option<call_back::Terms>,
}

impl DialOrder {
    /// The pause that has to lie between the call and the one before it to the number, which was of the series `last`.
    pub fn pause_after(&self, last: Option<&str>) -> Option<Duration> {
        self.series.as_ref().filter(|series| last != Some(&series.name)).map(|series| series.pause)
    }
}

impl DialOrder {
    /// The call as it begins, under the sid that Twilio gave it.
    pub fn call(&self, sid: CallSid) -> Call {
        Call {
            sid,
            account: self.account.clone(),
            business: self.business.clone(),
            from: Caller::Number(self.from.clone()),
            to: Some(self.to.clone()),
            status: CallStatus::Queued,
            direction: Direction::Outbound,
            twilio_direction: "outbound-api".to_owned(),
            revision: Some(self.revision),
            opened_at: self.requested_at,
            answered_at: None,
            ended_at: None,
            duration: None,
            refusal: None,
            draft: false,
            sip_response_code: None,
            error_code: None,
            task: Some(self.task.clone()),
            contact: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn business(id: &str) -> BusinessId {
        BusinessId::parse(id).unwrap()
    }

    #[test]
    fn an_order_is_named_by_business_and_key() {
        let id = DialId::of(&business("harbour"), "order-1");
        assert_eq!(id, DialId::of(&business("harbour"), "order-1"));
        assert_ne!(id, DialId::of(&business("harbour"), "order-2"));
        assert_ne!(id, DialId::of(&business("castle"), "order-1"));
        assert_ne!(DialId::of(&business("a"), "b-c"), DialId::of(&business("a-b"), "c"));
        assert_eq!(DialId::parse(id.as_str()), Ok(id.clone()));
        assert!(id.stand_in().is_ok());
        for bad in ["", "12", &"g".repeat(32), &"A".repeat(32)] {
            assert!(DialId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_a_call_is_about_is_not_printed() {
        let task = CallTask { reason: Some("canary".into()), context: Some("canary".into()), language: None };
        assert!(!format!("{task:?}").contains("canary"));
    }
}
