//! Calls and their events. Only the voice webhooks write them.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `call#<sid>` | `call` | the call |
//! | `call#<sid>` | `event#<key>` | one provider event, append-only |
//! | `call#<sid>` | `early` | how many events came before the call was opened |
//! | `quarantine#<sid>` | `quarantine` | a call to a number of no business |
//!
//! The index `by_business` (hash `business`, range `opened_at`, all attributes) holds the calls only, since
//! no other row has these attributes. The index `unsettled` (hash `unsettled`, range `opened_at`, all attributes)
//! holds those whose end has not been followed up and, under a key of their own, those to numbers of no business; the
//! index `live` (hash `live`, which is the business, range
//! `opened_at`, all attributes) those that are not over.

mod early;
mod erase;
mod list;
mod of_person;
mod open;
mod quarantine;
mod read;
mod resume;
mod row;
mod settle;
mod status;

use std::collections::BTreeMap;
use std::time::Duration;

use domain::call::StatusEvent;
use domain::ids::AccountSid;
use domain::outbound::SlotCount;
use domain::own_account::Signer;
use domain::{BusinessId, Call, CallPlan, CallSid, DialId, Epoch, Timestamp};

use crate::capacity::{Limits, Pool, ReservedSlots, Search, SlotRequest, Slots};
use crate::dial_limits::DayReservation;
use crate::item::to_json;
use crate::table::{Key, Table};
use crate::{StoreError, capacity, events, plans};
use platform::Aws;

pub use crate::plans::Stream;
pub use erase::{CallToErase, Eraser};
pub use list::{MAX_PAGE, Order, Page, Position, Wanted, WantedStatus};
pub use quarantine::Quarantined;
pub use read::Reader;
pub use settle::UNSETTLED_SHARDS;

/// Everything that opening a call decides at once.
#[derive(Debug, Clone)]
pub struct OpenCall {
    /// The call as its first webhook tells of it.
    pub call: Call,
    /// What the bridge will carry the call with; `None` when it is refused.
    pub plan: Option<CallPlan>,
    /// How long the plan may be claimed.
    pub token_ttl: Duration,
    /// The capacity it takes; `None` when it is refused.
    pub slots: Option<SlotRequest>,
    /// What the person at the other end is called, if that is known: the business is told of the call with it.
    pub name: Option<String>,
    /// What of a day is kept for it, if it is one that its business places.
    pub reserved: Option<DayReservation>,
    /// The time of the request.
    pub now: Timestamp,
}

/// What became of opening a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one of it, for as long as a webhook takes")]
pub enum Opened {
    /// This request opened the call, with these slots. A call that was over before it was opened has none.
    New {
        /// The slots that the call has.
        slots: Option<Slots>,
    },
    /// A duplicate: the call as it stands.
    Existing(Call),
    /// Every slot of this pool is taken. Nothing was written.
    AtCapacity(Pool),
}

/// A call whose stream was lost, and how it goes on.
#[derive(Debug, Clone)]
pub struct ResumeCall {
    /// The plan of the epoch that begins; the epoch before it is the one that was lost. If no stream ever began
    /// in the lost epoch, the greeting is still owed, and is taken over from the unclaimed plan.
    pub plan: CallPlan,
    /// How long the plan may be claimed.
    pub token_ttl: Duration,
    /// The time of the request.
    pub now: Timestamp,
}

/// What became of resuming a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumed {
    /// This request began the epoch.
    Minted,
    /// A copy of it did, and its plan may have been claimed since.
    Already,
    /// The call is over or being hung up, was never opened, or never had the epoch before. Nothing was written.
    NotLive,
}

/// What a status callback did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusOutcome {
    /// The status changed.
    pub moved: bool,
    /// The event was recorded before.
    pub duplicate: bool,
    /// The call afterwards; `None` when it was never opened here.
    pub call: Option<Call>,
}

/// A call to a number that belongs to no business, as Twilio described it.
#[derive(Clone, PartialEq, Eq)]
pub struct UnknownCall {
    /// Twilio's id of the call.
    pub call: CallSid,
    /// The account that the call came to.
    pub account: AccountSid,
    /// `From`, verbatim: an operator needs both numbers to tell what was meant.
    pub from: String,
    /// The number that was called, verbatim.
    pub to: String,
    /// Twilio's `Direction`, verbatim.
    pub twilio_direction: String,
}

