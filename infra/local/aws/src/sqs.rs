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
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use crate::StartError;
use crate::database::Database;
use errors::SqsError;
use service::Service;

/// The largest request: a full batch of 1 MiB whose every byte JSON escapes six-fold, and room for the rest.
const MAX_REQUEST_BYTES: usize = 7 * 1024 * 1024;

/// Opens the queues in `file` (or in memory) and returns the service, whose queue URLs begin with `base`. Waiting
/// receives return empty once `stopping` resolves.
pub(crate) fn router(
    file: Option<&Path>,
    base: &Url,
    stopping: CancellationToken,
) -> Result<Router, StartError> {
    let database = Database::open(file, queues::SCHEMA)
        .map_err(|error| StartError::Store { service: "SQS", reason: error.to_string() })?;
    let service = Arc::new(Service::new(database, base, stopping));
    Ok(Router::new()
        .route("/", post(answer))
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
        .with_state(service))
}

async fn answer(State(service): State<Arc<Service>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let answered = match target.strip_prefix("AmazonSQS.") {
        Some(operation) => service.call(operation, &body).await,
        None => Err(SqsError::UnknownOperation(format!("named by X-Amz-Target {target:?}"))),
    };
    answered.map_or_else(IntoResponse::into_response, |body| protocol_response(StatusCode::OK, body))
}

fn protocol_response(status: StatusCode, body: String) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    if let Ok(id) = HeaderValue::from_str(&Uuid::new_v4().to_string()) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}
