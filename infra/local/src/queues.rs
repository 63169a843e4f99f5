//! Feeds queue functions as Lambda's event source mapping does: long poll, batch, delete what succeeded.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Config;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use tokio_util::sync::CancellationToken;

use functions::edge::loaded::BatchHandler;

/// The longest poll that SQS knows.
const POLL_S: i32 = 20;
/// How much longer than its wait a poll may take.
const POLL_SLACK: Duration = Duration::from_secs(10);
/// How long an endpoint that does not answer is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// One queue and the function that works it.
#[derive(Clone)]
pub struct Source {
    pub client: Client,
    pub url: String,
    pub batch_size: i32,
    pub handler: Arc<dyn BatchHandler>,
}

impl Source {
    /// Works the queue until `stop`. A batch in hand is finished first; what was only received comes back
    /// after its visibility timeout.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            let received = tokio::select! {
                () = stop.cancelled() => return,
                received = self.receive() => received,
            };
            match received {
                Ok(messages) if messages.is_empty() => {}
                Ok(messages) => self.work(messages).await,
                Err(error) => {
                    tracing::error!(%error, queue = self.url, "cannot poll");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn receive(&self) -> Result<Vec<Message>, aws_sdk_sqs::Error> {
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(self.batch_size)
            .wait_time_seconds(POLL_S)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .customize()
            .config_override(Config::builder().timeout_config(patient()))
            .send()
            .await?;
        Ok(answer.messages.unwrap_or_default())
    }

    async fn work(&self, messages: Vec<Message>) {
        let mut event = SqsEvent::default();
        event.records = messages.iter().map(record).collect();
        let handler = Arc::clone(&self.handler);
        // As on Lambda, a function that panics fails its whole batch, and the next batch finds it in order.
        let Ok(response) = tokio::spawn(async move { handler.handle(event).await }).await else {
            tracing::error!(
                queue = self.url,
                "the function panicked: its batch waits for the visibility timeout"
            );
            return;
        };
        for message in messages {
            let failed = is_failed(&response, message.message_id());
            let (false, Some(receipt)) = (failed, message.receipt_handle()) else { continue };
            let deleted =
                self.client.delete_message().queue_url(&self.url).receipt_handle(receipt).send().await;
            if let Err(error) = deleted {
                let error = aws_sdk_sqs::Error::from(error);
                tracing::error!(%error, queue = self.url, "a finished message stays; its job will find nothing to do");
            }
        }
    }
}

/// A poll waits longer than any other request may, and one that is given up loses what it was about to receive
/// until the visibility timeout.
fn patient() -> TimeoutConfig {
    let limit = Duration::from_secs(POLL_S as u64) + POLL_SLACK;
    TimeoutConfig::builder()
        .read_timeout(limit)
        .operation_attempt_timeout(limit)
        .operation_timeout(limit)
        .build()
}

/// Lambda's rule: an identifier that names no message of the batch fails the whole batch.
fn is_failed(response: &SqsBatchResponse, id: Option<&str>) -> bool {
    let failures = &response.batch_item_failures;
    failures.iter().any(|failure| failure.item_identifier.is_empty())
        || failures.iter().any(|failure| Some(failure.item_identifier.as_str()) == id)
}

fn record(message: &Message) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.message_id = message.message_id.clone();
    record.receipt_handle = message.receipt_handle.clone();
    record.body = message.body.clone();
    record.attributes = message
        .attributes
        .iter()
        .flatten()
        .map(|(name, value)| (name.as_str().to_owned(), value.clone()))
        .collect();
    record
}

#[cfg(test)]
mod tests {
    use futures_util::future::BoxFuture;
    use platform::aws::Aws;
    use platform::env::MapEnv;
    use tokio::sync::mpsc;

    use super::*;

    /// Says what it was given, and panics at poison.
    struct Fragile(mpsc::UnboundedSender<String>);

    impl BatchHandler for Fragile {
        fn handle(&self, event: SqsEvent) -> BoxFuture<'_, SqsBatchResponse> {
            Box::pin(async move {
                for body in event.records.into_iter().filter_map(|record| record.body) {
                    self.0.send(body.clone()).unwrap();
                    assert_ne!(body, "poison");
                }
                SqsBatchResponse::default()
            })
        }
    }

    /// Fault 41.
    #[tokio::test]
    async fn a_function_that_panics_is_there_for_the_next_batch() {
        let endpoints = local_aws::Endpoints::start(local_aws::Config::default()).await.unwrap();
        let aws = Aws::load(&endpoints.env().into_iter().collect::<MapEnv>()).await.unwrap();
        let queue = aws.sqs.create_queue().queue_name("jobs").send().await.unwrap().queue_url.unwrap();
        let (given, mut seen) = mpsc::unbounded_channel();
        let handler = Arc::new(Fragile(given));
        let source = Source { client: aws.sqs.clone(), url: queue.clone(), batch_size: 1, handler };
        let stop = CancellationToken::new();
        let running = tokio::spawn(source.run(stop.clone()));
        for body in ["poison", "sound"] {
            aws.sqs.send_message().queue_url(&queue).message_body(body).send().await.unwrap();
            assert_eq!(seen.recv().await.as_deref(), Some(body));
        }
        stop.cancel();
        running.await.unwrap();
        endpoints.shutdown().await;
    }
}