impl std::fmt::Debug for UnknownCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnknownCall").field("call", &self.call).finish_non_exhaustive()
    }
}

/// Held by the voice webhooks.
#[derive(Debug, Clone)]
pub struct Writer {
    calls: Table,
    leases: Table,
    events: events::Writer,
}

impl Writer {
    /// `calls`, `leases` and `events` are table names: opening a call writes to all of them in one transaction.
    pub fn new(aws: &Aws, calls: &str, leases: &str, events: &str) -> Self {
        let events = events::Writer::new(aws, events);
        Self { calls: Table::new(aws, calls), leases: Table::new(aws, leases), events }
    }

    /// Opens a call once, however many copies of the webhook there are: the call, its plan and its slots are
    /// written together or not at all.
    ///
    /// # Errors
    /// [`StoreError`]; repeating the request is always safe.
    pub async fn open(&self, request: &OpenCall) -> Result<Opened, StoreError> {
        open::open(self, request).await
    }

    /// Begins the next epoch of a call that lives, once, however many copies of the webhook ask for it: the
    /// call's epoch moves on and the new plan takes the place of what the lost epoch left, together or not at all.
    ///
    /// # Errors
    /// [`StoreError`]; repeating the request is always safe.
    pub async fn resume(&self, request: &ResumeCall) -> Result<Resumed, StoreError> {
        resume::resume(self, request).await
    }

