//! DynamoDB, by the `dynoxide` engine on SQLite.

use std::path::Path;

use dynoxide::Database;
use tokio_util::sync::CancellationToken;

use crate::StartError;
use crate::serve::Listener;

const SERVICE: &str = "DynamoDB";

/// Opens the tables in `file`, or in memory.
pub(crate) fn open(file: Option<&Path>) -> Result<Database, StartError> {
    let opened = match file {
        None => Database::memory(),
        Some(path) => {
            let path = path.to_str().ok_or_else(|| StartError::Store {
                service: SERVICE,
                reason: format!("{} is not UTF-8", path.display()),
            })?;
            Database::new(path)
        }
    };
    opened.map_err(|error| StartError::Store { service: SERVICE, reason: error.to_string() })
}

/// Serves `tables` until `stopping` resolves and the requests under way are answered.
pub(crate) async fn serve(listener: Listener, tables: Database, stopping: CancellationToken) {
    let stop = stopping.cancelled_owned();
    if let Err(error) = dynoxide::server::serve_with_shutdown(listener.tcp, tables, stop).await {
        tracing::error!(%error, "DynamoDB endpoint failed");
    }
}
