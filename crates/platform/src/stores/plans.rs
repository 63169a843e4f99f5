//! Plans of calls, in the Leases table: each is claimed once, by whoever may carry the call.

use std::time::Duration;

use aws_sdk_dynamodb::types::{Delete, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use domain::{CallPlan, CallSid, Epoch, Timestamp};

use crate::Aws;
use crate::item::{Draft, number, to_json};
use crate::stores::StoreError;
use crate::stores::table::{Key, Outcome, Table};

/// Until when a row of Leases means anything, milliseconds.
pub(crate) const LEASE_UNTIL: &str = "lease_until";
/// A row outlives its meaning by this before DynamoDB may drop it, so that clocks need not agree.
pub(crate) const TTL_MARGIN: Duration = Duration::from_secs(60 * 60);

const BODY: &str = "body";

/// Held by the bridge.
#[derive(Debug, Clone)]
pub struct Plans {
    leases: Table,
}

impl Plans {
    /// `table` is the name of Leases.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { leases: Table::new(aws, table) }
    }

    /// Takes the plan of a call's epoch: authorisation, single use and configuration in one conditional
    /// delete. `None` when there is none, when it was taken before, or when its time is over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(
        &self,
        call: &CallSid,
        epoch: Epoch,
        now: Timestamp,
    ) -> Result<Option<CallPlan>, StoreError> {
        let request = self
            .leases
            .client
            .delete_item()
            .table_name(&*self.leases.name)
            .set_key(Some(key(call, epoch).attributes()))
            .condition_expression("attribute_exists(pk) AND lease_until > :now")
            .expression_attribute_values(":now", number(now.0))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None);
        match self.leases.settle(request.send().await)? {
            Outcome::Done(deleted) => {
                self.leases.row(deleted.attributes.unwrap_or_default()).json(BODY).map(Some)
            }
            Outcome::Refused(_) => Ok(None),
        }
    }
}

fn key(call: &CallSid, epoch: Epoch) -> Key {
    Key::single(format!("stream#{call}#{epoch}"))
}

/// A plan that nobody has claimed, though its time may be over.
pub(crate) async fn unclaimed(
    leases: &Table,
    call: &CallSid,
    epoch: Epoch,
) -> Result<Option<CallPlan>, StoreError> {
    leases.get(&key(call, epoch)).await?.map(|row| row.json(BODY)).transpose()
}

/// The removal of an unclaimed plan, refused when it was claimed.
pub(crate) fn withdraw_action(leases: &Table, call: &CallSid, epoch: Epoch) -> TransactWriteItem {
    let delete = Delete::builder()
        .table_name(&*leases.name)
        .set_key(Some(key(call, epoch).attributes()))
        .condition_expression("attribute_exists(pk)");
    // Building fails only without table or key; both are given.
    TransactWriteItem::builder().set_delete(delete.build().ok()).build()
}

/// The put of a plan, as part of the transaction that begins its epoch.
pub(crate) fn put_action(
    leases: &Table,
    plan: &CallPlan,
    until: Timestamp,
) -> Result<TransactWriteItem, StoreError> {
    let draft = Draft::default()
        .text(BODY, to_json(&leases.name, BODY, plan)?)
        .time(LEASE_UNTIL, until)
        .expires(until.plus(TTL_MARGIN));
    Ok(leases.put_action(key(&plan.call, plan.epoch).item(draft), |put| put))
}
