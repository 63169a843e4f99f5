//! Sending to SQS. Queues are plain: a message may come twice and in any order, and its consumer bears it.

use std::time::Duration;

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName};
use serde::Serialize;

use crate::Aws;

/// SQS's limit on a message's delay.
pub const MAX_DELAY: Duration = Duration::from_secs(900);
/// SQS's limit on a message.
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// Attributes of a message in a dead-letter queue: who gave it up, and why (`label: detail`).
pub const FUNCTION: &str = "Function";
/// The message attribute that holds why a message was given up.
pub const BURIED_FOR: &str = "Reason";

/// Why a message was not sent. Never contains the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// SQS cannot delay a message that long.
    #[error("a delay of {} s is over the limit of {} s: send it to a schedule instead", .0.as_secs(), MAX_DELAY.as_secs())]
    Delay(Duration),
    /// The message is longer than SQS takes.
    #[error("a message of {bytes} bytes is over the limit of {MAX_MESSAGE_BYTES}: send a reference instead")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The job cannot be written as JSON.
    #[error("the message cannot be written as JSON")]
    Unserialisable,
    /// SQS did not answer or failed. The message may have been sent.
    #[error("the queue is unavailable ({reason}): try again")]
    Unavailable {
        /// What failed.
        reason: String,
    },
    /// SQS refused the request; another attempt changes nothing.
    #[error("the queue refused the request ({code}): check its URL and the role's permission")]
    Rejected {
        /// SQS's error code.
        code: String,
    },
}

impl QueueError {
    /// Whether the same message may be sent later.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Delay(_) | Self::TooLarge { .. } | Self::Unserialisable | Self::Rejected { .. } => false,
        }
    }
}

/// One queue to send to.
#[derive(Debug, Clone)]
pub struct Queue {
    client: aws_sdk_sqs::Client,
    url: String,
}

impl Queue {
    /// The queue at this address.
    pub fn new(aws: &Aws, url: impl Into<String>) -> Self {
        Self { client: aws.sqs.clone(), url: url.into() }
    }

    /// Sends `message` as JSON, to be received `delay` from now at the earliest. The delay counts in whole
    /// seconds; a part of one is rounded up.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn send<T: Serialize + Sync>(&self, message: &T, delay: Duration) -> Result<(), QueueError> {
        let delay = whole_seconds(delay)?;
        let body = serde_json::to_string(message).map_err(|_| QueueError::Unserialisable)?;
        if body.len() > MAX_MESSAGE_BYTES {
            return Err(QueueError::TooLarge { bytes: body.len() });
        }
        let request = self.client.send_message().queue_url(&self.url).message_body(body);
        request.delay_seconds(delay).send().await.map(drop).map_err(|error| failed(&error))
    }

    /// About how many messages wait.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn waiting(&self) -> Result<u64, QueueError> {
        let count = QueueAttributeName::ApproximateNumberOfMessages;
        let request = self.client.get_queue_attributes().queue_url(&self.url).attribute_names(count.clone());
        let answer = request.send().await.map_err(|error| failed(&error))?;
        let waiting = answer.attributes.and_then(|mut attributes| attributes.remove(&count)?.parse().ok());
        waiting.ok_or_else(|| QueueError::Unavailable { reason: "no count".to_owned() })
    }

    /// Puts a message that was given up here, as it came, with the reason beside it. `function` gave it up; `reason`
    /// holds nothing personal.
    ///
    /// # Errors
    /// [`QueueError`]; the message is still where it was.
    pub async fn bury(&self, body: &str, function: &str, reason: &str) -> Result<(), QueueError> {
        let attribute = |text: &str| {
            let value = MessageAttributeValue::builder().data_type("String").string_value(text).build();
            value.map_err(|_| QueueError::Unserialisable)
        };
        let request = self.client.send_message().queue_url(&self.url).message_body(body);
        let request = request
            .message_attributes(FUNCTION, attribute(function)?)
            .message_attributes(BURIED_FOR, attribute(reason)?);
        request.send().await.map(drop).map_err(|error| failed(&error))
    }

    /// Lets a message that was received, and not finished, come back `delay` from now instead of after the
    /// queue's visibility timeout.
    ///
    /// # Errors
    /// [`QueueError`]; the message then comes back when its visibility timeout ends.
    pub async fn come_back_in(&self, receipt_handle: &str, delay: Duration) -> Result<(), QueueError> {
        let request =
            self.client.change_message_visibility().queue_url(&self.url).receipt_handle(receipt_handle);
        let delay = whole_seconds(delay)?;
        request.visibility_timeout(delay).send().await.map(drop).map_err(|error| failed(&error))
    }
}

/// Never contains the message.
fn failed<E: ProvideErrorMetadata>(error: &SdkError<E>) -> QueueError {
    match error {
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or("unknown").to_owned();
            let passing = service.raw().status().is_server_error() || code.contains("Throttl");
            if passing { QueueError::Unavailable { reason: code } } else { QueueError::Rejected { code } }
        }
        SdkError::ConstructionFailure(_) => QueueError::Rejected { code: "not sent".to_owned() },
        _ => QueueError::Unavailable { reason: "no answer".to_owned() },
    }
}

fn whole_seconds(delay: Duration) -> Result<i32, QueueError> {
    if delay > MAX_DELAY {
        return Err(QueueError::Delay(delay));
    }
    let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
    i32::try_from(seconds).map_err(|_| QueueError::Delay(delay))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_rounded_up_and_has_a_limit() {
        assert_eq!(whole_seconds(Duration::ZERO), Ok(0));
        assert_eq!(whole_seconds(Duration::from_millis(1)), Ok(1));
        assert_eq!(whole_seconds(MAX_DELAY), Ok(900));
        let over = MAX_DELAY + Duration::from_millis(1);
        assert_eq!(whole_seconds(over), Err(QueueError::Delay(over)));
    }
}
