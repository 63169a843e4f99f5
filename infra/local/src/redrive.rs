//! Sends what waits in a dead-letter queue back to the queue it came from, and keeps what is no job at all.
//!
//! Message by message, not by a move task: a task takes poison along, and it knows no source for messages that were
//! buried with their reason. A message is deleted after it was sent, so a stop in between sends it twice, which every
//! job bears.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, QueueAttributeName};
use functions::edge::batch::POISON;
use platform::queues::BURIED_FOR;
use serde_json::Value;

/// Messages of one queue sent back by one command; more stay for the next.
const MOST: usize = 10_000;
/// What was looked at and kept is out of sight for this long, so that it is looked at once.
const ASIDE: Duration = Duration::from_secs(120);

/// What became of a dead-letter queue's messages.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Redriven {
    pub sent: usize,
    /// No jobs: why each was buried, as far as it says so.
    pub kept: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    #[error("the queue has no dead-letter queue")]
    NoDeadLetters,
    #[error("SQS: {0}")]
    Sqs(#[from] aws_sdk_sqs::Error),
}

/// Empties the dead-letter queue of `queue`, poison excepted.
///
/// `each` is called once for each message that was looked at.
pub async fn redrive(sqs: &Client, queue: &str, each: impl Fn()) -> Result<Redriven, RedriveError> {
    let dead_letters = dead_letters_of(sqs, queue).await?;
    let (mut done, mut aside) = (Redriven::default(), Vec::new());
    while done.sent + done.kept.len() < MOST {
        let received = sqs
            .receive_message()
            .queue_url(&dead_letters)
            .max_number_of_messages(10)
            .wait_time_seconds(1)
            .visibility_timeout(i32::try_from(ASIDE.as_secs()).unwrap_or(i32::MAX))
            .message_attribute_names("All")
            .send()
            .await
            .map_err(aws_sdk_sqs::Error::from)?;
        let messages = received.messages.unwrap_or_default();
        if messages.is_empty() {
            break;
        }
        for message in messages {
            each();
            let (Some(body), Some(receipt)) = (message.body(), message.receipt_handle()) else { continue };
            if let Some(reason) = poison(&message, body) {
                done.kept.push(reason);
                aside.push(receipt.to_owned());
                continue;
            }
            let sent = sqs.send_message().queue_url(queue).message_body(body).send().await;
            sent.map_err(aws_sdk_sqs::Error::from)?;
            let deleted = sqs.delete_message().queue_url(&dead_letters).receipt_handle(receipt).send().await;
            deleted.map_err(aws_sdk_sqs::Error::from)?;
            done.sent += 1;
        }
    }
    for receipt in aside {
        let shown = sqs.change_message_visibility().queue_url(&dead_letters).receipt_handle(receipt);
        shown.visibility_timeout(0).send().await.map_err(aws_sdk_sqs::Error::from)?;
    }
    Ok(done)
}

/// About how many messages wait in the dead-letter queue of `queue`.
pub async fn dead_letters(sqs: &Client, queue: &str) -> Result<u64, RedriveError> {
    let dead_letters = dead_letters_of(sqs, queue).await?;
    let about = QueueAttributeName::ApproximateNumberOfMessages;
    let asked = sqs.get_queue_attributes().queue_url(dead_letters).attribute_names(about.clone());
    let answer = asked.send().await.map_err(aws_sdk_sqs::Error::from)?;
    let count = answer.attributes.as_ref().and_then(|all| all.get(&about)?.parse().ok());
    Ok(count.unwrap_or_default())
}

/// Why a message is not a job; `None` for a job.
fn poison(message: &Message, body: &str) -> Option<String> {
    let attributes = message.message_attributes();
    let reason = attributes.and_then(|named| named.get(BURIED_FOR)).and_then(|reason| reason.string_value());
    match reason {
        Some(reason) if reason.starts_with(POISON) => Some(reason.to_owned()),
        Some(_) | None if serde_json::from_str::<Value>(body).is_ok_and(|job| job.is_object()) => None,
        Some(_) | None => Some(format!("{POISON}: not a JSON object")),
    }
}

async fn dead_letters_of(sqs: &Client, queue: &str) -> Result<String, RedriveError> {
    let asked =
        sqs.get_queue_attributes().queue_url(queue).attribute_names(QueueAttributeName::RedrivePolicy);
    let answer = asked.send().await.map_err(aws_sdk_sqs::Error::from)?;
    let policy = answer.attributes.and_then(|mut all| all.remove(&QueueAttributeName::RedrivePolicy));
    let policy: Value = policy.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let arn = policy["deadLetterTargetArn"].as_str().ok_or(RedriveError::NoDeadLetters)?;
    let name = arn.rsplit(':').next().unwrap_or_default();
    let url = sqs.get_queue_url().queue_name(name).send().await.map_err(aws_sdk_sqs::Error::from)?;
    url.queue_url.ok_or(RedriveError::NoDeadLetters)
}
