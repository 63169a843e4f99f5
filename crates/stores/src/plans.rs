//! Whose a call is: one row of Leases per call, with the epoch that has it and, until a stream claims it, the
//! epoch's plan.
//!
//! | pk | what |
//! |---|---|
//! | `session#<call>` | `epoch`, which only grows; `body`, the plan until it is claimed; `claimed`, the plan that `claimant` has; `carrier`, the address at which its process is reached; `ending`, once a hang-up was decided |
//!
//! The row is the fence between a session and the one that follows it. Beginning an epoch replaces the row, in the
//! transaction that moves the call's own epoch; whatever a session does to the world is conditional on the row still
//! being its own, so a session that was slow instead of dead is refused.

mod erase;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use domain::{CallPlan, CallSid, Epoch, Timestamp};

use crate::StoreError;
use crate::item::{Draft, LEASE_UNTIL, Row, number, text, to_json};
use crate::random;
use crate::table::{ABSENT, Key, Table, WriteOutcome};
use platform::Aws;
use platform::telemetry::{Unit, metric};

pub use erase::{Eraser, OTHERS_KEPT};

/// What the keys of these rows begin with.
pub const KEYS: &str = "session#";

/// How long the fence stands: no call lasts a day (Twilio, "TimeLimit"), and its last words may be late by an hour.
const FENCED_FOR: Duration = Duration::from_secs(25 * 60 * 60);

const BODY: &str = "body";
const CLAIMED: &str = "claimed";
const CLAIMANT: &str = "claimant";
const CARRIER: &str = "carrier";
const ENDING: &str = "ending";
const EPOCH: &str = "epoch";

/// A later session has the call.
pub(crate) const SUPERSEDED: &str = "a later session has the call";

/// Held by the bridge.
#[derive(Debug, Clone)]
pub struct Plans {
    leases: Table,
    /// Where this process is reached by the others.
    address: Arc<OnceLock<SocketAddr>>,
}

impl Plans {
    /// `table` is the name of Leases.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { leases: Table::new(aws, table), address: Arc::default() }
    }

    /// From now on a claim says that this process carries the call.
    pub fn reached_at(&self, address: SocketAddr) {
        // The first address stands: a process has one.
        let _ = self.address.set(address);
    }

    /// Takes the plan of a call's epoch: authorisation, single use and configuration in one conditional
    /// update. `None`: the epoch has no plan, it was claimed before, or its time is over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(
        &self,
        call: &CallSid,
        epoch: Epoch,
        now: Timestamp,
    ) -> Result<Option<CallPlan>, StoreError> {
        // The plan stays beside the name of its claimant: a claim whose answer was lost is repeated by the SDK, and must
        // find its own plan instead of another's claim.
        let claimant = random::id(&self.leases.name)?;
        let (change, carrier) = match self.address.get() {
            Some(address) => {
                ("SET claimed = body, claimant = :claimant, carrier = :carrier REMOVE body", Some(address))
            }
            None => ("SET claimed = body, claimant = :claimant REMOVE body, carrier", None),
        };
        let mut request = self
            .update(call, epoch)
            .update_expression(change)
            .condition_expression("epoch = :epoch AND attribute_exists(body) AND lease_until > :now")
            .expression_attribute_values(":now", number(now.0))
            .expression_attribute_values(":claimant", text(&claimant))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if let Some(address) = carrier {
            request = request.expression_attribute_values(":carrier", text(address.to_string()));
        }
        match self.leases.outcome(request.send().await)? {
            WriteOutcome::Done(before) => {
                self.leases.row(before.attributes.unwrap_or_default()).json(BODY).map(Some)
            }
            WriteOutcome::Refused(Some(standing))
                if standing.optional_text(CLAIMANT)? == Some(claimant.as_str()) =>
            {
                standing.json(CLAIMED).map(Some)
            }
            WriteOutcome::Refused(_) => Ok(None),
        }
    }

    /// Records that the session of `epoch` ends the call: from here on no later one can begin. `false` when one
    /// has begun, and the call is not this session's to end. Asking again is safe.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end(&self, call: &CallSid, epoch: Epoch) -> Result<bool, StoreError> {
        let request = self
            .update(call, epoch)
            .update_expression("SET ending = :epoch REMOVE claimed, claimant")
            .condition_expression("epoch = :epoch");
        let ours = matches!(self.leases.outcome(request.send().await)?, WriteOutcome::Done(_));
        if !ours {
            fenced("hang_up");
        }
        Ok(ours)
    }

    /// Whether no later epoch has the call at this moment. For effects outside the store, where no condition can go
    /// with them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_current(&self, call: &CallSid, epoch: Epoch) -> Result<bool, StoreError> {
        let Some(row) = self.leases.get(&key(call)).await? else { return Ok(true) };
        let current = row.number::<u32>(EPOCH)? <= epoch.0;
        if !current {
            fenced("tool");
        }
        Ok(current)
    }

    /// The address of the process that carries the call, or that carried it last. `None`: no process has claimed it, or the
    /// one that has it is not reached by others.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn carrier(&self, call: &CallSid) -> Result<Option<SocketAddr>, StoreError> {
        let Some(row) = self.leases.get(&key(call)).await? else { return Ok(None) };
        let address = row.optional_text(CARRIER)?;
        address.map(|address| address.parse().map_err(|_| row.corrupt(CARRIER))).transpose()
    }

    fn update(&self, call: &CallSid, epoch: Epoch) -> UpdateItemFluentBuilder {
        self.leases
            .client
            .update_item()
            .table_name(&*self.leases.name)
            .set_key(Some(key(call).attributes()))
            .expression_attribute_values(":epoch", number(epoch))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None)
    }
}

