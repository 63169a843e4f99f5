//! Callbacks that overtake the webhook which opens their call.
//!
//! They are kept as events, and counted in one item. Opening a call requires that this count is what the
//! opener has seen, so no event can slip in between reading the events and opening the call.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::CallSid;

use crate::StoreError;
use crate::item::number;
use crate::table::{ABSENT, Key, Table};

use super::row::partition;

const SEEN: &str = "early";

fn key(call: &CallSid) -> Key {
    Key::new(partition(call), "early")
}

/// How many events came before the call; `None` when none did.
pub(super) async fn count(calls: &Table, call: &CallSid) -> Result<Option<u64>, StoreError> {
    calls.get(&key(call)).await?.map(|row| row.number(SEEN)).transpose()
}

/// Counts one event more, in the transaction that keeps it.
pub(super) fn add(calls: &Table, call: &CallSid) -> TransactWriteItem {
    let update = Update::builder()
        .table_name(&*calls.name)
        .set_key(Some(key(call).attributes()))
        .update_expression("ADD early :one")
        .expression_attribute_values(":one", number(1));
    // Building fails only without table, key or expression; all are given.
    TransactWriteItem::builder().set_update(update.build().ok()).build()
}

/// Requires that no event came since `seen` was read.
pub(super) fn unchanged(calls: &Table, call: &CallSid, seen: Option<u64>) -> TransactWriteItem {
    calls.check_action(&key(call), |check| match seen {
        None => check.condition_expression(ABSENT),
        Some(seen) => {
            check.condition_expression("early = :seen").expression_attribute_values(":seen", number(seen))
        }
    })
}
