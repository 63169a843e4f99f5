//! Reading calls, strongly consistent by sid. Their lists have a file of their own.

use domain::call::StatusEvent;
use domain::{Call, CallSid, Epoch, Timestamp};

use crate::StoreError;
use crate::table::Table;
use platform::Aws;

use super::row::{EPOCH, call_key};
use super::{row, settle};

/// Held by everything that reads calls and may not write them.
#[derive(Debug, Clone)]
pub struct Reader {
    pub(super) calls: Table,
}

impl Reader {
    /// `table` is the name of Calls.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { calls: Table::new(aws, table) }
    }

    /// # Errors
    /// [`StoreError`].
    pub async fn call(&self, sid: &CallSid) -> Result<Option<Call>, StoreError> {
        self.calls.get(&call_key(sid)).await?.map(|row| row::call(&row)).transpose()
    }

    /// The call, and the epoch of the latest plan that was made for it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn with_epoch(&self, sid: &CallSid) -> Result<Option<(Call, Epoch)>, StoreError> {
        let Some(row) = self.calls.get(&call_key(sid)).await? else { return Ok(None) };
        Ok(Some((row::call(&row)?, Epoch(row.number(EPOCH)?))))
    }

    /// Every recorded event of a call with its key, in the order of the keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn events(&self, sid: &CallSid) -> Result<Vec<(String, StatusEvent)>, StoreError> {
        super::history(&self.calls, sid).await
    }

    /// At most `limit` calls of one of the [`UNSETTLED_SHARDS`](super::UNSETTLED_SHARDS) that were opened before
    /// `before` and whose end has not been followed up, the oldest first. It comes from an index: what is to be
    /// done about a call is decided by a conditional write.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unsettled(&self, shard: u8, before: Timestamp, limit: u16) -> Result<Vec<Call>, StoreError> {
        settle::unsettled(&self.calls, shard, before, limit).await
    }
}
