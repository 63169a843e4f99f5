//! DynamoDB, by the `dynoxide` engine on SQLite.
//!
//! The engine's own server reads signatures and believes them all, so the door is ours: it checks who asks and hands
//! the request on. What an operation does, and how it fails, is the engine's.

use std::path::Path;

use axum::Router;
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use dynoxide::{Database, DynoxideError};
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StartError;
use crate::json_protocol::{self, Service};
use crate::keys::Keys;
use crate::signature::Unsigned;

pub(crate) const SERVICE: &str = "DynamoDB";

/// The largest request ("Service, account, and table quotas", DynamoDB Developer Guide).
const MAX_REQUEST_BYTES: usize = 16 * 1024 * 1024;

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

struct DynamoDb {
    tables: Database,
}

/// The service on `tables`. It answers requests that are signed with `keys`.
pub(crate) fn router(tables: Database, keys: &Keys) -> Router {
    json_protocol::router(DynamoDb { tables }, keys)
}

impl Service for DynamoDb {
    const SIGNING_NAME: &'static str = "dynamodb";
    const TARGET_PREFIX: &'static str = "DynamoDB_20120810.";
    const MAX_REQUEST_BYTES: usize = MAX_REQUEST_BYTES;

    type Error = DynamoDbError;

    /// Runs one operation off the async threads.
    async fn call(&self, operation: &str, request: Bytes) -> Result<String, DynamoDbError> {
        let (tables, operation) = (self.tables.clone(), operation.to_owned());
        let task = tokio::task::spawn_blocking(move || perform(&tables, &operation, &request));
        task.await.unwrap_or_else(|error| {
            tracing::error!(%error, "DynamoDB endpoint failed");
            Err(DynamoDbError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "com.amazon.coral.service#InternalFailure",
                "failed",
            ))
        })
    }

    fn unknown(operation: &str) -> DynamoDbError {
        let message = format!("The operation {operation:?} is not served here.");
        DynamoDbError::new(
            StatusCode::BAD_REQUEST,
            "com.amazon.coral.service#UnknownOperationException",
            &message,
        )
    }
}

/// An error as a client is told it.
struct DynamoDbError {
    status: StatusCode,
    body: String,
}

impl DynamoDbError {
    fn new(status: StatusCode, shape: &str, message: &str) -> Self {
        Self { status, body: json_protocol::error_body(shape, message) }
    }
}

impl From<Unsigned> for DynamoDbError {
    fn from(unsigned: Unsigned) -> Self {
        let name = match unsigned {
            Unsigned::Missing => "MissingAuthenticationTokenException",
            Unsigned::Incomplete => "IncompleteSignatureException",
            Unsigned::UnknownKey => "UnrecognizedClientException",
            Unsigned::Scope | Unsigned::Skewed | Unsigned::Mismatch => "InvalidSignatureException",
        };
        let shape = format!("com.amazon.coral.service#{name}");
        Self::new(StatusCode::BAD_REQUEST, &shape, &unsigned.to_string())
    }
}

impl IntoResponse for DynamoDbError {
    fn into_response(self) -> Response {
        json_protocol::response(self.status, self.body)
    }
}

fn perform(tables: &Database, operation: &str, body: &[u8]) -> Result<String, DynamoDbError> {
    macro_rules! operations {
        ($($name:literal => $method:ident),+ $(,)?) => {
            match operation {
                $($name => call(body, |request| tables.$method(request)),)+
                _ => return Err(DynamoDb::unknown(operation)),
            }
        };
    }
    let done = operations! {
        "CreateTable" => create_table,
        "DeleteTable" => delete_table,
        "DescribeTable" => describe_table,
        "ListTables" => list_tables,
        "UpdateTable" => update_table,
        "PutItem" => put_item,
        "GetItem" => get_item,
        "DeleteItem" => delete_item,
        "UpdateItem" => update_item,
        "Query" => query,
        "Scan" => scan,
        "BatchGetItem" => batch_get_item,
        "BatchWriteItem" => batch_write_item,
        "TransactWriteItems" => transact_write_items,
        "TransactGetItems" => transact_get_items,
        "UpdateTimeToLive" => update_time_to_live,
        "DescribeTimeToLive" => describe_time_to_live,
        "ExecuteStatement" => execute_statement,
        "ExecuteTransaction" => execute_transaction,
        "BatchExecuteStatement" => batch_execute_statement,
        "TagResource" => tag_resource,
        "UntagResource" => untag_resource,
        "ListTagsOfResource" => list_tags_of_resource,
    };
    done.map_err(|error| {
        let error = worded(operation, error);
        let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST);
        if status.is_server_error() {
            tracing::error!(%error, operation, "DynamoDB endpoint failed");
        }
        DynamoDbError { status, body: error.to_json() }
    })
}

fn call<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    perform: impl FnOnce(Q) -> dynoxide::Result<A>,
) -> dynoxide::Result<String> {
    let request = serde_json::from_slice(body).map_err(|error| unread(&error.to_string()))?;
    let answer = perform(request)?;
    serde_json::to_string(&answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// A request that cannot be read. The engine marks what its own types refuse with the class of the error.
fn unread(message: &str) -> DynoxideError {
    let bare = message.rsplit_once(" at line ").map_or(message, |(bare, _)| bare);
    let marked = |marker: &str| bare.strip_prefix(marker).map(str::to_owned);
    if let Some(text) = marked("VALIDATION_REQUEST:") {
        DynoxideError::EnvelopedValidation(text)
    } else if let Some(text) = marked("VALIDATION:").or_else(|| marked("VALIDATION_AS_READ:")) {
        DynoxideError::ValidationException(text)
    } else if let Some(text) = marked("SERIALIZATION:").or_else(|| marked("SERIALIZATION_AS_READ:")) {
        DynoxideError::SerializationException(text)
    } else if ["missing field", "unknown variant", "invalid type: null", "AttributeValue"]
        .iter()
        .any(|known| bare.contains(known))
    {
        DynoxideError::ValidationException(bare.to_owned())
    } else {
        DynoxideError::SerializationException(bare.to_owned())
    }
}

/// Three operations put what they refuse into an envelope of words; the others say it bare.
fn worded(operation: &str, error: DynoxideError) -> DynoxideError {
    match error {
        DynoxideError::EnvelopedValidation(text) => {
            let enveloped = ["PutItem", "UpdateItem", "DeleteItem"].contains(&operation);
            let envelope = if enveloped { "1 validation error detected: " } else { "" };
            DynoxideError::ValidationException(format!("{envelope}{text}"))
        }
        other => other,
    }
}
