//! An outbound call is opened by the first that hears from it: the answer to the request that dialled it, its voice
//! webhook, or a status callback. All of them do the same, and it happens once.

use std::time::Duration;

use domain::own_account::Signer;
use domain::{Call, CallPlan, CallSid, DialId, Timestamp};
use platform::telemetry::{self, Unit};
use serde::Deserialize;
use stores::StoreError;
use stores::calls::{OpenCall, Opened, Writer};
use stores::capacity::{SlotRequest, WhichSlots};
use stores::dial_limits::DialLimits;
use stores::dials::{Dial, Dials, Linked};

use crate::edge::inbox::Jobs;
use crate::edge::parts::{Needs, Opener, Part, parts};
use crate::jobs::EndpointJob;
use crate::shared::telling::tell_endpoints;

/// From the answer to the request until the call is answered, and Twilio may have kept the call in its queue
/// before. A plan that is claimed later is made anew by `after-stream`.
const PLAN_TTL: Duration = Duration::from_secs(60 * 60);

/// The query of every address that Twilio is given for an outbound call. It is signed with the address.
#[derive(Deserialize)]
pub(super) struct DialQuery {
    pub(super) dial: Option<DialId>,
}

parts! {
    /// The orders to call and the calls that came of them.
    pub(super) struct OrderedCalls {
        pub(super) dials: Dials,
        pub(super) calls: Writer,
        endpoints: Jobs<EndpointJob>,
    }
}

/// What became of opening a call.
pub(super) enum Opening {
    /// It is the order's call.
    Open(Box<Call>),
    /// The order has another call. A telephone rings for nothing.
    Twin,
    /// It was not ordered, or longer ago than orders are kept.
    Unknown,
}

/// What limits orders lies beside them.
impl Part for DialLimits {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let leases = needs.table("TABLE_LEASES");
        Box::new(move |deployment| Ok(Self::new(&deployment.aws, &leases)))
    }
}

/// Orders lie beside the calls that they lead to.
impl Part for Dials {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let leases = needs.table("TABLE_LEASES");
        Box::new(move |deployment| Ok(Self::new(&deployment.aws, &leases)))
    }
}

impl OrderedCalls {
    /// Opens a call that a webhook of `signer` speaks of. An order of another account is unknown to it.
    pub(super) async fn open_for(
        &self,
        signer: &Signer,
        id: &DialId,
        sid: &CallSid,
        now: Timestamp,
    ) -> Result<Opening, StoreError> {
        let order = self.dials.get(id).await?.map(|dial| dial.order);
        match order {
            Some(order) if signer.speaks_for(&order.account, &order.business) => {
                self.open(id, sid, now).await
            }
            Some(_) => {
                tracing::error!(call = %sid, by = %signer.account, "a webhook about an order of another account");
                Ok(Opening::Unknown)
            }
            None => Ok(Opening::Unknown),
        }
    }

    pub(super) async fn open(
        &self,
        id: &DialId,
        sid: &CallSid,
        now: Timestamp,
    ) -> Result<Opening, StoreError> {
        let dial = match self.dials.link(id, sid).await? {
            Linked::This(dial) => *dial,
            Linked::Another => {
                tracing::error!(call = %sid, "an order to call was dialled twice");
                telemetry::metric("CallsDialledTwice", 1.0, Unit::Count, &[]);
                return Ok(Opening::Twin);
            }
            Linked::Unknown => return Ok(Opening::Unknown),
        };
        let mut request = open_call(&dial, sid, now);
        let opened = match self.calls.open(&request).await? {
            Opened::AtCapacity(_) => {
                // Its slot lapsed and went to another call. This one is under way all the same.
                request.slots = None;
                self.calls.open(&request).await?
            }
            opened => opened,
        };
        Ok(Opening::Open(Box::new(match opened {
            Opened::Existing(call) => call,
            Opened::New { .. } | Opened::AtCapacity(_) => {
                tracing::info!(call = %sid, business = %request.call.business, "outbound call opened");
                tell_endpoints(&self.endpoints, &request.call.business).await;
                request.call
            }
        })))
    }
}

fn open_call(dial: &Dial, sid: &CallSid, now: Timestamp) -> OpenCall {
    let order = &dial.order;
    let slots = dial.slots.as_ref().map(|reserved| SlotRequest {
        business: order.business.clone(),
        which: WhichSlots::Reserved(reserved.clone()),
        ttl: order.slot_ttl,
    });
    OpenCall {
        call: Call { contact: dial.plan.contact, ..order.call(sid.clone()) },
        plan: Some(CallPlan { call: sid.clone(), minted_at: now, ..dial.plan.clone() }),
        token_ttl: PLAN_TTL,
        slots,
        name: None,
        reserved: dial.reserved.clone(),
        now,
    }
}
