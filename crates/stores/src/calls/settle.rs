//! Unsettled calls: from the opening until the end has been followed up.
//!
//! The mark is written in the transaction that opens the call and taken away once its end has been followed up, so
//! a crash between any two steps leaves it in place.

use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use domain::{Call, CallSid, CallStatus, Timestamp};

use crate::StoreError;
use crate::digest::spread;
use crate::item::{number, text};
use crate::table::Table;

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
