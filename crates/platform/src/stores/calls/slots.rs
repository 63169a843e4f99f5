//! Slots: a call that lives holds one of its business's and one of the deployment's, under leases that heal.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use domain::{BusinessId, DialId, Timestamp};

use crate::backoff::Backoff;
use crate::digest::spread;
use crate::item::{Attributes, Draft, Row, number, text};
use crate::stores::StoreError;
use crate::stores::plans;
use crate::stores::table::{Key, Outcome, PK, Table};

use super::{Limits, Pool, ReservedSlots, Slots};

/// The first slot, and others that looked free but went to a rival. Rivals choose at random, so that even for the
/// last slots of a burst each try leaves fewer of them.
pub(super) const MAX_TRIES: u64 = 10;
/// How many batches of slots are searched for a free one.
const MAX_BATCHES: usize = 10;
/// DynamoDB's limit on one BatchGetItem.
const BATCH_GET_ITEMS: usize = 100;

/// On the call, and on an order that a call is dialled for.
const BUSINESS_SLOT: &str = "slot";
const DEPLOYMENT_SLOT: &str = "deployment_slot";

/// A slot is free when nobody holds it, when its lease is over, or when it is this holder's already, perhaps by
/// the reservation made before the call had a sid.
const FREE: &str = "attribute_not_exists(pk) OR lease_until < :now OR holder = :holder OR holder = :reserved";

impl Pool {
    pub(super) const ALL: [Self; 2] = [Self::Business, Self::Deployment];

    fn pk(self, business: &BusinessId, slot: u16) -> String {
        match self {
            Self::Business => format!("slot#{business}#{slot}"),
            Self::Deployment => format!("deployment-slot#{slot}"),
        }
    }

    fn key(self, business: &BusinessId, slot: u16) -> Key {
        Key::single(self.pk(business, slot))
    }
}

impl Limits {
    const fn of(self, pool: Pool) -> u16 {
        match pool {
            Pool::Business => self.business,
            Pool::Deployment => self.deployment,
        }
    }

    /// Where the search for slots begins: at different places, so that few calls want the same ones. A pool that has
    /// none at all is the error.
    pub(super) fn first(self, holder: &str) -> Result<Slots, Pool> {
        let first = |pool| {
            let slot = spread(holder.as_bytes()).checked_rem(u64::from(self.of(pool))).ok_or(pool)?;
            Ok(u16::try_from(slot).unwrap_or(0))
        };
        Ok(Slots { business: first(Pool::Business)?, deployment: first(Pool::Deployment)? })
    }
}

impl Slots {
    pub(super) const fn of(self, pool: Pool) -> u16 {
        match pool {
            Pool::Business => self.business,
            Pool::Deployment => self.deployment,
        }
    }

    pub(super) const fn set(&mut self, pool: Pool, slot: u16) {
        match pool {
            Pool::Business => self.business = slot,
            Pool::Deployment => self.deployment = slot,
        }
    }

    /// As they are noted in a row.
    pub(in crate::stores) fn note(slots: Option<Self>, draft: Draft) -> Draft {
        draft
            .optional_number(BUSINESS_SLOT, slots.map(|slots| slots.business))
            .optional_number(DEPLOYMENT_SLOT, slots.map(|slots| slots.deployment))
    }

    /// What [`note`](Self::note) left.
    pub(in crate::stores) fn noted(row: &Row) -> Result<Option<Self>, StoreError> {
        let (business, deployment) =
            (row.optional_number(BUSINESS_SLOT)?, row.optional_number(DEPLOYMENT_SLOT)?);
        Ok(business.zip(deployment).map(|(business, deployment)| Self { business, deployment }))
    }
}

/// Who wants a slot, and for how long.
pub(super) struct Claim<'a> {
    pub(super) business: &'a BusinessId,
    pub(super) holder: &'a str,
    /// Who may have reserved it for the holder.
    pub(super) reserved: &'a str,
    pub(super) until: Timestamp,
    pub(super) now: Timestamp,
}

impl Claim<'_> {
    /// The lease, as part of a transaction.
    pub(super) fn action(&self, leases: &Table, pool: Pool, slot: u16) -> TransactWriteItem {
        leases.put_action(self.item(pool, slot), |put| {
            put.condition_expression(FREE)
                .expression_attribute_values(":now", number(self.now.0))
                .expression_attribute_values(":holder", text(self.holder))
                .expression_attribute_values(":reserved", text(self.reserved))
        })
    }

    /// `false`: another holds it.
    async fn put(&self, leases: &Table, pool: Pool, slot: u16) -> Result<bool, StoreError> {
        let put = leases
            .client
            .put_item()
            .table_name(&*leases.name)
            .set_item(Some(self.item(pool, slot)))
            .condition_expression(FREE)
            .expression_attribute_values(":now", number(self.now.0))
            .expression_attribute_values(":holder", text(self.holder))
            .expression_attribute_values(":reserved", text(self.reserved))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None);
        Ok(matches!(leases.settle(put.send().await)?, Outcome::Done(_)))
    }

    fn item(&self, pool: Pool, slot: u16) -> Attributes {
        let draft = Draft::default()
            .text("holder", self.holder)
            .time(plans::LEASE_UNTIL, self.until)
            .expires(self.until.plus(plans::TTL_MARGIN));
        pool.key(self.business, slot).item(draft)
    }
}

