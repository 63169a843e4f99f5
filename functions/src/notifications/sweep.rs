//! Finds events that no job was sent for, or whose job was lost, and notifications whose time has come.

use std::time::Duration;

use domain::{BusinessId, Timestamp};
use futures_util::{StreamExt as _, stream};
use platform::queues::QueueError;
use stores::StoreError;
use stores::notifications::{Reader, Writer};
use tokio::sync::Mutex;

use crate::edge::ScheduledFunction;
use crate::edge::batch::JobError;
use crate::edge::inbox::Jobs;
use crate::edge::parts::parts;
use crate::edge::tally::Tally;
use crate::jobs::NotificationJob;

/// A tick ends by itself before Lambda ends it; the template gives the function a minute.
const WITHIN: Duration = Duration::from_secs(50);
/// Businesses that are looked at at once.
const AT_ONCE: usize = 8;

parts! {
    pub struct Sweep {
        reader: Reader,
        writer: Writer,
        jobs: Jobs<NotificationJob>,
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
    const NAME: &'static str = "notification-sweep";

    async fn tick(&self, now: Timestamp) -> Result<(), JobError> {
        let failures = Mutex::new(Tally::default());
        let swept = tokio::time::timeout(WITHIN, self.sweep(now, &failures)).await;
        let failures = failures.into_inner();
        let failed = !failures.is_empty();
        failures.complain("people are not notified");
        match swept {
            Err(_) => Err(JobError::new("timeout", "there were more businesses than a tick has time for")),
            Ok(Err(error)) => Err(JobError::new("store", error)),
            Ok(Ok(())) if failed => Err(JobError::new("notification", "some businesses were not looked at")),
            Ok(Ok(())) => Ok(()),
        }
    }
}

impl Sweep {
    async fn sweep(&self, now: Timestamp, failures: &Mutex<Tally>) -> Result<(), StoreError> {
        for share in Reader::shares() {
            let notifying = self.reader.notifying(share).await?;
            let looking = stream::iter(&notifying).for_each_concurrent(AT_ONCE, |business| async move {
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
            self.jobs.send(&NotificationJob::Give { business: business.clone() }, Duration::ZERO).await?;
        }
        for (due, place) in self.reader.due(business, now).await? {
            let found = self.reader.notice(business, &place, now).await?;
            if found.is_some_and(|found| found.notice.due() == Some(due)) {
                let job = NotificationJob::Send { business: business.clone(), place };
                self.jobs.send(&job, Duration::ZERO).await?;
            } else {
                self.writer.drop_due(business, due, &place).await?;
            }
        }
        // What waits for one that is gone is ended when its time comes.
        let waits = || self.reader.due(business, Timestamp(i64::MAX));
        if !self.reader.has_any(business).await? && waits().await?.is_empty() {
            self.writer.leave(business).await?;
        }
        Ok(())
    }
}
