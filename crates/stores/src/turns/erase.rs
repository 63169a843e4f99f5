//! Deleting what was said. The reports of sessions stay: they hold figures and no words.

use domain::CallSid;
use platform::Aws;

use super::{CALL_BACK, MESSAGE, TURN, partition};
use crate::StoreError;
use crate::table::Table;

/// Held by what erases persons.
#[derive(Debug, Clone)]
pub struct Eraser {
    turns: Table,
}

impl Eraser {
    /// `table` is the name of Turns.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { turns: Table::new(aws, table) }
    }

    /// Deletes the turns of a call, the messages that were left in it and what was promised in it, and says how many rows that were.
    ///
    /// # Errors
    /// [`StoreError`]; deleting again deletes what is left.
    pub async fn forget(&self, call: &CallSid) -> Result<u64, StoreError> {
        let pk = partition(call);
        let mut count = 0;
        for kind in [TURN, MESSAGE, CALL_BACK] {
            count += self.turns.delete_all(&pk, kind).await?;
        }
        Ok(count)
    }
}
