//! Opening a call: one transaction over the call, its plan and its slot.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::{KeysAndAttributes, TransactWriteItem};
use domain::{Call, Epoch, Timestamp};

use crate::digest::spread;
use crate::item::{Draft, Row, number, text};
use crate::stores::StoreError;
use crate::stores::plans;
use crate::stores::table::{PK, Table};
use crate::stores::transaction::{Action, Transacted, transact};
use crate::{backoff::Backoff, random};

use super::row::{EPOCH, OPEN_ID, SLOT, VERSION, call_draft, call_key};
use super::settle::{self, UNSETTLED};
use super::{OpenCall, Opened, SlotRequest, Writer, early, events, row, slot_key, slot_pk};

/// The first slot, and others that looked free but went to a rival. Rivals choose at random, so that even for the
/// last slots of a burst each try leaves fewer of them.
pub(super) const MAX_SLOT_TRIES: u64 = 10;
/// How many batches of slots are searched for a free one.
const MAX_SLOT_BATCHES: usize = 10;
/// DynamoDB's limit on one BatchGetItem.
const BATCH_GET_ITEMS: usize = 100;

/// The actions stand in this order, so a refusal is found by its place.
const CALL: usize = 0;
const EARLY_EVENTS: usize = 1;

pub(super) async fn open(writer: &Writer, request: &OpenCall) -> Result<Opened, StoreError> {
    let attempt = Attempt { writer, request, open_id: random::id(&writer.calls.name)? };
    let Some(wanted) = &request.slot else { return attempt.settle(None).await };
    if wanted.limit == 0 {
        return Ok(Opened::AtCapacity);
    }
    if let Some(reserved) = &wanted.reserved {
        return attempt.settle(Some((wanted, reserved.slot))).await;
    }
    let first = first_slot(request.call.sid.as_str(), wanted.limit);
    let mut slot = first;
    for tried in 0..MAX_SLOT_TRIES {
        match attempt.settle(Some((wanted, slot))).await? {
            Opened::AtCapacity => {}
            settled @ (Opened::New { .. } | Opened::Existing(_)) => return Ok(settled),
        }
        match free_slot(&writer.leases, wanted, first, &attempt.salt(tried), request.now).await? {
            Some(free) => slot = free,
            None => break,
        }
    }
    Ok(Opened::AtCapacity)
}

/// Where the search for a slot begins: at different places, so that few calls want the same one.
pub(super) fn first_slot(holder: &str, limit: u16) -> u16 {
    u16::try_from(spread(holder.as_bytes()) % u64::from(limit.max(1))).unwrap_or(0)
}

struct Attempt<'a> {
    writer: &'a Writer,
    request: &'a OpenCall,
    open_id: String,
}

