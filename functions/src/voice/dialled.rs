//! An outbound call is opened by whoever hears from it first: the answer to the request that dialled it, its voice
//! webhook, or a status callback. All of them do the same, and it happens once.

use std::time::Duration;

use domain::{Call, CallPlan, CallSid, DialId, Timestamp};
use platform::aws::Aws;
use platform::telemetry::{self, Unit};
use serde::Deserialize;
use stores::StoreError;
use stores::calls::{OpenCall, Opened, Writer};
use stores::capacity::{SlotRequest, WhichSlots};
use stores::dials::{Dial, Dials, Linked};

/// From the answer to the request until somebody has picked up, and Twilio may have kept the call in its queue
/// before. A plan that is claimed later is made anew by `after-stream`.
const PLAN_TTL: Duration = Duration::from_secs(60 * 60);

/// The query of every address that Twilio is given for an outbound call. It is signed with the address.
#[derive(Deserialize)]
pub(crate) struct DialQuery {
    pub(crate) dial: Option<DialId>,
}

pub(crate) struct Dialled {
    pub(crate) dials: Dials,
    pub(crate) calls: Writer,
}

/// What became of opening a call.
pub(crate) enum Opening {
    /// It is the order's call.
    Open(Box<Call>),
    /// The order has another call. Somebody's telephone rings for nothing.
    Twin,
    /// Nobody ordered it, or longer ago than orders are kept.
    Unknown,
}

impl Dialled {
    pub(crate) fn new(aws: &Aws, calls: &str, leases: &str) -> Self {
        Self { dials: Dials::new(aws, leases), calls: Writer::new(aws, calls, leases) }
    }

    pub(crate) async fn open(
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
                // Its line lapsed and went to somebody else. The call is under way all the same.
                request.slots = None;
                self.calls.open(&request).await?
            }
            opened => opened,
        };
        Ok(Opening::Open(Box::new(match opened {
            Opened::Existing(call) => call,
            Opened::New { .. } | Opened::AtCapacity(_) => {
                tracing::info!(call = %sid, business = %request.call.business, "outbound call opened");
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
        call: order.call(sid.clone()),
        plan: Some(CallPlan { call: sid.clone(), minted_at: now, ..dial.plan.clone() }),
        token_ttl: PLAN_TTL,
        slots,
        now,
    }
}

/// An order's id in an address of ours.
pub(crate) fn address(path: &str, id: &DialId) -> String {
    format!("{path}?dial={id}")
}
