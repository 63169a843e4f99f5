//! AWS JSON, the protocol of DynamoDB, SQS and Secrets Manager: who asks is checked, the operation is named by a header, and every
//! answer carries the same two headers.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde_json::json;
use uuid::Uuid;

use crate::keys::Keys;
use crate::signature::{self, Unsigned};

/// A service that is spoken to in this protocol.
pub(crate) trait Service: Send + Sync + 'static {
    /// Its name in the scope of a signature.
    const SIGNING_NAME: &'static str;
    /// What stands before the operation's name in `X-Amz-Target`.
    const TARGET_PREFIX: &'static str;
    /// The largest body of a request, in bytes.
    const MAX_REQUEST_BYTES: usize;

    type Error: From<Unsigned> + IntoResponse;

    /// Runs one operation on its JSON request and returns its JSON response.
    fn call(
        &self,
        operation: &str,
        request: Bytes,
    ) -> impl Future<Output = Result<String, Self::Error>> + Send;

    /// The error for an operation that is not served.
    fn unknown(operation: &str) -> Self::Error;
}

/// Serves `service` to clients that sign with `keys`.
pub(crate) fn router<S: Service>(service: S, keys: &Keys) -> Router {
    Router::new().route("/", post(answer::<S>)).with_state(Arc::new((service, keys.clone())))
}

async fn answer<S: Service>(State(state): State<Arc<(S, Keys)>>, request: Request) -> Response {
    let (service, keys) = &*state;
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, S::MAX_REQUEST_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    if let Err(unsigned) = signature::check(&head, &body, S::SIGNING_NAME, keys, SystemTime::now()) {
        return S::Error::from(unsigned).into_response();
    }
    let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let answered = match target.strip_prefix(S::TARGET_PREFIX) {
        Some(operation) => service.call(operation, body).await,
        None => Err(S::unknown(target)),
    };
    answered.map_or_else(IntoResponse::into_response, |body| response(StatusCode::OK, body))
}

/// An answer with the headers of the protocol.
pub(crate) fn response(status: StatusCode, body: String) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    if let Ok(id) = HeaderValue::from_str(&Uuid::new_v4().to_string()) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

/// The body of an error; `shape` is its name.
pub(crate) fn error_body(shape: &str, message: &str) -> String {
    json!({ "__type": shape, "message": message }).to_string()
}
