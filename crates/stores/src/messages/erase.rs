//! Deleting what callers left, and people who wrote, with the marks on it and out of the counts.

use std::collections::BTreeSet;

use domain::texts::ThreadId;
use domain::{BusinessId, Call};
use platform::Aws;

use super::theirs::{rows_of_call, rows_of_threads};
use super::{DONE_KEYS, LEFT_KEYS, counts, id_of, item_key, kind_of};
use crate::StoreError;
use crate::item::Row;
use crate::random;
use crate::table::Table;
use crate::transaction::{Transacted, transact};

/// Held by what erases persons.
#[derive(Debug, Clone)]
pub struct Eraser {
    messages: Table,
}

impl Eraser {
    /// `table` is the name of Messages.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { messages: Table::new(aws, table) }
    }

    /// Deletes what was left in a call, and says how much that was.
    ///
    /// # Errors
    /// [`StoreError`]; deleting again deletes what is left.
    pub async fn forget(&self, call: &Call) -> Result<u64, StoreError> {
        let mut count = 0;
        for row in rows_of_call(&self.messages, call).await? {
            if self.take_out(&call.business, &row).await? {
                count += 1;
            }
        }
        Ok(count)
    }

    /// Deletes what was left in these threads, and says how much that was.
    ///
    /// # Errors
    /// [`StoreError`]; deleting again deletes what is left.
    pub async fn forget_written(
        &self,
        business: &BusinessId,
        threads: &BTreeSet<ThreadId>,
    ) -> Result<u64, StoreError> {
        let mut count = 0;
        for row in rows_of_threads(&self.messages, business, threads).await? {
            if self.take_out(business, &row).await? {
                count += 1;
            }
        }
        Ok(count)
    }

    /// Deletes one thing with its mark. `false`: it was gone.
    async fn take_out(&self, business: &BusinessId, row: &Row) -> Result<bool, StoreError> {
        let table = &self.messages;
        let (id, kind) = (id_of(row)?, kind_of(row)?);
        let there = "attribute_exists(pk)";
        for side in [DONE_KEYS, LEFT_KEYS] {
            let key = item_key(side, business, id);
            if side == DONE_KEYS && table.get(&key).await?.is_none() {
                continue;
            }
            let mut actions = vec![table.delete_action(&key, |delete| delete.condition_expression(there))];
            actions.extend(counts(table, side, business, (id, kind), -1));
            let done = transact(table, &actions, &random::id(&table.name)?).await?;
            if side == LEFT_KEYS {
                return Ok(matches!(done, Transacted::Done));
            }
        }
        Ok(false)
    }
}