/// Where a free slot is looked for.
pub(super) struct Search<'a> {
    pub(super) leases: &'a Table,
    pub(super) business: &'a BusinessId,
    pub(super) limits: Limits,
    pub(super) first: Slots,
    pub(super) now: Timestamp,
}

impl Search<'_> {
    /// One of the nearest slots from the first on, round the circle, that can be had at this moment. Which of them
    /// depends on `salt`, the call's and its try's own: rivals that look at the same moment part ways.
    pub(super) async fn free(&self, pool: Pool, salt: &str) -> Result<Option<u16>, StoreError> {
        let first = self.first.of(pool);
        let circle: Vec<u16> = (first..self.limits.of(pool)).chain(0..first).collect();
        for batch in circle.chunks(BATCH_GET_ITEMS).take(MAX_BATCHES) {
            let keys = batch.iter().map(|slot| pool.key(self.business, *slot).attributes()).collect();
            let mut taken = HashSet::new();
            for row in batch_get(self.leases, keys).await? {
                if row.time(plans::LEASE_UNTIL)? >= self.now {
                    taken.insert(row.text(PK)?.to_owned());
                }
            }
            let mut free = batch.to_vec();
            free.retain(|slot| !taken.contains(&pool.pk(self.business, *slot)));
            if !free.is_empty() {
                let index = usize::try_from(spread(salt.as_bytes()) % free.len() as u64).unwrap_or(0);
                return Ok(Some(free[index]));
            }
        }
        Ok(None)
    }
}

/// Slots for a call that has no sid yet: taken before it is dialled, so that nobody is called for whom there is no
/// line. `Err` inside: that pool has none.
pub(super) async fn reserve(
    search: &Search<'_>,
    holder: &DialId,
    until: Timestamp,
) -> Result<Result<ReservedSlots, Pool>, StoreError> {
    let claim = Claim {
        business: search.business,
        holder: holder.as_str(),
        reserved: holder.as_str(),
        until,
        now: search.now,
    };
    let mut slots = search.first;
    for pool in Pool::ALL {
        match reserve_one(search, &claim, pool).await? {
            Some(slot) => slots.set(pool, slot),
            None if pool == Pool::Deployment => {
                release(search.leases, search.business, Pool::Business, slots.business, holder.as_str())
                    .await?;
                return Ok(Err(pool));
            }
            None => return Ok(Err(pool)),
        }
    }
    Ok(Ok(ReservedSlots { slots, holder: holder.clone() }))
}

async fn reserve_one(search: &Search<'_>, claim: &Claim<'_>, pool: Pool) -> Result<Option<u16>, StoreError> {
    let mut slot = search.first.of(pool);
    for tried in 0..MAX_TRIES {
        if claim.put(search.leases, pool, slot).await? {
            return Ok(Some(slot));
        }
        match search.free(pool, &format!("{}#{tried}", claim.holder)).await? {
            Some(free) => slot = free,
            None => break,
        }
    }
    Ok(None)
}

/// Gives a slot back. One that another holds by now stays with it.
pub(super) async fn release(
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
    leases.settle(request.send().await).map(drop)
}

async fn batch_get(table: &Table, mut keys: Vec<Attributes>) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    let backoff = Backoff::THROTTLING;
    for attempt in 0..backoff.attempts {
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        // Building fails only without keys; an empty list ends the loop below.
        let wanted = std::collections::HashMap::from_iter(wanted.ok().map(|w| (table.name.to_string(), w)));
        let request = table.client.batch_get_item().set_request_items(Some(wanted));
        let mut output = request.send().await.map_err(|e| table.error(&e))?;
        let found = output.responses.as_mut().and_then(|tables| tables.remove(&*table.name));
        rows.extend(found.unwrap_or_default().into_iter().map(|item| table.row(item)));
        let left = output.unprocessed_keys.as_mut().and_then(|tables| tables.remove(&*table.name));
        keys = left.map(|left| left.keys).unwrap_or_default();
        if keys.is_empty() {
            return Ok(rows);
        }
        backoff.pause(attempt).await;
    }
    Err(StoreError::Throttled { table: table.name.to_string() })
}
