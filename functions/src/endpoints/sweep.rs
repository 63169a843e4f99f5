//! Finds events that no job was sent for, or whose job was lost, and deliveries whose time has come.

use std::time::Duration;

use domain::{BusinessId, Timestamp};
use futures_util::{StreamExt as _, stream};
use platform::queues::QueueError;
use stores::StoreError;
use stores::endpoints::{Reader, Writer};
use tokio::sync::Mutex;

use crate::edge::ScheduledFunction;
use crate::edge::batch::JobError;
use crate::edge::inbox::Jobs;
use crate::edge::parts::parts;
use crate::edge::tally::Tally;
use crate::jobs::EndpointJob;

/// A tick ends by itself before Lambda ends it; the template gives the function a minute.
const WITHIN: Duration = Duration::from_secs(50);
/// Businesses that are looked at at once.
const AT_ONCE: usize = 8;

parts! {
    pub struct Sweep {
        reader: Reader,
        writer: Writer,
        jobs: Jobs<EndpointJob>,
    }
}

#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl ScheduledFunction for Sweep {
    const NAME: &'static str = "endpoint-sweep";

    async fn tick(&self, now: Timestamp) -> Result<(), JobError> {
        let failures = Mutex::new(Tally::default());
        let swept = tokio::time::timeout(WITHIN, self.sweep(now, &failures)).await;
        let failures = failures.into_inner();
        let failed = !failures.is_empty();
        failures.complain("events are not given to endpoints");
        match swept {
            Err(_) => Err(JobError::new("timeout", "there were more businesses than a tick has time for")),
            Ok(Err(error)) => Err(JobError::new("store", error)),
            Ok(Ok(())) if failed => Err(JobError::new("endpoint", "some businesses were not looked at")),
            Ok(Ok(())) => Ok(()),
        }
    }
}

impl Sweep {
    async fn sweep(&self, now: Timestamp, failures: &Mutex<Tally>) -> Result<(), StoreError> {
        for share in Reader::shares() {
            let served = self.reader.served(share).await?;
            let looking = stream::iter(&served).for_each_concurrent(AT_ONCE, |business| async move {
                if let Err(error) = self.look(business, now).await {
                    failures.lock().await.add("business", format_args!("{business}: {error}"));
                }
            });
            looking.await;
        }
        Ok(())
    }

    async fn look(&self, business: &BusinessId, now: Timestamp) -> Result<(), SweepError> {
        if self.writer.lags(business).await? {
            self.jobs.send(&EndpointJob::Give { business: business.clone() }, Duration::ZERO).await?;
        }
        let names = self.reader.names(business).await?;
        if names.is_empty() {
            self.writer.leave(business).await?;
        }
        for endpoint in names {
            if !self.reader.due(business, &endpoint, now).await?.is_empty() {
                let job = EndpointJob::Serve { business: business.clone(), endpoint };
                self.jobs.send(&job, Duration::ZERO).await?;
            }
        }
        Ok(())
    }
}
