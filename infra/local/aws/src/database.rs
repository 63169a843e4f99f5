//! SQLite as the other stores use it: one connection, whole transactions, off the async threads.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// One connection is one writer: every transaction sees the one before it whole, and none is ever refused as busy.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    connection: Arc<Mutex<Connection>>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseError {
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("a stored value cannot be read: {0}")]
    Stored(#[from] serde_json::Error),
    #[error("the database task ended early: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl Database {
    /// Opens `file`, or a database in memory, and applies `schema`, whose statements must bear repeating.
    pub(crate) fn open(file: Option<&Path>, schema: &str) -> Result<Self, rusqlite::Error> {
        let connection = match file {
            Some(path) => Connection::open(path)?,
            None => Connection::open_in_memory()?,
        };
        // A commit in the write-ahead log outlives the process without a sync; only a power cut may take the last ones.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.execute_batch(schema)?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    /// Runs `work` in a transaction of its own: committed when it returns `Ok`, undone when it returns `Err`.
    pub(crate) async fn transact<T, E>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let database = self.clone();
        let task = tokio::task::spawn_blocking(move || database.transact_now(work));
        task.await.map_err(|error| E::from(error.into()))?
    }

    /// [`Database::transact`] on the calling thread, for start-up and tests.
    pub(crate) fn transact_now<T, E: From<DatabaseError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let failed = |error: rusqlite::Error| E::from(error.into());
        // A panic under the lock rolls its transaction back, so the connection behind a poisoned lock is sound.
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let done = work(&transaction)?;
        transaction.commit().map_err(failed)?;
        Ok(done)
    }
}

/// Looks through a database file for damage, as every start does before it relies on one. A new file is sound.
pub(crate) fn check(file: &Path) -> Result<(), Damage> {
    let connection = Connection::open(file)?;
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(Damage::Found(found)) }
}

/// Why a database file is not used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Damage {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("it is damaged: {0}")]
    Found(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_failed_transaction_leaves_nothing() {
        let database = Database::open(None, "CREATE TABLE t(n INTEGER)").unwrap();
        let failed: Result<(), DatabaseError> = database
            .transact(|tx| {
                tx.execute("INSERT INTO t VALUES (1)", [])?;
                tx.execute("INSERT INTO missing VALUES (1)", [])?;
                Ok(())
            })
            .await;
        assert!(failed.is_err());
        let rows: Result<i64, DatabaseError> =
            database.transact(|tx| Ok(tx.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?)).await;
        assert_eq!(rows.unwrap(), 0);
    }

    #[test]
    fn a_page_overwritten_in_the_middle_is_found() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.sqlite");
        let schema =
            "CREATE TABLE IF NOT EXISTS t(n INTEGER, text TEXT); CREATE INDEX IF NOT EXISTS by_n ON t(n)";
        let database = Database::open(Some(&path), schema).unwrap();
        let filled: Result<(), DatabaseError> = database.transact_now(|tx| {
            for n in 0..2_000 {
                tx.execute("INSERT INTO t VALUES (?1, ?2)", rusqlite::params![n, "x".repeat(100)])?;
            }
            Ok(())
        });
        filled.unwrap();
        drop(database);
        check(&path).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2 / 4096 * 4096;
        bytes[middle..middle + 4096].fill(0xAB);
        std::fs::write(&path, bytes).unwrap();
        assert!(check(&path).is_err());
    }
}