impl Attempt<'_> {
    /// Opens the call with exactly this slot. [`Opened::AtCapacity`] means that the slot is taken.
    async fn settle(&self, slot: Option<(&SlotRequest, u16)>) -> Result<Opened, StoreError> {
        let calls = &self.writer.calls;
        let mut call = self.request.call.clone();
        let mut early = None;
        let backoff = Backoff::CONTENTION;
        for attempt in 0..backoff.attempts {
            // A call that is over already needs neither a plan nor a slot.
            let slot = slot.filter(|_| !call.status.is_terminal());
            let number = slot.map(|(_, number)| number);
            let actions = self.actions(&call, slot, early)?;
            let refused = match self.transact(&actions, number, early).await? {
                Transacted::Done => return Ok(Opened::New { slot: number }),
                Transacted::Refused(refused) => refused,
            };
            if let Some(settled) = self.standing(&refused)? {
                return Ok(settled);
            }
            if !matches!(refused.get(EARLY_EVENTS), Some(Action::Refused(_))) {
                return Ok(Opened::AtCapacity);
            }
            // Callbacks overtook the voice webhook: what they said is part of the call from the start.
            early = early::count(calls, &call.sid).await?;
            for (_, event) in events(calls, &call.sid).await? {
                call.apply(&event);
            }
            backoff.pause(attempt).await;
        }
        Err(StoreError::Contended { table: calls.name.to_string() })
    }

    async fn transact(
        &self,
        actions: &[TransactWriteItem],
        slot: Option<u16>,
        early: Option<u64>,
    ) -> Result<Transacted, StoreError> {
        let identity = format!("open#{}#{}#{slot:?}#{early:?}", self.request.call.sid, self.open_id);
        transact(&self.writer.calls, actions, &identity).await
    }

    /// What the call's own action says: a call that stands is a duplicate's, unless this very request wrote
    /// it and the answer was lost.
    fn standing(&self, refused: &[Action]) -> Result<Option<Opened>, StoreError> {
        let Some(Action::Refused(standing)) = refused.get(CALL) else { return Ok(None) };
        let row = self.writer.calls.row(standing.clone().unwrap_or_default());
        if row.text(OPEN_ID)? == self.open_id {
            return Ok(Some(Opened::New { slot: row.optional_number(SLOT)? }));
        }
        row::call(&row).map(|call| Some(Opened::Existing(call)))
    }

    fn actions(
        &self,
        call: &Call,
        slot: Option<(&SlotRequest, u16)>,
        early: Option<u64>,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let OpenCall { plan, token_ttl, now, .. } = self.request;
        let Writer { calls, leases } = self.writer;
        let draft = call_draft(&calls.name, call)?
            .number(VERSION, 0)
            .number(EPOCH, Epoch::FIRST)
            .text(OPEN_ID, &self.open_id)
            .text(UNSETTLED, settle::shard(&call.sid))
            .optional_number(SLOT, slot.map(|(_, number)| number));
        let mut actions = vec![
            calls.put_new_action(&call_key(&call.sid), draft),
            early::unchanged(calls, &call.sid, early),
        ];
        if let Some(plan) = plan.as_ref().filter(|_| !call.status.is_terminal()) {
            actions.push(plans::put_action(leases, plan, now.plus(*token_ttl))?);
        }
        if let Some((wanted, slot)) = slot {
            actions.push(lease_slot(leases, wanted, slot, call, *now));
        }
        Ok(actions)
    }

    fn salt(&self, tried: u64) -> String {
        format!("{}#{tried}", self.open_id)
    }
}

/// One of the nearest slots from `first` on, round the circle, that can be had at this moment. Which of them
/// depends on `salt`, the call's and its try's own: rivals that look at the same moment part ways.
pub(super) async fn free_slot(
    leases: &Table,
    wanted: &SlotRequest,
    first: u16,
    salt: &str,
    now: Timestamp,
) -> Result<Option<u16>, StoreError> {
    let circle: Vec<u16> = (first..wanted.limit).chain(0..first).collect();
    for batch in circle.chunks(BATCH_GET_ITEMS).take(MAX_SLOT_BATCHES) {
        let keys = batch.iter().map(|slot| slot_key(&wanted.business, *slot).attributes()).collect();
        let mut taken = HashSet::new();
        for row in batch_get(leases, keys).await? {
            if row.time(plans::LEASE_UNTIL)? >= now {
                taken.insert(row.text(PK)?.to_owned());
            }
        }
        let mut free = batch.to_vec();
        free.retain(|slot| !taken.contains(&slot_pk(&wanted.business, *slot)));
        if !free.is_empty() {
            let index = usize::try_from(spread(salt.as_bytes()) % free.len() as u64).unwrap_or(0);
            return Ok(Some(free[index]));
        }
    }
    Ok(None)
}

/// A slot is free when nobody holds it, when its lease is over, or when it is this holder's already, perhaps by
/// the reservation made before the call had a sid.
pub(super) const SLOT_IS_FREE: &str =
    "attribute_not_exists(pk) OR lease_until < :now OR holder = :holder OR holder = :reserved";

pub(super) fn slot_draft(holder: &str, until: Timestamp) -> Draft {
    Draft::default()
        .text("holder", holder)
        .time(plans::LEASE_UNTIL, until)
        .expires(until.plus(plans::TTL_MARGIN))
}

fn lease_slot(
    leases: &Table,
    wanted: &SlotRequest,
    slot: u16,
    call: &Call,
    now: Timestamp,
) -> TransactWriteItem {
    let holder = call.sid.as_str();
    let reserved = wanted.reserved.as_ref().map_or(holder, |reserved| reserved.holder.as_str());
    let draft = slot_draft(holder, now.plus(wanted.ttl));
    leases.put_action(slot_key(&wanted.business, slot).item(draft), |put| {
        put.condition_expression(SLOT_IS_FREE)
            .expression_attribute_values(":now", number(now.0))
            .expression_attribute_values(":holder", text(holder))
            .expression_attribute_values(":reserved", text(reserved))
    })
}

async fn batch_get(table: &Table, mut keys: Vec<crate::item::Attributes>) -> Result<Vec<Row>, StoreError> {
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
