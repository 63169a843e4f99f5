//! Deleting the plans of calls that are over: they hold what the agent was told of the person.

use std::time::Duration;

use domain::CallSid;
use platform::Aws;

use super::key;
use crate::StoreError;
use crate::table::Table;

/// How long after a call's end rows of Leases may speak of it that cannot be found by the call: its order, requests of tools,
/// parts of its transcript. The store drops them then by itself.
pub const OTHERS_KEPT: Duration = Duration::from_secs(50 * 60 * 60);

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

    /// Deletes the plan of a call that is over. A session that still believes to have the call finds its fence gone, and is
    /// refused. `false`: there was none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget(&self, call: &CallSid) -> Result<bool, StoreError> {
        self.leases.delete(&key(call)).await
    }
}
