//! Whether a table can be read.

use crate::StoreError;
use crate::table::{Key, Table};
use platform::Aws;

/// One table, and the key of a row that does not exist.
#[derive(Debug, Clone)]
pub struct Reader {
    table: Table,
    key: Key,
}

impl Reader {
    /// A table whose rows have a sort key; `pk` begins as the caller's role may read.
    pub fn new(aws: &Aws, table: &str, pk: &str) -> Self {
        Self { table: Table::new(aws, table), key: Key::new(pk, "none") }
    }

    /// A table without a sort key.
    pub fn single(aws: &Aws, table: &str, pk: &str) -> Self {
        Self { table: Table::new(aws, table), key: Key::single(pk) }
    }

    /// Reads the row that does not exist.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(&self) -> Result<(), StoreError> {
        self.table.get(&self.key).await.map(drop)
    }
}
