//! Does what the queue of endpoints asks for: gives events to endpoints, and sends each what is due.

use std::time::Duration;

use domain::endpoint::attempt::Next;
use domain::endpoint::delivery::Skip;
use domain::endpoint::{Disabled, EndpointId};
use domain::{BusinessId, Timestamp};
use platform::Clock;
use platform::queues::MAX_DELAY;
use platform::telemetry::{Unit, metric};
use providers::endpoint_http;
use stores::endpoints::{Reader, StoredEndpoint, Writer};
use stores::notifications;
use tokio::time::Instant;

use super::sending::{Attempt, Courier};
use crate::edge::QueueFunction;
use crate::edge::batch::{Delivery, JobError};
use crate::edge::inbox::{Inbox, Jobs};
use crate::edge::parts::parts;
use crate::jobs::{EndpointJob, NotificationJob};

/// How long one job sends; what is left is another one's. The template gives the function two minutes.
const SENDS_FOR: Duration = Duration::from_secs(45);
/// Longer than a job has a slot: it sends, makes its last attempt and notes it.
const SLOT_HELD: Duration = Duration::from_secs(SENDS_FOR.as_secs() + endpoint_http::WITHIN.as_secs() + 30);
/// A change that others overtake is tried so often with what they left.
const TRIES: usize = 5;

parts! {
    pub struct Worker {
        clock: Clock,
        reader: Reader,
        writer: Writer,
        courier: Courier,
        notifications: notifications::Reader,
        notices: Jobs<NotificationJob>,
        inbox: Inbox<EndpointJob>,
    }
}

impl QueueFunction for Worker {
    const NAME: &'static str = "endpoint-step";

    type Job = EndpointJob;

    fn inbox(&self) -> &Inbox<EndpointJob> {
        &self.inbox
    }

    async fn handle(&self, job: EndpointJob, _: Delivery) -> Result<(), JobError> {
        match job {
            EndpointJob::Give { business } => self.give(&business).await,
            EndpointJob::Serve { business, endpoint } => Box::pin(self.serve(&business, &endpoint)).await,
            EndpointJob::Recover { business, endpoint, since, before } => {
                self.recover((&business, &endpoint), since, before).await
            }
            EndpointJob::Gone { business, endpoint } => {
                self.disable(&business, &endpoint, Disabled::Gone).await
            }
        }
    }
}

/// How the work on what is due ended.
#[derive(PartialEq, Eq)]
enum Worked {
    /// Nothing is due that another worker does not have.
    Off,
    /// Time is up.
    TimeIsUp,
    /// The endpoint is told nothing more.
    Disabled,
}

impl Worker {
    async fn give(&self, business: &BusinessId) -> Result<(), JobError> {
        // Those who tell of events know one queue. People are told by another worker, which waits for no endpoint.
        if self.notifications.has_any(business).await? {
            let job = NotificationJob::Give { business: business.clone() };
            let sent = self.notices.send(&job, Duration::ZERO).await;
            sent.map_err(|error| JobError::new("queue", error))?;
        }
        let mut given = self.writer.give(business, self.clock.now()).await?;
        given.to.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        given.to.dedup();
        for endpoint in &given.to {
            self.serve_again(business, endpoint, Duration::ZERO).await?;
        }
        match given.more {
            true => self.send(&EndpointJob::Give { business: business.clone() }, Duration::ZERO).await,
            false => Ok(()),
        }
    }

    /// Sends an endpoint what is due, while there is a slot for it. A job that finds none leaves it to those that have one:
    /// they look again after they have given it back.
    async fn serve(&self, business: &BusinessId, id: &EndpointId) -> Result<(), JobError> {
        let until = Instant::now() + SENDS_FOR;
        loop {
            let stored = match self.reader.one(business, id).await? {
                None => return self.skip((business, id), Skip::Deleted).await,
                Some(stored) if stored.endpoint.disabled.is_some() => {
                    return self.skip((business, id), Skip::Disabled).await;
                }
                Some(stored) => stored,
            };
            let slot = self.writer.take_slot(business, id, SLOT_HELD, self.clock.now()).await?;
            let Some(slot) = slot else { return Ok(()) };
            let worked = Box::pin(self.work(business, &stored, until)).await;
            self.writer.give_back(&slot).await?;
            match worked? {
                Worked::TimeIsUp => return self.serve_again(business, id, Duration::ZERO).await,
                Worked::Off if self.reader.due(business, id, self.clock.now()).await?.is_empty() => {
                    return Ok(());
                }
                // Something came while the slot was given back, or others are at it.
                Worked::Off if Instant::now() < until => tokio::time::sleep(PAUSE).await,
                Worked::Off => return self.serve_again(business, id, Duration::from_secs(1)).await,
                Worked::Disabled => {}
            }
        }
    }

