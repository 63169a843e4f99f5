//! DynamoDB, by the `dynoxide` engine on SQLite.
//!
//! The engine's own server reads signatures and believes them all, so the door is ours: it checks who asks and hands
//! the request on. What an operation does, and how it fails, is the engine's.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use dynoxide::{Database, DynoxideError};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;

use crate::StartError;
use crate::keys::Keys;
use crate::signature::{self, Unsigned};

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

struct Service {
    tables: Database,
    keys: Keys,
}

/// The service on `tables`. It answers requests that are signed with `keys`.
pub(crate) fn router(tables: Database, keys: &Keys) -> Router {
    Router::new()
        .route("/", post(answer))
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
        .with_state(Arc::new(Service { tables, keys: keys.clone() }))
}

async fn answer(State(service): State<Arc<Service>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_REQUEST_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let checked = signature::check(&head, &body, "dynamodb", &service.keys, SystemTime::now());
    let answered = match checked {
        Ok(()) => run(service.tables.clone(), operation(&head.headers), body).await,
        Err(unsigned) => Err(refused(unsigned)),
    };
    let (status, body) = match answered {
        Ok(body) => (StatusCode::OK, body),
        Err(refusal) => refusal,
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    if let Ok(id) = HeaderValue::from_str(&Uuid::new_v4().to_string()) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

fn operation(headers: &HeaderMap) -> String {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    target.strip_prefix("DynamoDB_20120810.").unwrap_or_default().to_owned()
}

type Refusal = (StatusCode, String);

fn refusal(status: StatusCode, name: &str, message: &str) -> Refusal {
    (status, json!({ "__type": name, "message": message }).to_string())
}

fn refused(unsigned: Unsigned) -> Refusal {
    let name = match unsigned {
        Unsigned::Missing => "MissingAuthenticationTokenException",
        Unsigned::Incomplete => "IncompleteSignatureException",
        Unsigned::UnknownKey => "UnrecognizedClientException",
        Unsigned::Scope | Unsigned::Skewed | Unsigned::Mismatch => "InvalidSignatureException",
    };
    refusal(StatusCode::BAD_REQUEST, &format!("com.amazon.coral.service#{name}"), &unsigned.to_string())
}

/// Runs one operation off the async threads.
async fn run(tables: Database, operation: String, body: Bytes) -> Result<String, Refusal> {
    let task = tokio::task::spawn_blocking(move || perform(&tables, &operation, &body));
    task.await.unwrap_or_else(|error| {
        tracing::error!(%error, "DynamoDB endpoint failed");
        Err(refusal(StatusCode::INTERNAL_SERVER_ERROR, "com.amazon.coral.service#InternalFailure", "failed"))
    })
}

fn perform(tables: &Database, operation: &str, body: &[u8]) -> Result<String, Refusal> {
    macro_rules! operations {
        ($($name:literal => $method:ident),+ $(,)?) => {
            match operation {
                $($name => call(body, |request| tables.$method(request)),)+
                _ => {
                    let message = format!("The operation {operation:?} is not served here.");
                    let name = "com.amazon.coral.service#UnknownOperationException";
                    return Err(refusal(StatusCode::BAD_REQUEST, name, &message));
                }
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
        (status, error.to_json())
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
