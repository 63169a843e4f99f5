//! The operations: a request read, one transaction, a response written, and those woken who wait for what it changed.

use std::time::Duration;

use rusqlite::Transaction;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::arrivals::Arrivals;
use super::checks::{check_batch, check_batch_size, within};
use super::errors::SqsError;
use super::messages::{self, Wanted};
use super::queues::{self, Queue};
use super::redrive;
use super::settings::{MAX_VISIBILITY_SECONDS, MAX_WAIT_SECONDS};
use super::wire::*;
use crate::ACCOUNT_ID;
use crate::clock::Clock;
use crate::database::Database;

/// The most messages of one receive.
const MAX_RECEIVED: i64 = 10;
/// The most queues of one listing.
const MAX_QUEUES_LISTED: u32 = 1000;

pub(super) struct Sqs {
    database: Database,
    clock: Clock,
    arrivals: Arrivals,
    /// `http://127.0.0.1:<port>/<account>/`.
    queue_url_base: String,
    stopping: CancellationToken,
}

impl Sqs {
    pub(super) fn new(database: Database, base: &Url, clock: Clock, stopping: CancellationToken) -> Self {
        let queue_url_base = format!("{base}{ACCOUNT_ID}/");
        Self { database, clock, arrivals: Arrivals::new(), queue_url_base, stopping }
    }

    /// Runs one operation on its JSON request and returns its JSON response.
    pub(super) async fn perform(&self, operation: &str, request: &[u8]) -> Result<String, SqsError> {
        match operation {
            "CreateQueue" => json(self.create_queue(read(request)?).await?),
            "GetQueueUrl" => json(self.queue_url(read(request)?).await?),
            "ListQueues" => json(self.list_queues(read(request)?).await?),
            "GetQueueAttributes" => json(self.queue_attributes(read(request)?).await?),
            "SetQueueAttributes" => json(self.set_queue_attributes(read(request)?).await?),
            "DeleteQueue" => json(self.delete_queue(read(request)?).await?),
            "PurgeQueue" => json(self.purge_queue(read(request)?).await?),
            "SendMessage" => json(self.send(read(request)?).await?),
            "SendMessageBatch" => json(self.send_batch(read(request)?).await?),
            "ReceiveMessage" => json(self.receive(read(request)?).await?),
            "DeleteMessage" => json(self.delete(read(request)?).await?),
            "DeleteMessageBatch" => json(self.delete_batch(read(request)?).await?),
            "ChangeMessageVisibility" => json(self.change_visibility(read(request)?).await?),
            "ChangeMessageVisibilityBatch" => json(self.change_visibility_batch(read(request)?).await?),
            "StartMessageMoveTask" => json(self.start_move_task(read(request)?).await?),
            "ListMessageMoveTasks" => json(self.list_move_tasks(read(request)?).await?),
            unknown => Err(SqsError::UnknownOperation(unknown.to_owned())),
        }
    }

    async fn create_queue(&self, request: CreateQueue) -> Result<QueueUrl, SqsError> {
        let queue_url = self.url_of(&request.queue_name);
        let now_ms = self.clock.now_ms();
        self.database
            .transact(move |tx| queues::create(tx, &request.queue_name, &request.attributes, now_ms))
            .await?;
        Ok(QueueUrl { queue_url })
    }

    async fn queue_url(&self, request: GetQueueUrl) -> Result<QueueUrl, SqsError> {
        let queue = self.database.transact(move |tx| queues::require(tx, &request.queue_name)).await?;
        Ok(QueueUrl { queue_url: self.url_of(&queue.name) })
    }

