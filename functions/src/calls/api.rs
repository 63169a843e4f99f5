//! What is told of calls. The answers have types of their own, so that neither they nor the domain bind the other.

mod record;
mod recording;

use domain::{Call, CallSid, Revision};
use serde::{Deserialize, Serialize};
use stores::calls::Listing;
use utoipa::{IntoParams, ToSchema};

use crate::edge::api::schema;
use crate::shared::shapes::{Time, caller};

pub(super) use record::{Record, Sources};
pub(super) use recording::RecordingList;

/// The query of `GET /v1/calls`. Unknown fields are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListCalls {
    /// Calls on one page, 1 to 100; 25 without it.
    #[param(minimum = 1, maximum = 100, default = 25, nullable = false)]
    pub(super) limit: Option<u16>,
    /// `next` of the page before.
    #[param(value_type = Option<schema::Cursor>, nullable = false)]
    pub(super) cursor: Option<String>,
    /// `live`: only calls that are not over.
    #[param(inline, nullable = false)]
    pub(super) status: Option<ListedStatus>,
}

/// What calls can be listed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ListedStatus {
    /// Not over: queued, ringing or in progress.
    Live,
}

impl ListCalls {
    pub(super) fn listing(&self) -> Listing {
        match self.status {
            Some(ListedStatus::Live) => Listing::Live,
            None => Listing::All,
        }
    }
}

/// The answer of `GET /v1/calls`: a page of calls, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallPage<'a> {
    calls: Vec<CallSummary<'a>>,
    /// The cursor of the next page; null on the last one.
    #[schema(value_type = Option<schema::Cursor>)]
    next: Option<String>,
}

impl<'a> CallPage<'a> {
    pub(super) fn new(calls: &'a [Call], next: Option<String>) -> Self {
        Self { calls: calls.iter().map(CallSummary::new).collect(), next }
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
    /// Why the call was never let in.
    refusal: Option<&'static str>,
    /// The answer of the called line, when Twilio tells it.
    sip_response_code: Option<u16>,
    /// Twilio's error code.
    error_code: Option<u32>,
    /// Why the call was made, of an outbound call.
    reason: Option<&'a str>,
}

impl<'a> CallSummary<'a> {
    fn new(call: &'a Call) -> Self {
        Self {
            sid: &call.sid,
            status: call.status.as_str(),
            direction: call.direction.as_str(),
            from: caller(&call.from),
            to: call.to.as_ref().map(|number| number.as_e164()),
            opened_at: Time(call.opened_at),
            answered_at: call.answered_at.map(Time),
            ended_at: call.ended_at.map(Time),
            duration_s: call.duration.map(|duration| duration.as_secs()),
            settings_revision: call.revision,
            refusal: call.refusal.map(|refusal| refusal.as_str()),
            sip_response_code: call.sip_response_code,
            error_code: call.error_code,
            reason: call.task.as_ref().and_then(|task| task.reason.as_deref()),
        }
    }
}
