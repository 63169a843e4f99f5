//! Slots: a call that lives holds one of its business's and one of the deployment's, under leases that heal.

use std::collections::HashSet;
use std::time::Duration;

use aws_sdk_dynamodb::types::{ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use domain::outbound::SlotCount;
use domain::{BusinessId, DialId, Timestamp};

use crate::StoreError;
use crate::batch_get::{BATCH_GET_ITEMS, batch_get};
use crate::digest::spread;
use crate::item::{Attributes, Draft, LEASE_UNTIL, Row, number, text};
use crate::random;
use crate::table::{Key, PK, Table};
use crate::transaction::{Action, Transacted, transact};
use strum::IntoStaticStr;

/// What the keys of a business's slots begin with; the business and the slot's number follow, or `test-` and the number of
/// a slot for test calls.
pub const BUSINESS_KEYS: &str = "slot#";
/// What the keys of the deployment's slots begin with; the slot's number follows.
pub const DEPLOYMENT_KEYS: &str = "deployment-slot#";

/// The first slot, and others that looked free but went to a rival. Rivals choose at random, so that even for the
/// last slots of a burst each try leaves fewer of them.
const MAX_TRIES: u64 = 10;
/// How many batches of slots are searched for a free one.
const MAX_BATCHES: usize = 10;

/// On a slot that an outbound call holds.
const OUTBOUND: &str = "outbound";

/// On the call, and on an order that a call is dialled for.
const BUSINESS_SLOT: &str = "slot";
const DEPLOYMENT_SLOT: &str = "deployment_slot";

/// A slot is free when it has no row, when its lease is over, or when it is this holder's already, perhaps by
/// the reservation made before the call had a sid.
const FREE: &str = "attribute_not_exists(pk) OR lease_until < :now OR holder = :holder OR holder = :reserved";

/// The slots that a call takes: one of its business's and one of the deployment's.
#[derive(Debug, Clone)]
pub struct SlotRequest {
    /// The business whose slots are counted.
    pub business: BusinessId,
    /// Free ones, or those that were reserved.
    pub which: WhichSlots,
    /// Slots that are not given back are free again after this long.
    pub ttl: Duration,
}

/// How slots are chosen for a call.
#[derive(Debug, Clone)]
pub enum WhichSlots {
    /// Any that are free.
    Free(Limits),
    /// Any that are free, the business's own from those that it has for test calls: a test takes no caller's place.
    Test(Limits),
    /// Those that [`calls::Writer::reserve_slots`](crate::calls::Writer::reserve_slots) gave for this call, before it had a sid. No others will do.
    Reserved(ReservedSlots),
}

/// Whose calls are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Pool {
    /// The calls of one business.
    Business,
    /// The test calls of one business.
    Tests,
    /// All of them: what the bridge's tasks can carry.
    Deployment,
}

impl Pool {
    /// The label in metrics and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Calls that may live at one time: the slots there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of the business's pool, for calls or for test calls.
    pub business: u16,
    /// Of the deployment's pool.
    pub deployment: u16,
}

/// The numbers of the slots that a call has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// Of the business's pool.
    pub business: u16,
    /// Of the deployment's pool.
    pub deployment: u16,
}

/// Slots that are kept for a call which has no sid yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservedSlots {
    /// The slots that are kept.
    pub slots: Slots,
    /// The order that they are kept for.
    pub holder: DialId,
}

impl Pool {
    /// Of which a call takes a slot each: a test call, or another one.
    pub(crate) const fn of_call(is_test: bool) -> [Self; 2] {
        [if is_test { Self::Tests } else { Self::Business }, Self::Deployment]
    }

    fn pk(self, business: &BusinessId, slot: u16) -> String {
        match self {
            Self::Business => format!("{BUSINESS_KEYS}{business}#{slot}"),
            Self::Tests => format!("{BUSINESS_KEYS}{business}#test-{slot}"),
            Self::Deployment => format!("{DEPLOYMENT_KEYS}{slot}"),
        }
    }

    fn key(self, business: &BusinessId, slot: u16) -> Key {
        Key::single(self.pk(business, slot))
    }
}

impl Limits {
    const fn of(self, pool: Pool) -> u16 {
        match pool {
            Pool::Business | Pool::Tests => self.business,
            Pool::Deployment => self.deployment,
        }
    }

