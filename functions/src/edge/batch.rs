//! Queue batches with partial failures: each message is answered for by itself.

use std::time::Duration;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use domain::Timestamp;
use platform::queues::MAX_DELAY;
use stores::leases::cooldown;

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
    /// When to come back, if that is known better than by counting attempts.
    after: Option<Duration>,
    /// When a cooldown or another worker's lease is over.
    not_before: Option<Timestamp>,
    /// No attempt can end otherwise.
    in_vain: bool,
}

impl JobError {
    pub fn new(label: &'static str, detail: impl std::fmt::Display) -> Self {
        Self { label, detail: detail.to_string(), after: None, not_before: None, in_vain: false }
    }

    /// Another worker is at it until then. Coming back any sooner would only use up attempts.
    pub fn in_progress(until: Timestamp) -> Self {
        Self::new("in_progress", "another worker is at it, or it is cooling down").not_before(until)
    }

    /// Does not come back: it goes to the DLQ at once and waits there for a person.
    #[must_use]
    pub fn in_vain(mut self) -> Self {
        self.in_vain = true;
        self
    }

    /// Comes back when the cooldown that the failure left behind is over.
    #[must_use]
    pub fn not_before(mut self, until: Timestamp) -> Self {
        self.not_before = self.not_before.max(Some(until));
        self
    }

    /// Comes back then at the earliest, instead of after the usual wait for this attempt.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.after = Some(wait);
        self
    }

    /// How long the job waits from `now`, if that is known better than by counting attempts: no longer than SQS can.
    fn wait(&self, now: Timestamp) -> Option<Duration> {
        let cooled_down = self.not_before.map(|until| until.since(now) + COME_BACK_LATER);
        self.after.max(cooled_down).map(|wait| wait.min(MAX_DELAY))
    }
}

/// On top of another worker's deadline, so that clocks need not agree.
const COME_BACK_LATER: Duration = Duration::from_secs(1);

impl From<stores::leases::LeaseError> for JobError {
    fn from(error: stores::leases::LeaseError) -> Self {
        Self::new("lease", error)
    }
}

impl From<stores::StoreError> for JobError {
    fn from(error: stores::StoreError) -> Self {
        Self::new("store", error)
    }
}

/// The label of what is no job at all.
pub const POISON: &str = "poison";

/// Handles every message; those that failed, and only those, come back.
///
/// A message that cannot be parsed, that no attempt can do or whose last attempt failed goes to the DLQ with its text intact and the
/// reason beside it; it has blocked nothing. If that cannot be done either, SQS moves it there, without the reason.
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
            let wait = error.wait(function.inbox().clock.now()).unwrap_or_else(|| retry_after(delivery));
            tracing::error!(
                function = F::NAME,
                message_id = id,
                attempt = delivery.attempt,
                label = error.label,
                wait_s = wait.as_secs(),
                %error,
                "job failed"
            );
            if (error.in_vain || delivery.is_last()) && bury(function, &message, &error).await {
                continue;
            }
            postpone(function, &message, wait).await;
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            response.batch_item_failures.push(failure);
        }
    }
    response
}

/// Whether the message is in the dead-letter queue, so that it can be taken off its own.
async fn bury<F: QueueFunction>(function: &F, message: &SqsMessage, error: &JobError) -> bool {
    let Some(body) = &message.body else { return false };
    match function.inbox().bury(body, F::NAME, &error.to_string()).await {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, function = F::NAME, "a lost job goes to its dead-letter queue without a reason");
            false
        }
    }
}

/// SQS alone would bring a failed message back after the visibility timeout, which has to be many times the
/// function's own. What fails for a moment, such as a recording that is not ready yet, deserves better.
async fn postpone<F: QueueFunction>(function: &F, message: &SqsMessage, wait: Duration) {
    let Some(receipt) = &message.receipt_handle else { return };
    if let Err(error) = function.inbox().come_back_in(receipt, wait).await {
        tracing::warn!(%error, function = F::NAME, "a failed message waits for its visibility timeout");
    }
}

/// The cooldown of a work that failed at each of these attempts: five of them span more than ten minutes.
fn retry_after(delivery: Delivery) -> Duration {
    cooldown(delivery.attempt, 0.0) + COME_BACK_LATER
}

fn parse<F: QueueFunction>(message: &SqsMessage) -> Result<F::Job, JobError> {
    let body = message.body.as_deref().unwrap_or_default();
    // The parser's own message may quote the body, so only the place is kept. Waiting makes no job of it.
    serde_json::from_str(body).map_err(|error| {
        JobError::new(POISON, format_args!("not a job of {}, column {}", F::NAME, error.column()))
            .after(Duration::ZERO)
            .in_vain()
    })
}

fn attempt(message: &SqsMessage) -> u32 {
    message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_179_909_000);

    #[test]
    fn no_attempt_is_wasted_on_the_cooldown_of_the_one_before() {
        let waits = (1..=MAX_ATTEMPTS).map(|attempt| retry_after(Delivery { attempt }));
        let waits: Vec<u64> = waits.map(|wait| wait.as_secs()).collect();
        assert_eq!(waits, [6, 26, 126, 601, 601]);
        assert!(retry_after(Delivery { attempt: u32::MAX }) < MAX_DELAY);
        let until = NOW.plus(Duration::from_secs(80));
        let wait = JobError::new("twilio", "down").not_before(until).wait(NOW);
        assert_eq!(wait, Some(Duration::from_secs(81)));
        let later = until.plus(Duration::from_secs(10));
        let wait = JobError::new("twilio", "down").not_before(later).not_before(until).wait(NOW);
        assert_eq!(wait, Some(Duration::from_secs(91)), "the later of two");
        let wait = JobError::new("quota", "empty").after(MAX_DELAY).not_before(until).wait(NOW);
        assert_eq!(wait, Some(MAX_DELAY), "what is known to take longer does");
    }

    /// A duplicate that waits for a slow worker must not use up its attempts and end in the DLQ meanwhile.
    #[test]
    fn who_meets_a_lease_comes_back_when_it_is_over() {
        let until = NOW.plus(Duration::from_secs(150));
        assert_eq!(JobError::in_progress(until).wait(NOW), Some(Duration::from_secs(151)));
        assert_eq!(JobError::in_progress(Timestamp(0)).wait(NOW), Some(COME_BACK_LATER));
        let far = JobError::in_progress(Timestamp(i64::MAX)).wait(NOW);
        assert_eq!(far, Some(MAX_DELAY), "no longer than SQS can wait");
    }
}
