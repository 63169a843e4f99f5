//! What events say of caps, of endpoints and of receivers.

use serde::Serialize;

use super::{Body, Happened, Links, Type};
use crate::endpoint::{Disabled, Endpoint};
use crate::notification::{self, Receiver};
use crate::usage::{Level, Month, Reading};
use crate::{BusinessId, CallSid, Timestamp};

/// The body of `usage.warning` and `usage.cap_reached`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventUsageLevel))]
pub struct UsageLevel<'a> {
    /// The month, by the business's clocks.
    pub month: String,
    /// `minutes` or `money`.
    pub meter: &'a str,
    /// Begun minutes, or micro-dollars.
    pub used: u64,
    /// In the same unit.
    pub cap: u64,
    /// Where more is found.
    pub links: Links,
}

/// The body of `endpoint.disabled`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventEndpointDisabled))]
pub struct EndpointDisabled<'a> {
    /// Names the endpoint.
    pub endpoint: &'a str,
    /// What its owner calls it.
    pub description: &'a str,
    /// `gone` after an answer of 410, `failing` if nothing was taken for days.
    pub reason: &'static str,
    /// Where more is found.
    pub links: Links,
}

/// The body of `receiver.disabled`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventReceiverDisabled))]
pub struct ReceiverDisabled<'a> {
    /// Names the receiver.
    pub receiver: &'a str,
    /// What its owner calls it.
    pub name: &'a str,
    /// `slack`, `teams`, `email`, `sms` or `whatsapp`.
    pub kind: &'static str,
    /// `gone` after an answer of 404 or 410, `opted_out` if the person wants no texts from the number.
    pub reason: &'static str,
    /// Where more is found.
    pub links: Links,
}

/// A month has come to a level of a cap, by what this call used.
pub fn usage_level<'a>(
    business: &BusinessId,
    call: &CallSid,
    month: Month,
    reading: &Reading,
    now: Timestamp,
) -> Happened<'a> {
    let Reading { meter, used, cap, level } = *reading;
    let kind = if level == Level::Reached { Type::UsageCapReached } else { Type::UsageWarning };
    let links = Links::to("usage", "/v1/usage".to_owned());
    let body = UsageLevel { month: month.to_string(), meter: meter.as_str(), used, cap, links };
    Happened {
        business: business.clone(),
        id: format!("{}#{month}#{}#{cap}", kind.name(), meter.as_str()),
        kind,
        call: Some(call.clone()),
        // A cap is of no call: endpoints for one direction are told of it, too.
        direction: None,
        at: now,
        body: Body::UsageLevel(Box::new(body)),
    }
}

/// An endpoint is told nothing any more; `version` is that of its change.
pub fn endpoint_disabled<'a>(
    business: &BusinessId,
    endpoint: &'a Endpoint,
    why: Disabled,
    version: u64,
    now: Timestamp,
) -> Happened<'a> {
    let links = Links::to("endpoint", format!("/v1/endpoints/{}", endpoint.id));
    let (id, description) = (endpoint.id.as_str(), endpoint.description.as_str());
    let body = EndpointDisabled { endpoint: id, description, reason: why.as_str(), links };
    Happened {
        business: business.clone(),
        id: format!("{}#{id}#{version}", Type::EndpointDisabled.name()),
        kind: Type::EndpointDisabled,
        call: None,
        direction: None,
        at: now,
        body: Body::EndpointDisabled(Box::new(body)),
    }
}

/// A receiver is told nothing any more; `version` is that of its change.
pub fn receiver_disabled<'a>(
    business: &BusinessId,
    receiver: &'a Receiver,
    why: notification::Disabled,
    version: u64,
    now: Timestamp,
) -> Happened<'a> {
    let links = Links::to("receiver", format!("/v1/notifications/receivers/{}", receiver.id));
    let (id, kind) = (receiver.id.as_str(), receiver.address.kind().as_str());
    let body = ReceiverDisabled { receiver: id, name: &receiver.name, kind, reason: why.as_str(), links };
    Happened {
        business: business.clone(),
        id: format!("{}#{id}#{version}", Type::ReceiverDisabled.name()),
        kind: Type::ReceiverDisabled,
        call: None,
        direction: None,
        at: now,
        body: Body::ReceiverDisabled(Box::new(body)),
    }
}