    /// Where the search for slots begins: at different places, so that few calls want the same ones. A pool that has
    /// none at all is the error.
    pub(crate) fn first(self, holder: &str) -> Result<Slots, Pool> {
        let first = |pool| {
            let slot = spread(holder.as_bytes()).checked_rem(u64::from(self.of(pool))).ok_or(pool)?;
            Ok(u16::try_from(slot).unwrap_or(0))
        };
        Ok(Slots { business: first(Pool::Business)?, deployment: first(Pool::Deployment)? })
    }
}

impl Slots {
    pub(crate) const fn of(self, pool: Pool) -> u16 {
        match pool {
            Pool::Business | Pool::Tests => self.business,
            Pool::Deployment => self.deployment,
        }
    }

    pub(crate) const fn set(&mut self, pool: Pool, slot: u16) {
        match pool {
            Pool::Business | Pool::Tests => self.business = slot,
            Pool::Deployment => self.deployment = slot,
        }
    }

    /// As they are noted in a row.
    pub(crate) fn note(slots: Option<Self>, draft: Draft) -> Draft {
        draft
            .optional_number(BUSINESS_SLOT, slots.map(|slots| slots.business))
            .optional_number(DEPLOYMENT_SLOT, slots.map(|slots| slots.deployment))
    }

    /// What [`note`](Self::note) left.
    pub(crate) fn noted(row: &Row) -> Result<Option<Self>, StoreError> {
        let (business, deployment) =
            (row.optional_number(BUSINESS_SLOT)?, row.optional_number(DEPLOYMENT_SLOT)?);
        Ok(business.zip(deployment).map(|(business, deployment)| Self { business, deployment }))
    }
}

/// Who wants a slot, and for how long.
pub(crate) struct Claim<'a> {
    pub(crate) business: &'a BusinessId,
    pub(crate) holder: &'a str,
    /// Who may have reserved it for the holder.
    pub(crate) reserved: &'a str,
    /// The call is, or will be, one that the business places.
    pub(crate) outbound: bool,
    pub(crate) pools: [Pool; 2],
    pub(crate) until: Timestamp,
    pub(crate) now: Timestamp,
}

impl Claim<'_> {
    /// Its leases, as parts of a transaction, in the order of the pools.
    pub(crate) fn actions(&self, leases: &Table, slots: Slots) -> [TransactWriteItem; 2] {
        self.pools.map(|pool| {
            leases.put_action(self.item(pool, slots.of(pool)), |put| {
                put.condition_expression(FREE)
                    .expression_attribute_values(":now", number(self.now.0))
                    .expression_attribute_values(":holder", text(self.holder))
                    .expression_attribute_values(":reserved", text(self.reserved))
            })
        })
    }

    fn item(&self, pool: Pool, slot: u16) -> Attributes {
        let draft = Draft::default().text("holder", self.holder).until(self.until);
        let draft = draft.optional_number(OUTBOUND, self.outbound.then_some(1));
        pool.key(self.business, slot).item(draft)
    }
}

/// Of which of these pools the slots are another's, by what became of [`Claim::actions`].
pub(crate) fn taken(pools: [Pool; 2], refused: &[Action]) -> Vec<Pool> {
    let pools = pools.into_iter().zip(refused);
    pools.filter(|(_, action)| matches!(action, Action::Refused(_))).map(|(pool, _)| pool).collect()
}

/// The slots to try next, for one holder.
pub(crate) struct Search<'a> {
    leases: &'a Table,
    business: &'a BusinessId,
    limits: Limits,
    first: Slots,
    /// The holder's own, so that rivals that look at the same moment part ways.
    salt: &'a str,
    now: Timestamp,
    tried: u64,
    pub(crate) slots: Slots,
}