fn key(call: &CallSid) -> Key {
    Key::single(format!("{KEYS}{call}"))
}

/// A condition of a transaction: no later epoch than this one has the call. A call without a row has no later one.
pub(crate) fn fence_action(leases: &Table, call: &CallSid, epoch: Epoch) -> TransactWriteItem {
    leases.check_action(&key(call), |check| {
        check
            .condition_expression("attribute_not_exists(pk) OR epoch <= :epoch")
            .expression_attribute_values(":epoch", number(epoch))
    })
}

/// Counts an effect that was refused to a session because a later one has its call.
pub(crate) fn fenced(effect: &'static str) {
    metric("SessionsFenced", 1.0, Unit::Count, &[("Effect", effect)]);
}

/// How a call's row stands before its next epoch begins.
pub(crate) struct Standing {
    /// An unclaimed plan, though its time may be over.
    pub(crate) unclaimed: Option<CallPlan>,
    condition: &'static str,
    epoch: Epoch,
}

impl Standing {
    /// As `epoch` left it.
    pub(crate) async fn read(leases: &Table, call: &CallSid, epoch: Epoch) -> Result<Self, StoreError> {
        let Some(row) = leases.get(&key(call)).await? else {
            return Ok(Self { unclaimed: None, condition: ABSENT, epoch });
        };
        let unclaimed = match row.optional_text(BODY)? {
            Some(_) if row.number::<u32>(EPOCH)? == epoch.0 => Some(row.json(BODY)?),
            Some(_) | None => None,
        };
        let condition = match unclaimed {
            Some(_) => "epoch = :lost AND attribute_exists(body)",
            None => "epoch = :lost AND attribute_not_exists(body) AND attribute_not_exists(ending)",
        };
        Ok(Self { unclaimed, condition, epoch })
    }

    /// Puts the plan of the next epoch in its place, unless it has changed since.
    pub(crate) fn replace(
        &self,
        leases: &Table,
        plan: &CallPlan,
        until: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let item = key(&plan.call).item(draft(leases, plan, until)?);
        Ok(leases.put_action(item, |put| {
            let put = put.condition_expression(self.condition);
            // A value that no expression names is an error.
            if self.condition == ABSENT {
                put
            } else {
                put.expression_attribute_values(":lost", number(self.epoch))
            }
        }))
    }
}

/// Takes away an unclaimed plan, so that no session begins any more. Without one nothing happens.
pub(crate) async fn withdraw(leases: &Table, call: &CallSid) -> Result<(), StoreError> {
    let request = leases
        .client
        .update_item()
        .table_name(&*leases.name)
        .set_key(Some(key(call).attributes()))
        .update_expression("REMOVE body")
        .condition_expression("attribute_exists(body)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None);
    leases.outcome(request.send().await).map(drop)
}

/// The plan that a call was carried with in `epoch`, claimed or not; `None` once its session ended the call, or when
/// its row is gone.
pub(crate) async fn carried(
    leases: &Table,
    call: &CallSid,
    epoch: Epoch,
) -> Result<Option<CallPlan>, StoreError> {
    let Some(row) = leases.get(&key(call)).await? else { return Ok(None) };
    if row.number::<u32>(EPOCH)? != epoch.0 {
        return Ok(None);
    }
    for place in [CLAIMED, BODY] {
        if row.optional_text(place)?.is_some() {
            return row.json(place).map(Some);
        }
    }
    Ok(None)
}

/// How the stream of an epoch stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stream {
    /// No session has the plan. It may be claimed until then.
    Awaited {
        /// When the plan can no longer be claimed.
        until: Timestamp,
    },
    /// A session has the plan, or had it.
    Claimed(Box<CallPlan>),
    /// The session has decided to end the call.
    Ending,
}

/// How the stream of `epoch` stands; `None` when another epoch has the call, or the row is gone.
pub(crate) async fn stream(
    leases: &Table,
    call: &CallSid,
    epoch: Epoch,
) -> Result<Option<Stream>, StoreError> {
    let Some(row) = leases.get(&key(call)).await? else { return Ok(None) };
    if row.number::<u32>(EPOCH)? != epoch.0 {
        return Ok(None);
    }
    if is_ending(&row)? {
        return Ok(Some(Stream::Ending));
    }
    if row.optional_text(BODY)?.is_some() {
        return Ok(Some(Stream::Awaited { until: row.time(LEASE_UNTIL)? }));
    }
    match row.optional_text(CLAIMED)? {
        Some(_) => row.json(CLAIMED).map(|plan| Some(Stream::Claimed(Box::new(plan)))),
        None => Ok(None),
    }
}

/// Whether a hang-up was decided.
pub(crate) fn is_ending(row: &Row) -> Result<bool, StoreError> {
    Ok(row.optional_number::<u32>(ENDING)?.is_some())
}

/// The put of a call's first plan, as part of the transaction that opens the call.
pub(crate) fn put_action(
    leases: &Table,
    plan: &CallPlan,
    until: Timestamp,
) -> Result<TransactWriteItem, StoreError> {
    Ok(leases.put_action(key(&plan.call).item(draft(leases, plan, until)?), |put| put))
}

fn draft(leases: &Table, plan: &CallPlan, until: Timestamp) -> Result<Draft, StoreError> {
    Ok(Draft::default()
        .number(EPOCH, plan.epoch)
        .text(BODY, to_json(&leases.name, BODY, plan)?)
        .time(LEASE_UNTIL, until)
        .expires(until.plus(FENCED_FOR)))
}
