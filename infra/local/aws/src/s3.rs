//! S3 on a directory and a SQLite catalogue. `s3s` speaks the protocol and verifies signatures; the semantics are here.
//!
//! An upload first becomes a file that nothing names. One transaction then checks the write's condition and makes
//! the file the object. So a conditional write has one winner, a reader sees an object whole or not at all, and a
//! kill at any point leaves the old object or the new one.

mod blobs;
mod catalogue;
mod conditions;
mod description;
mod listing;
mod multipart;
mod objects;

use std::path::Path;

use axum::Router;
use axum::error_handling::HandleError;
use http::StatusCode;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s::{HttpError, S3Error, S3ErrorCode, StdError};

use crate::database::Database;
use crate::{ACCESS_KEY_ID, SECRET_ACCESS_KEY, StartError};
use blobs::Blobs;
use catalogue::CatalogueError;
use objects::Objects;

/// Opens the objects in `directory` with their catalogue in `file` (or in memory) and returns the service.
pub(crate) fn router(directory: &Path, file: Option<&Path>) -> Result<Router, StartError> {
    let unusable = |reason: String| StartError::Store { service: "S3", reason };
    let catalogue = Database::open(file, catalogue::SCHEMA).map_err(|error| unusable(error.to_string()))?;
    let blobs = Blobs::new(directory);
    let named =
        catalogue.transact_now(catalogue::named_blobs).map_err(|error| unusable(error.to_string()))?;
    blobs.sweep(|name| named.contains(name)).map_err(|error| unusable(error.to_string()))?;

    let mut service = S3ServiceBuilder::new(Objects::new(catalogue, blobs));
    service.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, SECRET_ACCESS_KEY));
    Ok(Router::new().fallback_service(HandleError::new(service.build(), unanswerable)))
}

async fn unanswerable(error: HttpError) -> (StatusCode, String) {
    tracing::error!(?error, "S3 endpoint could not answer");
    (StatusCode::INTERNAL_SERVER_ERROR, "the S3 endpoint could not answer".to_owned())
}

impl From<CatalogueError> for S3Error {
    fn from(error: CatalogueError) -> Self {
        let code = match &error {
            CatalogueError::NoSuchBucket => S3ErrorCode::NoSuchBucket,
            CatalogueError::NoSuchKey => S3ErrorCode::NoSuchKey,
            CatalogueError::NoSuchUpload => S3ErrorCode::NoSuchUpload,
            CatalogueError::BucketExists => S3ErrorCode::BucketAlreadyOwnedByYou,
            CatalogueError::BucketNotEmpty => S3ErrorCode::BucketNotEmpty,
            CatalogueError::PreconditionFailed => S3ErrorCode::PreconditionFailed,
            CatalogueError::Database(_) => return failed(error),
        };
        S3Error::with_message(code, error.to_string())
    }
}

/// A fault of ours or of the disk: 500, with its cause in the log.
fn failed(error: impl Into<StdError>) -> S3Error {
    let error = error.into();
    tracing::error!(%error, "S3 endpoint failed");
    S3Error::with_source(S3ErrorCode::InternalError, error)
}
