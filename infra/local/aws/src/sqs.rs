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
use std::time::SystemTime;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use crate::database::Database;
use crate::keys::Keys;
use crate::{StartError, signature};
use errors::SqsError;
use service::Service;

/// The largest request: a full batch of 1 MiB whose every byte JSON escapes six-fold, and room for the rest.
const MAX_REQUEST_BYTES: usize = 7 * 1024 * 1024;

/// Opens the queues in `file` (or in memory) and returns the service, whose queue URLs begin with `base`. Waiting
/// receives return empty once `stopping` resolves. It answers requests that are signed with `keys`.
pub(crate) fn router(
    file: Option<&Path>,
    base: &Url,
    keys: &Keys,
    stopping: CancellationToken,
) -> Result<Router, StartError> {
    let database = Database::open(file, queues::SCHEMA)
        .map_err(|error| StartError::Store { service: "SQS", reason: error.to_string() })?;
    let service = Service::new(database, base, stopping);
    Ok(Router::new().route("/", post(answer)).with_state(Arc::new(Door { service, keys: keys.clone() })))
}

/// The service behind a check of who asks.
struct Door {
    service: Service,
    keys: Keys,
}

async fn answer(State(door): State<Arc<Door>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_REQUEST_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let answered = door.answer(&head, &body).await;
    answered.map_or_else(IntoResponse::into_response, |body| protocol_response(StatusCode::OK, body))
}

impl Door {
    async fn answer(&self, head: &Parts, body: &[u8]) -> Result<String, SqsError> {
        signature::check(head, body, "sqs", &self.keys, SystemTime::now())?;
        let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let target = target.unwrap_or_default();
        match target.strip_prefix("AmazonSQS.") {
            Some(operation) => self.service.call(operation, body).await,
            None => Err(SqsError::UnknownOperation(format!("named by X-Amz-Target {target:?}"))),
        }
    }
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
