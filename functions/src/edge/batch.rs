//! Queue batches with partial failures: each message is answered for by itself.

use std::time::Duration;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};

use super::QueueFunction;

/// How often a message has been received, this time included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    pub attempt: u32,
}

/// Attempts a message has before it goes to the DLQ; the template's `maxReceiveCount` says the same, and a
/// structure test holds the two together.
pub const MAX_ATTEMPTS: u32 = 5;

impl Delivery {
    pub fn is_last(self) -> bool {
        self.attempt >= MAX_ATTEMPTS
    }
}

/// A job that must come again. The text goes to the log and must hold nothing personal.
#[derive(Debug, thiserror::Error)]
#[error("{label}: {detail}")]
pub struct JobError {
    /// The label in metrics.
    pub label: &'static str,
    pub detail: String,
}

impl JobError {
    pub fn new(label: &'static str, detail: impl std::fmt::Display) -> Self {
        Self { label, detail: detail.to_string() }
    }
}

impl From<platform::stores::leases::LeaseError> for JobError {
    fn from(error: platform::stores::leases::LeaseError) -> Self {
        Self::new("lease", error)
    }
}

impl From<platform::stores::StoreError> for JobError {
    fn from(error: platform::stores::StoreError) -> Self {
        Self::new("store", error)
    }
}

/// Handles every message; those that failed, and only those, come back.
///
/// A message that cannot be parsed fails like any other: after its attempts it is in the DLQ with its text
/// intact, and it has blocked nothing.
pub async fn handle<F: QueueFunction>(function: &F, event: SqsEvent) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for message in event.records {
        let id = message.message_id.clone().unwrap_or_default();
        let delivery = Delivery { attempt: attempt(&message) };
        let outcome = match parse::<F>(&message) {
            Ok(job) => function.handle(job, delivery).await,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tracing::error!(
                function = F::NAME,
                message = id,
                attempt = delivery.attempt,
                label = error.label,
                %error,
                "job failed"
            );
            postpone(function, &message, delivery).await;
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            response.batch_item_failures.push(failure);
        }
    }
    response
}

/// SQS alone would bring a failed message back after the visibility timeout, which has to be many times the
/// function's own. What fails for a moment, such as a recording that is not ready yet, deserves better.
async fn postpone<F: QueueFunction>(function: &F, message: &SqsMessage, delivery: Delivery) {
    let Some(receipt) = &message.receipt_handle else { return };
    if let Err(error) = function.queue().come_back_in(receipt, retry_after(delivery)).await {
        tracing::warn!(%error, function = F::NAME, "a failed message waits for its visibility timeout");
    }
}

/// 1, 4, 16, 64 s: five attempts span a minute and a half.
fn retry_after(delivery: Delivery) -> Duration {
    Duration::from_secs(1 << (2 * (delivery.attempt.clamp(1, MAX_ATTEMPTS) - 1)))
}

fn parse<F: QueueFunction>(message: &SqsMessage) -> Result<F::Job, JobError> {
    let body = message.body.as_deref().unwrap_or_default();
    // The parser's own message may quote the body, so only the place is kept.
    serde_json::from_str(body).map_err(|error| {
        JobError::new("poison", format_args!("not a job of {}, column {}", F::NAME, error.column()))
    })
}

fn attempt(message: &SqsMessage) -> u32 {
    message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
}
