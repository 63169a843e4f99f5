//! Unsettled calls: from the opening until the end has been followed up.
//!
//! The mark is written in the transaction that opens the call and taken away once its end has been followed up, so
//! a crash between any two steps leaves it in place.

use aws_sdk_dynamodb::types::{ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use domain::{Call, CallSid, CallStatus, Timestamp};

use crate::dial_limits::{self, DayReservation};
use crate::digest::spread;
use crate::item::{number, text};
use crate::table::Table;
use crate::transaction::transact;
use crate::{StoreError, random};

use super::Writer;
use super::row::{self, call_key};

/// Attribute and index.
pub(super) const UNSETTLED: &str = "unsettled";

/// The keys of the index that calls are spread over: one alone would be one partition, with its limit of 1,000
/// writes a second, for all calls of all businesses.
pub const UNSETTLED_SHARDS: u8 = 8;

/// The value of the mark.
pub(super) fn shard(call: &CallSid) -> String {
    (spread(call.as_str().as_bytes()) % u64::from(UNSETTLED_SHARDS)).to_string()
}

pub(super) async fn settle(calls: &Table, call: &CallSid) -> Result<(), StoreError> {
    let request = calls
        .client
        .update_item()
        .table_name(&*calls.name)
        .set_key(Some(call_key(call).attributes()))
        .update_expression("REMOVE unsettled ADD version :one")
        .condition_expression("attribute_exists(unsettled) AND status_rank = :over")
        .expression_attribute_values(":one", number(1))
        .expression_attribute_values(":over", number(CallStatus::Completed.rank()))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None);
    calls.outcome(request.send().await).map(drop)
}

/// Counts a call that is over with what it came to on its day, in place of the most. Once: the note goes in the same
/// transaction.
pub(super) async fn settle_day(
    writer: &Writer,
    call: &Call,
    reserved: &DayReservation,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Writer { calls, leases, .. } = writer;
    let minutes = call.lasted().as_millis().div_ceil(60_000);
    let spent = reserved.most.lasting(u64::try_from(minutes).unwrap_or(u64::MAX));
    let forget = Update::builder()
        .table_name(&*calls.name)
        .set_key(Some(call_key(&call.sid).attributes()))
        .update_expression(format!("{} ADD version :one", DayReservation::forgotten()))
        .condition_expression("attribute_exists(#day) AND status_rank = :over")
        .expression_attribute_names("#day", DayReservation::mark())
        .expression_attribute_values(":one", number(1))
        .expression_attribute_values(":over", number(CallStatus::Completed.rank()));
    // Building fails only without table, key or expression; all are given.
    let forget = TransactWriteItem::builder().set_update(forget.build().ok()).build();
    let settled = dial_limits::settle_action(leases, &call.business, reserved, spent, now);
    // Refused: it was settled before.
    transact(calls, &[settled, forget], &random::id(&calls.name)?).await.map(drop)
}

/// Calls of a shard that were opened before `before` and are unsettled, the oldest first.
pub(super) async fn unsettled(
    calls: &Table,
    shard: u8,
    before: Timestamp,
    limit: u16,
) -> Result<Vec<Call>, StoreError> {
    let page = calls
        .client
        .query()
        .table_name(&*calls.name)
        .index_name(UNSETTLED)
        .key_condition_expression("unsettled = :shard AND opened_at < :before")
        .expression_attribute_values(":shard", text(shard.to_string()))
        .expression_attribute_values(":before", number(before.0))
        .limit(i32::from(limit))
        .send()
        .await
        .map_err(|e| calls.error(&e))?;
    page.items.unwrap_or_default().into_iter().map(|item| row::call(&calls.row(item))).collect()
}