    async fn work(
        &self,
        business: &BusinessId,
        to: &StoredEndpoint,
        until: Instant,
    ) -> Result<Worked, JobError> {
        let id = &to.endpoint.id;
        loop {
            let mut made = false;
            for (due, sequence) in self.reader.due(business, id, self.clock.now()).await? {
                if Instant::now() >= until {
                    return Ok(Worked::TimeIsUp);
                }
                let found = self.reader.delivery(business, id, sequence, self.clock.now()).await?;
                let Some(found) = found.filter(|found| found.delivery.due() == Some(due)) else {
                    self.writer.drop_due((business, id), (due, sequence)).await?;
                    continue;
                };
                let Attempt::Made(attempt) = self.courier.attempt(business, to, found, false).await? else {
                    continue;
                };
                made = true;
                if let Some(why) = attempt.disable {
                    self.disable(business, id, why).await?;
                    return Ok(Worked::Disabled);
                }
                if let Next::Again { at, .. } = attempt.next {
                    // What waits for longer than a queue can is found by the sweep.
                    let wait = at.since(self.clock.now());
                    if wait <= MAX_DELAY {
                        self.serve_again(business, id, wait).await?;
                    }
                }
            }
            if !made {
                return Ok(Worked::Off);
            }
        }
    }

    /// Ends what waits for an endpoint that is told nothing any more.
    async fn skip(&self, of: (&BusinessId, &EndpointId), why: Skip) -> Result<(), JobError> {
        let until = Instant::now() + SENDS_FOR;
        while !self.writer.skip(of, why, self.clock.now()).await? {
            if Instant::now() >= until {
                return self.serve_again(of.0, of.1, Duration::ZERO).await;
            }
        }
        Ok(())
    }

    async fn recover(
        &self,
        of: (&BusinessId, &EndpointId),
        since: Timestamp,
        before: Option<u64>,
    ) -> Result<(), JobError> {
        let is_told = self.reader.one(of.0, of.1).await?.is_some_and(|one| one.endpoint.disabled.is_none());
        if !is_told {
            return Ok(());
        }
        let (count, next) = self.writer.recover(of, since, before, self.clock.now()).await?;
        let (business, endpoint) = (of.0.clone(), of.1.clone());
        tracing::info!(%business, %endpoint, count, "deliveries are due again");
        if let Some(before) = next {
            let job = EndpointJob::Recover { business, endpoint, since, before: Some(before) };
            self.send(&job, Duration::ZERO).await?;
        }
        self.serve_again(of.0, of.1, Duration::ZERO).await
    }

    /// Tells an endpoint nothing more, whatever else is changed of it meanwhile, and has its business told.
    async fn disable(&self, business: &BusinessId, id: &EndpointId, why: Disabled) -> Result<(), JobError> {
        for _ in 0..TRIES {
            let stored = self.reader.one(business, id).await?;
            let Some(stored) = stored.filter(|stored| stored.endpoint.disabled.is_none()) else {
                return Ok(());
            };
            if self.writer.disable(business, &stored, why, self.clock.now()).await? {
                let reason = why.as_str();
                tracing::warn!(%business, endpoint = %id, reason, "an endpoint is told nothing any more");
                metric("EndpointsDisabled", 1.0, Unit::Count, &[("Reason", reason)]);
                self.send(&EndpointJob::Give { business: business.clone() }, Duration::ZERO).await?;
                return self.serve_again(business, id, Duration::ZERO).await;
            }
        }
        Err(JobError::new("contended", "the endpoint is being changed by others"))
    }

    async fn serve_again(
        &self,
        business: &BusinessId,
        endpoint: &EndpointId,
        wait: Duration,
    ) -> Result<(), JobError> {
        let job = EndpointJob::Serve { business: business.clone(), endpoint: endpoint.clone() };
        self.send(&job, wait).await
    }

    async fn send(&self, job: &EndpointJob, wait: Duration) -> Result<(), JobError> {
        self.inbox.jobs.send(job, wait).await.map_err(|error| JobError::new("queue", error))
    }
}

/// Between two looks at what others may be at.
const PAUSE: Duration = Duration::from_millis(200);