    async fn list_queues(&self, request: ListQueues) -> Result<QueueUrls, SqsError> {
        let limit = request.max_results.unwrap_or(MAX_QUEUES_LISTED).clamp(1, MAX_QUEUES_LISTED) as usize;
        let list = move |tx: &Transaction<'_>| {
            queues::list(tx, &request.queue_name_prefix, &request.next_token.unwrap_or_default(), limit)
        };
        let mut names = self.database.transact(list).await?;
        let more = names.len() > limit;
        names.truncate(limit);
        let next_token = names.last().filter(|_| more).cloned();
        Ok(QueueUrls { queue_urls: names.iter().map(|name| self.url_of(name)).collect(), next_token })
    }

    async fn queue_attributes(&self, request: GetQueueAttributes) -> Result<QueueAttributes, SqsError> {
        let name = name_in_url(&request.queue_url)?;
        let now_ms = self.clock.now_ms();
        let attributes = self
            .database
            .transact(move |tx| queues::attributes(tx, &name, &request.attribute_names, now_ms))
            .await?;
        Ok(QueueAttributes { attributes })
    }

    async fn set_queue_attributes(&self, request: SetQueueAttributes) -> Result<Done, SqsError> {
        let name = name_in_url(&request.queue_url)?;
        let now_ms = self.clock.now_ms();
        self.database
            .transact(move |tx| queues::set_attributes(tx, &name, &request.attributes, now_ms))
            .await?;
        Ok(Done {})
    }

    async fn delete_queue(&self, request: OfQueue) -> Result<Done, SqsError> {
        let name = name_in_url(&request.queue_url)?;
        let deleted = name.clone();
        self.database.transact(move |tx| queues::delete(tx, &deleted)).await?;
        self.arrivals.wake(&name);
        Ok(Done {})
    }

    async fn purge_queue(&self, request: OfQueue) -> Result<Done, SqsError> {
        self.on_queue(&request.queue_url, messages::purge).await?;
        Ok(Done {})
    }

    async fn send(&self, request: SendMessage) -> Result<SentMessage, SqsError> {
        let now_ms = self.clock.now_ms();
        let send =
            move |tx: &Transaction<'_>, queue: &Queue| messages::send(tx, queue, &request.message, now_ms);
        let sent = self.on_queue(&request.queue_url, send).await?;
        self.wake(&request.queue_url);
        Ok(sent)
    }

    async fn send_batch(&self, request: Batch<Outgoing>) -> Result<BatchResult<SentMessage>, SqsError> {
        check_batch(&request.entries)?;
        check_batch_size(&request.entries)?;
        let now_ms = self.clock.now_ms();
        let result = self.each(&request.queue_url, request.entries, move |tx, queue, message| {
            messages::send(tx, queue, &message, now_ms)
        });
        let result = result.await?;
        self.wake(&request.queue_url);
        Ok(result)
    }

    /// Takes what is visible; if nothing is, waits for a send, the return of a hidden message, or the end of the wait.
    async fn receive(&self, request: ReceiveMessage) -> Result<ReceivedMessages, SqsError> {
        let name = name_in_url(&request.queue_url)?;
        let messages =
            within("MaxNumberOfMessages", request.max_number_of_messages.unwrap_or(1), 1, MAX_RECEIVED)?;
        if let Some(seconds) = request.visibility_timeout {
            within("VisibilityTimeout", seconds, 0, MAX_VISIBILITY_SECONDS)?;
        }
        if let Some(seconds) = request.wait_time_seconds {
            within("WaitTimeSeconds", seconds, 0, MAX_WAIT_SECONDS)?;
        }
        let wanted = Wanted {
            messages: usize::try_from(messages).unwrap_or(1),
            visibility_seconds: request.visibility_timeout,
            system_attributes: [request.attribute_names, request.message_system_attribute_names].concat(),
            message_attributes: request.message_attribute_names,
        };
        let started = Instant::now();
        loop {
            let mut arrived = std::pin::pin!(self.arrivals.signal(&name).notified());
            arrived.as_mut().enable();
            // Asked for before the time is: a jump in between is not missed.
            let (mut jumps, now_ms) = (self.clock.jumps(), self.clock.now_ms());
            let (queue_name, wanted) = (name.clone(), wanted.clone());
            let take = move |tx: &Transaction<'_>| {
                let queue = queues::require(tx, &queue_name)?;
                Ok::<_, SqsError>((
                    messages::receive(tx, &queue, &wanted, now_ms)?,
                    queue.settings.wait_seconds,
                ))
            };
            let (received, queue_wait_seconds) = self.database.transact(take).await?;
            if let Some(target) = &received.dead_lettered_to {
                self.arrivals.wake(target);
            }
            let wait_seconds = request.wait_time_seconds.unwrap_or(queue_wait_seconds);
            let deadline = started + Duration::from_secs(wait_seconds.unsigned_abs());
            if !received.messages.is_empty() || Instant::now() >= deadline {
                return Ok(ReceivedMessages { messages: received.messages });
            }
            tokio::select! {
                () = arrived => {}
                () = jumps.next() => {}
                () = tokio::time::sleep_until(self.look_again_at(received.next_visible_ms, deadline)) => {}
                () = self.stopping.cancelled() => return Ok(ReceivedMessages { messages: Vec::new() }),
            }
        }
    }

    async fn delete(&self, request: OnReceipt) -> Result<Done, SqsError> {
        let delete = move |tx: &Transaction<'_>, queue: &Queue| {
            messages::delete(tx, queue, &request.receipt.receipt_handle)
        };
        self.on_queue(&request.queue_url, delete).await?;
        Ok(Done {})
    }

    async fn delete_batch(&self, request: Batch<Receipt>) -> Result<BatchResult<Done>, SqsError> {
        check_batch(&request.entries)?;
        let delete = |tx: &Transaction<'_>, queue: &Queue, receipt: Receipt| {
            messages::delete(tx, queue, &receipt.receipt_handle).map(|()| Done {})
        };
        self.each(&request.queue_url, request.entries, delete).await
    }

    async fn change_visibility(&self, request: OnReceipt) -> Result<Done, SqsError> {
        let Receipt { receipt_handle, visibility_timeout } = request.receipt;
        let now_ms = self.clock.now_ms();
        let change = move |tx: &Transaction<'_>, queue: &Queue| {
            messages::change_visibility(tx, queue, &receipt_handle, visibility_timeout, now_ms)
        };
        self.on_queue(&request.queue_url, change).await?;
        self.wake(&request.queue_url);
        Ok(Done {})
    }

    async fn change_visibility_batch(&self, request: Batch<Receipt>) -> Result<BatchResult<Done>, SqsError> {
        check_batch(&request.entries)?;
        let now_ms = self.clock.now_ms();
        let change = move |tx: &Transaction<'_>, queue: &Queue, receipt: Receipt| {
            messages::change_visibility(
                tx,
                queue,
                &receipt.receipt_handle,
                receipt.visibility_timeout,
                now_ms,
            )
            .map(|()| Done {})
        };
        let result = self.each(&request.queue_url, request.entries, change).await?;
        self.wake(&request.queue_url);
        Ok(result)
    }

    async fn start_move_task(&self, request: StartMessageMoveTask) -> Result<StartedMoveTask, SqsError> {
        if request.max_number_of_messages_per_second.is_some() {
            let message = "A move is made at once here: leave MaxNumberOfMessagesPerSecond out.";
            return Err(SqsError::UnsupportedOperation(message.to_owned()));
        }
        let now_ms = self.clock.now_ms();
        let start = move |tx: &Transaction<'_>| {
            redrive::start_move(tx, &request.source_arn, request.destination_arn.as_deref(), now_ms)
        };
        let moved = self.database.transact(start).await?;
        for queue in &moved.into {
            self.arrivals.wake(queue);
        }
        Ok(StartedMoveTask { task_handle: moved.handle })
    }

    async fn list_move_tasks(&self, request: ListMessageMoveTasks) -> Result<MoveTasks, SqsError> {
        let list = move |tx: &Transaction<'_>| redrive::moves(tx, &request.source_arn, request.max_results);
        Ok(MoveTasks { results: self.database.transact(list).await? })
    }

    /// Runs `work` on the queue that a URL names.
    async fn on_queue<T: Send + 'static>(
        &self,
        queue_url: &str,
        work: impl FnOnce(&Transaction<'_>, &Queue) -> Result<T, SqsError> + Send + 'static,
    ) -> Result<T, SqsError> {
        let name = name_in_url(queue_url)?;
        self.database.transact(move |tx| work(tx, &queues::require(tx, &name)?)).await
    }

    /// Runs `work` on each entry of a batch. An entry fails by itself, unless the store does.
    async fn each<I: Send + 'static, T: Send + 'static>(
        &self,
        queue_url: &str,
        entries: Vec<BatchEntry<I>>,
        work: impl Fn(&Transaction<'_>, &Queue, I) -> Result<T, SqsError> + Send + 'static,
    ) -> Result<BatchResult<T>, SqsError> {
        let run = move |tx: &Transaction<'_>, queue: &Queue| {
            let mut result = BatchResult { successful: Vec::new(), failed: Vec::new() };
            for BatchEntry { id, item } in entries {
                match work(tx, queue, item) {
                    Ok(done) => result.successful.push(BatchSuccess { id, result: done }),
                    Err(SqsError::Internal(error)) => return Err(SqsError::Internal(error)),
                    Err(error) => result.failed.push(BatchFailure {
                        id,
                        sender_fault: error.is_senders_fault(),
                        code: error.code().to_owned(),
                        message: error.to_string(),
                    }),
                }
            }
            Ok(result)
        };
        self.on_queue(queue_url, run).await
    }

    /// When a waiting receive looks again of itself: as the next hidden message comes back, or at its deadline.
    fn look_again_at(&self, next_visible_ms: Option<i64>, deadline: Instant) -> Instant {
        let Some(next_visible_ms) = next_visible_ms else { return deadline };
        let until_then =
            Duration::from_millis(u64::try_from(next_visible_ms - self.clock.now_ms()).unwrap_or(0));
        deadline.min(Instant::now() + until_then)
    }

    fn wake(&self, queue_url: &str) {
        if let Ok(name) = name_in_url(queue_url) {
            self.arrivals.wake(&name);
        }
    }

    fn url_of(&self, name: &str) -> String {
        format!("{}{name}", self.queue_url_base)
    }
}

/// The queue's name in a queue URL. The host does not count: a URL stays good when the port changes at a restart.
fn name_in_url(queue_url: &str) -> Result<String, SqsError> {
    let mut segments = queue_url.rsplit('/');
    match (segments.next(), segments.next()) {
        (Some(name), Some(ACCOUNT_ID)) if !name.is_empty() => Ok(name.to_owned()),
        _ => Err(SqsError::QueueDoesNotExist),
    }
}

fn read<T: DeserializeOwned>(request: &[u8]) -> Result<T, SqsError> {
    serde_json::from_slice(request).map_err(|error| SqsError::MalformedInput(error.to_string()))
}

fn json(response: impl Serialize) -> Result<String, SqsError> {
    Ok(serde_json::to_string(&response)?)
}
