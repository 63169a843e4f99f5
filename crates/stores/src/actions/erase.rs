//! Deleting what was asked of calls that are over: words that the agent was to say among it.

use domain::CallSid;
use platform::Aws;

use super::{ids, key, queue_key};
use crate::StoreError;
use crate::table::Table;

/// Held by what erases persons.
#[derive(Debug, Clone)]
pub struct Eraser {
    leases: Table,
}

impl Eraser {
    /// `table` is the name of Leases.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { leases: Table::new(aws, table) }
    }

    /// Deletes the actions of a call, their list last, and says how many rows that were.
    ///
    /// # Errors
    /// [`StoreError`]; deleting again deletes what is left.
    pub async fn forget(&self, call: &CallSid) -> Result<u64, StoreError> {
        let Some(queue) = self.leases.get(&queue_key(call)).await? else { return Ok(0) };
        let actions = ids(&queue)?.iter().map(|id| key(call, id)).collect();
        let count = self.leases.delete_each(actions).await?;
        Ok(count + u64::from(self.leases.delete(&queue_key(call)).await?))
    }
}
