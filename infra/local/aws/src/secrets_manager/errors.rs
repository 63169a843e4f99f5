//! Errors as Secrets Manager words them.

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::database::DatabaseError;
use crate::json_protocol;
use crate::signature::Unsigned;

#[derive(Debug, thiserror::Error)]
pub(super) enum SecretsError {
    #[error("Secrets Manager can't find the specified secret.")]
    NotFound,
    #[error("The operation failed because the secret already exists.")]
    Exists,
    #[error("You can't perform this operation on the secret because it was marked for deletion.")]
    MarkedForDeletion,
    #[error("{0}")]
    InvalidParameter(String),
    #[error("The operation {0} is not served here.")]
    UnknownOperation(String),
    #[error(transparent)]
    Unsigned(#[from] Unsigned),
    #[error("The store of secrets failed.")]
    Internal(#[from] DatabaseError),
}

impl SecretsError {
    const fn shape(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NotFound => (StatusCode::BAD_REQUEST, "ResourceNotFoundException"),
            Self::Exists => (StatusCode::BAD_REQUEST, "ResourceExistsException"),
            Self::MarkedForDeletion => (StatusCode::BAD_REQUEST, "InvalidRequestException"),
            Self::InvalidParameter(_) => (StatusCode::BAD_REQUEST, "InvalidParameterException"),
            Self::UnknownOperation(_) => (StatusCode::BAD_REQUEST, "UnknownOperationException"),
            Self::Unsigned(Unsigned::Missing) => {
                (StatusCode::BAD_REQUEST, "MissingAuthenticationTokenException")
            }
            Self::Unsigned(Unsigned::Incomplete) => (StatusCode::BAD_REQUEST, "IncompleteSignatureException"),
            Self::Unsigned(Unsigned::UnknownKey) => (StatusCode::BAD_REQUEST, "UnrecognizedClientException"),
            Self::Unsigned(Unsigned::Scope | Unsigned::Skewed | Unsigned::Mismatch) => {
                (StatusCode::BAD_REQUEST, "InvalidSignatureException")
            }
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "InternalServiceError"),
        }
    }
}

impl From<rusqlite::Error> for SecretsError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Internal(error.into())
    }
}

impl IntoResponse for SecretsError {
    fn into_response(self) -> Response {
        if let Self::Internal(error) = &self {
            tracing::error!(%error, "the Secrets Manager endpoint failed");
        }
        let (status, shape) = self.shape();
        json_protocol::response(status, json_protocol::error_body(shape, &self.to_string()))
    }
}
