//! Many items by their keys.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;

use crate::StoreError;
use crate::item::{Attributes, Row};
use crate::table::Table;
use platform::backoff::{THROTTLING, Tries};

/// DynamoDB's limit on one BatchGetItem.
pub(crate) const BATCH_GET_ITEMS: usize = 100;

/// Those items of at most [`BATCH_GET_ITEMS`] keys that are there, in no order. Strongly consistent.
pub(crate) async fn batch_get(table: &Table, mut keys: Vec<Attributes>) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    let mut tries = Tries::with(THROTTLING);
    while tries.next().await {
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        // Building fails only without keys; an empty list ends the loop below.
        let wanted = HashMap::from_iter(wanted.ok().map(|w| (table.name.to_string(), w)));
        let request = table.client.batch_get_item().set_request_items(Some(wanted));
        let mut output = request.send().await.map_err(|e| table.error(&e))?;
        let found = output.responses.as_mut().and_then(|tables| tables.remove(&*table.name));
        rows.extend(found.unwrap_or_default().into_iter().map(|item| table.row(item)));
        let left = output.unprocessed_keys.as_mut().and_then(|tables| tables.remove(&*table.name));
        keys = left.map(|left| left.keys).unwrap_or_default();
        if keys.is_empty() {
            return Ok(rows);
        }
    }
    Err(StoreError::Throttled { table: table.name.to_string() })
}
