//! What is told of calls. The answers have types of their own, so that neither they nor the domain bind the other.

mod query;
mod record;
mod recording;

use domain::contact::ContactId;
use domain::{Call, CallSid, Revision};
use serde::Serialize;
use utoipa::ToSchema;

use super::parts::Parts;
use crate::edge::api::schema;
use crate::shared::shapes::Time;

pub(super) use query::{GetCall, ListCalls, Wish};
pub(super) use record::Record;
pub(super) use recording::{RecordingLink, RecordingList};

/// The answer of `GET /v1/calls`: a page of calls.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallPage<'a> {
    calls: Vec<Record<'a>>,
    /// The cursor of the next page; null on the last one.
    #[schema(value_type = Option<schema::Cursor>)]
    next: Option<String>,
}

impl<'a> CallPage<'a> {
    pub(super) fn new(calls: &'a [Call], parts: &'a [Parts], next: Option<String>) -> Self {
        let records = calls.iter().zip(parts).map(|(call, parts)| Record::new(call, parts));
        Self { calls: records.collect(), next }
    }
}

/// A call in short.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallSummary<'a> {
    /// Twilio's id of the call.
    #[schema(value_type = schema::CallSid)]
    sid: &'a CallSid,
    #[schema(value_type = schema::CallStatusWord)]
    status: &'static str,
    #[schema(value_type = schema::DirectionWord)]
    direction: &'static str,
    /// An E.164 number, `hidden` or `other`.
    from: &'a str,
    /// The number that was called, E.164; null where another address was called.
    #[schema(value_type = Option<schema::E164>)]
    to: Option<&'a str>,
    opened_at: Time,
    answered_at: Option<Time>,
    ended_at: Option<Time>,
    /// Seconds, as Twilio counts them.
    duration_s: Option<u64>,
    /// The revision of the settings that the call began with.
    #[schema(value_type = Option<u32>)]
    settings_revision: Option<Revision>,
    /// Whether it is a test call with a draft, which was begun from that revision. What follows the call goes by the revision.
    draft: bool,
    /// The language that the call was placed to begin in; null where the settings say it.
    language: Option<&'a str>,
    /// Why the call was never let in.
    refusal: Option<&'static str>,
    /// The answer of the called line, when Twilio tells it.
    sip_response_code: Option<u16>,
    /// Twilio's error code.
    error_code: Option<u32>,
    /// Why the call was made, of an outbound call.
    reason: Option<&'a str>,
    /// The contact at the other end, as it was called when the call began: it may have been merged into another one since.
    /// Null for a withheld number and a test call.
    #[schema(value_type = Option<schema::ContactId>)]
    contact_id: Option<ContactId>,
}

impl<'a> CallSummary<'a> {
    fn new(call: &'a Call) -> Self {
        Self {
            sid: &call.sid,
            status: call.status.as_str(),
            direction: call.direction.as_str(),
            from: call.from.shown(),
            to: call.to.as_ref().map(|number| number.as_e164()),
            opened_at: Time(call.opened_at),
            answered_at: call.answered_at.map(Time),
            ended_at: call.ended_at.map(Time),
            duration_s: call.duration.map(|duration| duration.as_secs()),
            settings_revision: call.revision,
            draft: call.draft,
            language: call.language(),
            refusal: call.refusal.map(|refusal| refusal.as_str()),
            sip_response_code: call.sip_response_code,
            error_code: call.error_code,
            reason: call.task.as_ref().and_then(|task| task.reason.as_deref()),
            contact_id: call.contact,
        }
    }
}