impl<'a> Search<'a> {
    /// A pool that has no slots at all is the error.
    pub(crate) fn begin(
        leases: &'a Table,
        business: &'a BusinessId,
        limits: Limits,
        (holder, salt): (&str, &'a str),
        now: Timestamp,
    ) -> Result<Self, Pool> {
        let first = limits.first(holder)?;
        Ok(Self { leases, business, limits, first, salt, now, tried: 0, slots: first })
    }

    /// Looks for others in place of the slots that are another's. `Some`: a pool without a free one, or whose
    /// slots went to rivals too often.
    pub(crate) async fn move_on(&mut self, taken: Vec<Pool>) -> Result<Option<Pool>, StoreError> {
        self.tried += 1;
        for pool in taken {
            let free = if self.tried < MAX_TRIES { self.free(pool).await? } else { None };
            match free {
                Some(free) => self.slots.set(pool, free),
                None => return Ok(Some(pool)),
            }
        }
        Ok(None)
    }

    /// One of the nearest slots from the first on, round the circle, that can be had at this moment.
    async fn free(&self, pool: Pool) -> Result<Option<u16>, StoreError> {
        let first = self.first.of(pool);
        let circle: Vec<u16> = (first..self.limits.of(pool)).chain(0..first).collect();
        for batch in circle.chunks(BATCH_GET_ITEMS).take(MAX_BATCHES) {
            let keys = batch.iter().map(|slot| pool.key(self.business, *slot).attributes()).collect();
            let mut taken = HashSet::new();
            for row in batch_get(self.leases, keys).await? {
                if row.time(LEASE_UNTIL)? >= self.now {
                    taken.insert(row.text(PK)?.to_owned());
                }
            }
            let mut free = batch.to_vec();
            free.retain(|slot| !taken.contains(&pool.pk(self.business, *slot)));
            if !free.is_empty() {
                let salt = format!("{}#{}", self.salt, self.tried);
                let index = usize::try_from(spread(salt.as_bytes()) % free.len() as u64).unwrap_or(0);
                return Ok(Some(free[index]));
            }
        }
        Ok(None)
    }
}

/// Slots for a call that has no sid yet: taken before it is dialled, so that no telephone rings for a call without a
/// line. `Err` inside: that pool has none.
pub(crate) async fn reserve(
    mut search: Search<'_>,
    holder: &DialId,
    until: Timestamp,
) -> Result<Result<ReservedSlots, Pool>, StoreError> {
    let (leases, business, now) = (search.leases, search.business, search.now);
    let (holder_id, reserved) = (holder.as_str(), holder.as_str());
    let pools = Pool::of_call(false);
    let claim = Claim { business, holder: holder_id, reserved, outbound: true, pools, until, now };
    loop {
        let identity = random::id(&leases.name)?;
        let refused = match transact(leases, &claim.actions(leases, search.slots), &identity).await? {
            Transacted::Done => return Ok(Ok(ReservedSlots { slots: search.slots, holder: holder.clone() })),
            Transacted::Refused(refused) => refused,
        };
        if let Some(full) = search.move_on(taken(pools, &refused)).await? {
            return Ok(Err(full));
        }
    }
}

/// The slots of a pool as they are at `now`. One that `order` holds counts as free.
pub(crate) async fn count(
    leases: &Table,
    (pool, total): (Pool, u16),
    business: &BusinessId,
    order: &DialId,
    now: Timestamp,
) -> Result<SlotCount, StoreError> {
    let slots: Vec<u16> = (0..total).collect();
    let batches = slots.chunks(BATCH_GET_ITEMS).map(|batch| {
        batch_get(leases, batch.iter().map(|slot| pool.key(business, *slot).attributes()).collect())
    });
    let mut count = SlotCount { total: u32::from(total), in_use: 0, outbound: 0 };
    for row in futures_util::future::try_join_all(batches).await?.into_iter().flatten() {
        if row.time(LEASE_UNTIL)? >= now && row.text("holder")? != order.as_str() {
            count.in_use += 1;
            count.outbound += row.optional_number::<u32>(OUTBOUND)?.unwrap_or(0);
        }
    }
    Ok(count)
}

/// Gives a slot back. One that another holds by now stays with it.
pub(crate) async fn release(
    leases: &Table,
    business: &BusinessId,
    pool: Pool,
    slot: u16,
    holder: &str,
) -> Result<(), StoreError> {
    let request = leases
        .client
        .delete_item()
        .table_name(&*leases.name)
        .set_key(Some(pool.key(business, slot).attributes()))
        .condition_expression("holder = :holder")
        .expression_attribute_values(":holder", text(holder))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None);
    leases.outcome(request.send().await).map(drop)
}
