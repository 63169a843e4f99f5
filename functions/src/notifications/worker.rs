//! Does what the queue of notifications asks for: gives events to receivers, and sends each notification that is due.

use std::time::Duration;

use domain::BusinessId;
use domain::notification::notice::{Came, Skip};
use domain::notification::{Disabled, ReceiverId};
use platform::Clock;
use platform::queues::MAX_DELAY;
use platform::telemetry::{Unit, metric};
use stores::contacts;
use stores::notifications::{Place, Reader, Writer};

use super::sending::{Attempt, Postman};
use crate::edge::QueueFunction;
use crate::edge::batch::{Delivery, JobError};
use crate::edge::inbox::{Inbox, Jobs};
use crate::edge::parts::parts;
use crate::jobs::{EndpointJob, NotificationJob};
use crate::shared::telling::tell_endpoints;

/// A change that others overtake is tried so often with what they left.
const TRIES: usize = 5;

parts! {
    pub struct Worker {
        clock: Clock,
        reader: Reader,
        writer: Writer,
        postman: Postman,
        contacts: contacts::Reader,
        endpoints: Jobs<EndpointJob>,
        inbox: Inbox<NotificationJob>,
    }
}

impl QueueFunction for Worker {
    const NAME: &'static str = "notification-step";

    type Job = NotificationJob;

    fn inbox(&self) -> &Inbox<NotificationJob> {
        &self.inbox
    }

    async fn handle(&self, job: NotificationJob, _: Delivery) -> Result<(), JobError> {
        match job {
            NotificationJob::Give { business } => self.give(&business).await,
            NotificationJob::Send { business, place } => Box::pin(self.send(&business, &place)).await,
        }
    }
}

impl Worker {
    async fn give(&self, business: &BusinessId) -> Result<(), JobError> {
        let given = self.writer.give(business, self.clock.now()).await?;
        for place in &given.to {
            self.send_in(business, place, Duration::ZERO).await?;
        }
        match given.more {
            true => self.queue(&NotificationJob::Give { business: business.clone() }, Duration::ZERO).await,
            false => Ok(()),
        }
    }

    async fn send(&self, business: &BusinessId, place: &Place) -> Result<(), JobError> {
        let now = self.clock.now();
        let Some(seen) = self.reader.notice(business, place, now).await? else { return Ok(()) };
        let attempt = match self.reader.one(business, &place.receiver).await? {
            None => self.postman.skip(business, &seen, Skip::Deleted).await?,
            Some(to) if to.receiver.disabled.is_some() => {
                self.postman.skip(business, &seen, Skip::Disabled).await?
            }
            Some(to) => Box::pin(self.postman.attempt(business, &to, seen, &self.contacts)).await?,
        };
        let Attempt::Made(stored, came) = attempt else { return Ok(()) };
        if let Some(Came::Gone { why }) = came {
            self.disable(business, &place.receiver, why).await?;
        }
        // What waits for longer than a queue can is found by the sweep.
        let wait = stored.notice.due().map(|due| due.since(self.clock.now()));
        match wait.filter(|wait| *wait <= MAX_DELAY) {
            Some(wait) => self.send_in(business, place, wait).await,
            None => Ok(()),
        }
    }

    /// Tells a receiver nothing more, whatever else is changed of it meanwhile, and has its business told.
    async fn disable(&self, business: &BusinessId, id: &ReceiverId, why: Disabled) -> Result<(), JobError> {
        for _ in 0..TRIES {
            let stored = self.reader.one(business, id).await?;
            let Some(stored) = stored.filter(|stored| stored.receiver.disabled.is_none()) else {
                return Ok(());
            };
            if self.writer.disable(business, &stored, why, self.clock.now()).await? {
                let reason = why.as_str();
                tracing::warn!(%business, receiver = %id, reason, "a receiver is told nothing any more");
                metric("ReceiversDisabled", 1.0, Unit::Count, &[("Reason", reason)]);
                tell_endpoints(&self.endpoints, business).await;
                return Ok(());
            }
        }
        Err(JobError::new("contended", "the receiver is being changed by others"))
    }

    async fn send_in(&self, business: &BusinessId, place: &Place, wait: Duration) -> Result<(), JobError> {
        let job = NotificationJob::Send { business: business.clone(), place: place.clone() };
        self.queue(&job, wait).await
    }

    async fn queue(&self, job: &NotificationJob, wait: Duration) -> Result<(), JobError> {
        self.inbox.jobs.send(job, wait).await.map_err(|error| JobError::new("queue", error))
    }
}
