//! Errors as SQS words them: a shape name in the body, and the older query code in a header that SDKs prefer.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode};

use crate::database::DatabaseError;
use crate::json_protocol;
use crate::signature::Unsigned;

#[derive(Debug, thiserror::Error)]
pub(super) enum SqsError {
    #[error("The specified queue does not exist.")]
    QueueDoesNotExist,
    #[error(
        "A queue already exists with the same name and other attributes: set them with SetQueueAttributes."
    )]
    QueueNameExists,
    #[error("Unknown attribute {0}.")]
    InvalidAttributeName(String),
    #[error("Invalid value for the attribute {name}: {expected}.")]
    InvalidAttributeValue { name: String, expected: String },
    #[error("{0}")]
    InvalidParameterValue(String),
    #[error("The request must contain the parameter {0}.")]
    MissingParameter(&'static str),
    #[error(
        "The message contains characters outside the allowed set: #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF."
    )]
    InvalidMessageContents,
    #[error("The input receipt handle is invalid.")]
    ReceiptHandleIsInvalid,
    #[error("There should be at least one entry in the batch.")]
    EmptyBatchRequest,
    #[error("A batch holds at most 10 entries.")]
    TooManyEntriesInBatchRequest,
    #[error("Two entries of the batch have the Id {0}.")]
    BatchEntryIdsNotDistinct(String),
    #[error("A batch entry Id has 1 to 80 letters, digits, hyphens and underscores.")]
    InvalidBatchEntryId,
    #[error("The messages of a batch must have at most {0} bytes together.")]
    BatchRequestTooLong(usize),
    #[error("{0}")]
    ResourceNotFound(String),
    #[error("{0}")]
    UnsupportedOperation(String),
    #[error("The operation {0} is not served here.")]
    UnknownOperation(String),
    #[error("The request cannot be read: {0}.")]
    MalformedInput(String),
    #[error(transparent)]
    Unsigned(#[from] Unsigned),
    #[error("The queue store failed.")]
    Internal(#[from] DatabaseError),
}

/// How an error is told to a client.
struct Shape {
    status: StatusCode,
    /// `__type` in the body.
    name: &'static str,
    /// The code of the query protocol, which SDKs match on.
    query_code: &'static str,
}

impl SqsError {
    /// The code that SDKs match on; batch failures carry it too.
    pub(super) fn code(&self) -> &'static str {
        self.shape().query_code
    }

    pub(super) fn is_senders_fault(&self) -> bool {
        self.shape().status.is_client_error()
    }

    fn shape(&self) -> Shape {
        let (status, name, query_code) = match self {
            Self::QueueDoesNotExist => {
                (400, "com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue")
            }
            Self::QueueNameExists => (400, "com.amazonaws.sqs#QueueNameExists", "QueueAlreadyExists"),
            Self::InvalidAttributeName(_) => {
                (400, "com.amazonaws.sqs#InvalidAttributeName", "InvalidAttributeName")
            }
            Self::InvalidAttributeValue { .. } => {
                (400, "com.amazonaws.sqs#InvalidAttributeValue", "InvalidAttributeValue")
            }
            Self::InvalidParameterValue(_) => {
                (400, "com.amazon.coral.service#InvalidParameterValueException", "InvalidParameterValue")
            }
            Self::MissingParameter(_) => {
                (400, "com.amazon.coral.service#MissingRequiredParameterException", "MissingParameter")
            }
            Self::InvalidMessageContents => {
                (400, "com.amazonaws.sqs#InvalidMessageContents", "InvalidMessageContents")
            }
            Self::ReceiptHandleIsInvalid => {
                (404, "com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid")
            }
            Self::EmptyBatchRequest => {
                (400, "com.amazonaws.sqs#EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest")
            }
            Self::TooManyEntriesInBatchRequest => (
                400,
                "com.amazonaws.sqs#TooManyEntriesInBatchRequest",
                "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            ),
            Self::BatchEntryIdsNotDistinct(_) => (
                400,
                "com.amazonaws.sqs#BatchEntryIdsNotDistinct",
                "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
            ),
            Self::InvalidBatchEntryId => {
                (400, "com.amazonaws.sqs#InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId")
            }
            Self::BatchRequestTooLong(_) => {
                (400, "com.amazonaws.sqs#BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong")
            }
            Self::ResourceNotFound(_) => {
                (404, "com.amazonaws.sqs#ResourceNotFoundException", "ResourceNotFoundException")
            }
            Self::UnsupportedOperation(_) => {
                (400, "com.amazonaws.sqs#UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation")
            }
            Self::UnknownOperation(_) => {
                (400, "com.amazon.coral.service#UnknownOperationException", "InvalidAction")
            }
            Self::MalformedInput(_) => {
                (400, "com.amazon.coral.service#SerializationException", "MalformedInput")
            }
            Self::Unsigned(Unsigned::Missing) => (
                403,
                "com.amazon.coral.service#MissingAuthenticationTokenException",
                "MissingAuthenticationToken",
            ),
            Self::Unsigned(Unsigned::Incomplete) => {
                (400, "com.amazon.coral.service#IncompleteSignatureException", "IncompleteSignature")
            }
            Self::Unsigned(Unsigned::UnknownKey) => {
                (403, "com.amazon.coral.service#UnrecognizedClientException", "InvalidClientTokenId")
            }
            Self::Unsigned(Unsigned::Scope | Unsigned::Skewed | Unsigned::Mismatch) => {
                (403, "com.amazon.coral.service#InvalidSignatureException", "SignatureDoesNotMatch")
            }
            Self::Internal(_) => (500, "com.amazon.coral.service#InternalFailure", "InternalFailure"),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Shape { status, name, query_code }
    }
}

impl From<rusqlite::Error> for SqsError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Internal(error.into())
    }
}

impl From<serde_json::Error> for SqsError {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.into())
    }
}

impl IntoResponse for SqsError {
    fn into_response(self) -> Response {
        if let Self::Internal(error) = &self {
            tracing::error!(%error, "SQS endpoint failed");
        }
        let shape = self.shape();
        let fault = if self.is_senders_fault() { "Sender" } else { "Receiver" };
        let body = json_protocol::error_body(shape.name, &self.to_string());
        let mut response = json_protocol::response(shape.status, body);
        if let Ok(code) = HeaderValue::from_str(&format!("{};{fault}", shape.query_code)) {
            response.headers_mut().insert("x-amzn-query-error", code);
        }
        response
    }
}
