//! Resuming a call: its next epoch and the plan for it, in one transaction.
//!
//! The epoch on the call's row is the fence. It moves from n to n + 1 once, for as long as the call lives, and
//! the same transaction replaces the row of its session, and with it what is left of epoch n: from then on no stream
//! can begin in it, and a session that is still at it does nothing to the world any more.

use aws_sdk_dynamodb::types::{ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use domain::{CallPlan, CallStatus, Epoch};

use crate::StoreError;
use crate::item::{Attributes, number};
use crate::plans;
use crate::random;
use crate::table::Table;
use crate::transaction::{Action, Transacted, transact};
use platform::backoff::{CONTENTION, Tries};

use super::row::{EPOCH, call_key};
use super::{ResumeCall, Resumed, Writer};

/// The places in the transaction of the call and of its session's row.
const CALL: usize = 0;
const SESSION: usize = 1;

pub(super) async fn resume(writer: &Writer, request: &ResumeCall) -> Result<Resumed, StoreError> {
    let Writer { calls, leases, .. } = writer;
    let mut plan = request.plan.clone();
    let lost = Epoch(plan.epoch.0.saturating_sub(1));
    // Copies of one webhook are alike; their transactions must not be taken for one repeated.
    let copy = random::id(&calls.name)?;
    let mut tries = Tries::with(CONTENTION);
    while tries.next().await {
        let standing = plans::Standing::read(leases, &plan.call, lost).await?;
        // If no stream ever began in the lost epoch, the greeting is still owed.
        let greeting = standing.unclaimed.as_ref().map_or(&request.plan.greeting, |plan| &plan.greeting);
        plan.greeting.clone_from(greeting);
        let begin = standing.replace(leases, &plan, request.now.plus(request.token_ttl))?;
        let actions = [advance(calls, &plan, lost), begin];
        let mut refused =
            match transact(calls, &actions, &format!("resume#{copy}#{}", tries.number())).await? {
                Transacted::Done => return Ok(Resumed::Minted),
                Transacted::Refused(refused) => refused,
            };
        if let Some(Action::Refused(row)) = refused.get_mut(CALL) {
            return outcome(calls, row.take(), plan.epoch);
        }
        if let Some(Action::Refused(Some(row))) = refused.get_mut(SESSION)
            && plans::is_ending(&leases.row(std::mem::take(row)))?
        {
            return Ok(Resumed::NotLive);
        }
        // The lost epoch's plan was claimed since it was read: what it owed may have been said.
    }
    Err(StoreError::Contended { table: calls.name.to_string() })
}

/// Moves the call's epoch on, if the call lives and its epoch is still the lost one.
fn advance(calls: &Table, plan: &CallPlan, lost: Epoch) -> TransactWriteItem {
    let update = Update::builder()
        .table_name(&*calls.name)
        .set_key(Some(call_key(&plan.call).attributes()))
        .update_expression("SET epoch = :next ADD version :one")
        .condition_expression("epoch = :lost AND status_rank < :over")
        .expression_attribute_values(":next", number(plan.epoch))
        .expression_attribute_values(":one", number(1))
        .expression_attribute_values(":lost", number(lost))
        .expression_attribute_values(":over", number(CallStatus::Completed.rank()))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    // Building fails only without table, key or expression; all are given.
    TransactWriteItem::builder().set_update(update.build().ok()).build()
}

fn outcome(calls: &Table, standing: Option<Attributes>, wanted: Epoch) -> Result<Resumed, StoreError> {
    let Some(row) = standing.map(|attributes| calls.row(attributes)) else { return Ok(Resumed::NotLive) };
    Ok(if row.number::<u32>(EPOCH)? >= wanted.0 { Resumed::Already } else { Resumed::NotLive })
}
