//! SQS: standard queues on SQLite, spoken to in the AWS JSON 1.0 protocol.

mod arrivals;
mod checks;
mod digest;
mod errors;
mod messages;
mod queues;
mod receipts;
mod redrive;
mod service;
mod settings;
mod wire;

use std::path::Path;

use axum::Router;
use axum::body::Bytes;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::StartError;
use crate::clock::Clock;
use crate::database::Database;
use crate::json_protocol::{self, Service};
use crate::keys::Keys;
use errors::SqsError;
use service::Sqs;

/// The largest request: a full batch of 1 MiB whose every byte JSON escapes six-fold, and room for the rest.
const MAX_REQUEST_BYTES: usize = 7 * 1024 * 1024;

/// Opens the queues in `file` (or in memory) and returns the service, whose queue URLs begin with `base`. Waiting
/// receives return empty once `stopping` resolves. It answers requests that are signed with `keys`.
pub(crate) fn router(
    file: Option<&Path>,
    base: &Url,
    keys: &Keys,
    clock: Clock,
    stopping: CancellationToken,
) -> Result<Router, StartError> {
    let database = Database::open(file, queues::SCHEMA)
        .map_err(|error| StartError::Store { service: "SQS", reason: error.to_string() })?;
    Ok(json_protocol::router(Sqs::new(database, base, clock, stopping), keys))
}

impl Service for Sqs {
    const SIGNING_NAME: &'static str = "sqs";
    const TARGET_PREFIX: &'static str = "AmazonSQS.";
    const MAX_REQUEST_BYTES: usize = MAX_REQUEST_BYTES;

    type Error = SqsError;

    async fn call(&self, operation: &str, request: Bytes) -> Result<String, SqsError> {
        self.perform(operation, &request).await
    }

    fn unknown(operation: &str) -> SqsError {
        SqsError::UnknownOperation(operation.to_owned())
    }
}
