//! S3 on a directory and a SQLite catalogue. `s3s` speaks the protocol and verifies signatures; the semantics are here.
//!
//! An upload first becomes a file that nothing names. One transaction then checks the write's condition and makes
//! the file the object. So a conditional write has one winner, a reader sees an object whole or not at all, and a
//! kill at any point leaves the old object or the new one.

mod blobs;
mod catalogue;
mod checksums;
mod conditions;
mod copying;
mod description;
mod listing;
mod multipart;
mod objects;

use std::path::Path;

use axum::Router;
use axum::error_handling::HandleError;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_TYPE, ORIGIN,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s::{HttpError, S3Error, S3ErrorCode, StdError};

use url::form_urlencoded;

use crate::StartError;
use crate::database::Database;
use crate::keys::Keys;
use blobs::Blobs;
use catalogue::CatalogueError;
use objects::Objects;

/// Opens the objects in `directory` with their catalogue in `file` (or in memory) and returns the service.
/// It answers requests that are signed with `keys`.
pub(crate) fn router(directory: &Path, file: Option<&Path>, keys: &Keys) -> Result<Router, StartError> {
    let unusable = |reason: String| StartError::Store { service: "S3", reason };
    let catalogue = Database::open(file, catalogue::SCHEMA).map_err(|error| unusable(error.to_string()))?;
    let blobs = Blobs::new(directory);
    let named =
        catalogue.transact_now(catalogue::named_blobs).map_err(|error| unusable(error.to_string()))?;
    blobs.sweep(|name| named.contains(name)).map_err(|error| unusable(error.to_string()))?;

    let mut service = S3ServiceBuilder::new(Objects::new(catalogue, blobs));
    service.set_auth(SimpleAuth::from_single(keys.access_key_id.as_str(), keys.secret_access_key.as_str()));
    let service = Router::new().fallback_service(HandleError::new(service.build(), unanswerable));
    let service = service.layer(axum::middleware::from_fn(one_authorisation));
    Ok(service.layer(axum::middleware::from_fn(for_other_origins)))
}

/// What a page of another origin reads it may look at, and it may put files where a link was signed for them, as the template's
/// buckets let the console's page. Which origin that is, is not asked here: a local console has no address of its own, and a
/// link that is signed is the right to its object.
async fn for_other_origins(request: Request, next: Next) -> Response {
    let (method, headers) = (request.method(), request.headers());
    let is_asked_of = matches!(*method, Method::GET | Method::HEAD | Method::PUT);
    let is_of_page = is_asked_of && headers.contains_key(ORIGIN);
    if *method == Method::OPTIONS
        && headers.get(ACCESS_CONTROL_REQUEST_METHOD).is_some_and(|put| put == "PUT")
    {
        let allowed = [
            (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            (ACCESS_CONTROL_ALLOW_METHODS, "PUT"),
            (ACCESS_CONTROL_ALLOW_HEADERS, "content-type, if-none-match"),
        ];
        return (StatusCode::OK, allowed).into_response();
    }
    let mut response = next.run(request).await;
    if is_of_page {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        let exposed = HeaderValue::from_static("content-length, content-range");
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response
}

/// S3 takes one kind of authorisation and refuses a request with two, for example from a client that follows a
/// presigned address with the `Authorization` of another service.
async fn one_authorisation(request: Request, next: Next) -> Response {
    match authorisation_fault(request.headers(), request.uri().query().unwrap_or_default()) {
        None => next.run(request).await,
        Some(message) => {
            let body = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>InvalidArgument</Code>\
                 <Message>{message}</Message><ArgumentName>Authorization</ArgumentName></Error>"
            );
            (StatusCode::BAD_REQUEST, [(CONTENT_TYPE, "application/xml")], body).into_response()
        }
    }
}

fn authorisation_fault(headers: &HeaderMap, query: &str) -> Option<&'static str> {
    let has = |wanted: &str| form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == wanted);
    let header = headers.get(AUTHORIZATION);
    let kinds = [header.is_some(), has("X-Amz-Algorithm") || has("X-Amz-Signature"), has("Signature")];
    if kinds.into_iter().filter(|kind| *kind).count() > 1 {
        return Some(
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string \
             parameter or the Authorization header should be specified",
        );
    }
    let known = |value: &[u8]| value.starts_with(b"AWS4-") || value.starts_with(b"AWS ");
    header.is_some_and(|value| !known(value.as_bytes())).then_some("Unsupported Authorization Type")
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

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// Case B20.
    #[test]
    fn two_kinds_of_authorisation_are_one_too_many() {
        let with =
            |value: &'static str| HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(value))]);
        let presigned = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00";
        for (headers, query, fine) in [
            (HeaderMap::new(), "", true),
            (HeaderMap::new(), presigned, true),
            (with("AWS4-HMAC-SHA256 Credential=a"), "list-type=2", true),
            (with("AWS a:b"), "", true),
            (with("AWS4-HMAC-SHA256 Credential=a"), presigned, false),
            (with("Bearer key"), presigned, false),
            (with("Basic a2V5"), "", false),
            (with("Bearer key"), "", false),
            (with("AWS4-HMAC-SHA256 Credential=a"), "AWSAccessKeyId=a&Signature=b", false),
            (HeaderMap::new(), "X-Amz-Signature=00&Signature=b", false),
        ] {
            assert_eq!(authorisation_fault(&headers, query).is_none(), fine, "{headers:?} {query}");
        }
    }
}