    /// The plan with which `epoch` carries or carried the call: what the next epoch goes on with, to the byte. `None`
    /// when it is not kept any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn carried_plan(&self, call: &CallSid, epoch: Epoch) -> Result<Option<CallPlan>, StoreError> {
        plans::carried(&self.leases, call, epoch).await
    }

    /// How the stream of a call's `epoch` stands. `None` when its plan is not kept any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stream(&self, call: &CallSid, epoch: Epoch) -> Result<Option<Stream>, StoreError> {
        plans::stream(&self.leases, call, epoch).await
    }

    /// Records a status callback under `event_key`, which must be equal for copies of one callback and
    /// different otherwise, and moves the call as [`Call::apply`] says.
    ///
    /// Event and change are one transaction, so a callback that was answered with an error may simply come
    /// again. A callback for a call that is not open yet is kept, and never opens one; it is applied when the call
    /// is opened. `params` are Twilio's, kept as history without what tells who called.
    ///
    /// # Errors
    /// [`StoreError`]; repeating the request is always safe.
    pub async fn record_status(
        &self,
        call: &CallSid,
        event_key: &str,
        event: &StatusEvent,
        params: &BTreeMap<String, String>,
    ) -> Result<StatusOutcome, StoreError> {
        let outcome = status::record(self, call, event_key, event, params, None).await?;
        Ok(outcome.unwrap_or(StatusOutcome { moved: false, duplicate: false, call: None }))
    }

    /// The same for what `by` says. `None`: the call is carried by another account, and nothing was written.
    ///
    /// # Errors
    /// [`StoreError`]; repeating the request is always safe.
    pub async fn record_callback(
        &self,
        call: &CallSid,
        event_key: &str,
        event: &StatusEvent,
        params: &BTreeMap<String, String>,
        by: &Signer,
    ) -> Result<Option<StatusOutcome>, StoreError> {
        status::record(self, call, event_key, event, params, Some(by)).await
    }

    /// Takes slots for a call that is about to be dialled; the pool that has none is the inner error. The reservation
    /// lasts for `ttl`; opening the call makes the slots its own. Asking again for the same holder is safe.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reserve_slots(
        &self,
        business: &BusinessId,
        limits: Limits,
        holder: &DialId,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Result<ReservedSlots, Pool>, StoreError> {
        let salted = (holder.as_str(), holder.as_str());
        match Search::begin(&self.leases, business, limits, salted, now) {
            Ok(search) => capacity::reserve(search, holder, now.plus(ttl)).await,
            Err(pool) => Ok(Err(pool)),
        }
    }

    /// The slots of a pool of so many as they are, for an order that wants one. What the order holds already counts as
    /// free.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_slots(
        &self,
        pool: (Pool, u16),
        business: &BusinessId,
        order: &DialId,
        now: Timestamp,
    ) -> Result<SlotCount, StoreError> {
        Box::pin(capacity::count(&self.leases, pool, business, order, now)).await
    }

    /// Gives back a reservation that no call came of.
    ///
    /// # Errors
    /// [`StoreError`]; the slots then come back when the reservation ends.
    pub async fn release_reservation(
        &self,
        business: &BusinessId,
        reserved: &ReservedSlots,
    ) -> Result<(), StoreError> {
        self.release((business, Pool::of_call(false)), reserved.slots, reserved.holder.as_str()).await
    }

    /// Notes that everything has been asked for that the end of the call leads to. A call that is not over stays
    /// unsettled.
    ///
    /// # Errors
    /// [`StoreError`]; the end is then followed up once more.
    pub async fn settle(&self, call: &CallSid) -> Result<(), StoreError> {
        settle::settle(&self.calls, call).await
    }

    /// Takes back what would let a session begin, once the call is over: its token may still be shown.
    ///
    /// # Errors
    /// [`StoreError`]; the plan then ends when its time is over.
    pub async fn withdraw_plan(&self, call: &CallSid) -> Result<(), StoreError> {
        plans::withdraw(&self.leases, call).await
    }

    /// Gives back what the call, which is over, holds: its slots, and of its day's caps what it did not use. Slots that
    /// another call holds by now stay with it.
    ///
    /// # Errors
    /// [`StoreError`]; giving it back again is safe, and the slots come back when their leases end.
    pub async fn give_back(&self, call: &Call, now: Timestamp) -> Result<(), StoreError> {
        let Some(row) = self.calls.get(&row::call_key(&call.sid)).await? else { return Ok(()) };
        if let Some(reserved) = DayReservation::noted(&row)? {
            settle::settle_day(self, call, &reserved, now).await?;
        }
        let Some(slots) = Slots::noted(&row)? else { return Ok(()) };
        let pools = Pool::of_call(!call.is_twilios());
        self.release((&call.business, pools), slots, call.sid.as_str()).await
    }

    async fn release(
        &self,
        (business, pools): (&BusinessId, [Pool; 2]),
        slots: Slots,
        holder: &str,
    ) -> Result<(), StoreError> {
        let [own, shared] = pools
            .map(|pool| Box::pin(capacity::release(&self.leases, business, pool, slots.of(pool), holder)));
        let (own, shared) = tokio::join!(own, shared);
        own.and(shared)
    }
}

fn event_key(call: &CallSid, key: &str) -> Key {
    Key::new(row::partition(call), format!("{EVENT}{key}"))
}

const EVENT: &str = "event#";

async fn history(calls: &Table, call: &CallSid) -> Result<Vec<(String, StatusEvent)>, StoreError> {
    calls.query(&row::partition(call), EVENT).await?.iter().map(row::event).collect()
}

/// Twilio's parameters without those that tell who called or from where.
fn without_personal_data(table: &str, params: &BTreeMap<String, String>) -> Result<String, StoreError> {
    const PERSONAL: [&str; 7] =
        ["From", "To", "Caller", "Called", "ForwardedFrom", "SipHeader_", "StirPassport"];
    let kept: BTreeMap<_, _> = params
        .iter()
        .filter(|(name, value)| {
            !PERSONAL.iter().any(|personal| name.starts_with(personal))
                && domain::PhoneNumber::parse(value).is_err()
        })
        .collect();
    to_json(table, "params", &kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_of_a_call_does_not_tell_who_called() {
        let params = [
            ("CallStatus", "ringing"),
            ("From", "+43720123456"),
            ("FromCity", "Vienna"),
            ("CalledCountry", "AT"),
            ("SomethingNew", "+43720123456"),
            ("SequenceNumber", "2"),
        ];
        let params = params.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let kept = without_personal_data("calls", &params).unwrap();
        assert_eq!(kept, r#"{"CallStatus":"ringing","SequenceNumber":"2"}"#);
    }
}
