//! Finds calls to the people of leads whose job was lost.

use std::time::Duration;

use domain::Timestamp;
use futures_util::{StreamExt as _, stream};
use stores::leads::{DueCall, Reader};
use tokio::sync::Mutex;

use crate::edge::ScheduledFunction;
use crate::edge::batch::JobError;
use crate::edge::inbox::Jobs;
use crate::edge::parts::parts;
use crate::edge::tally::Tally;
use crate::jobs::LeadJob;

/// A tick ends by itself before Lambda ends it; the template gives the function a minute.
const WITHIN: Duration = Duration::from_secs(50);
/// Jobs that are sent at once.
const AT_ONCE: usize = 8;
/// The job that came with the lead has so long.
const LATER: Duration = Duration::from_secs(45);

parts! {
    pub struct Sweep {
        reader: Reader,
        jobs: Jobs<LeadJob>,
    }
}

impl ScheduledFunction for Sweep {
    const NAME: &'static str = "lead-sweep";

    async fn tick(&self, now: Timestamp) -> Result<(), JobError> {
        let failures = Mutex::new(Tally::default());
        let swept = tokio::time::timeout(WITHIN, self.sweep(now, &failures)).await;
        let failures = failures.into_inner();
        let failed = !failures.is_empty();
        failures.complain("leads are not called");
        match swept {
            Err(_) => Err(JobError::new("timeout", "there were more leads than a tick has time for")),
            Ok(Err(error)) => Err(JobError::new("store", error)),
            Ok(Ok(())) if failed => Err(JobError::new("lead", "some leads were not looked at")),
            Ok(Ok(())) => Ok(()),
        }
    }
}

impl Sweep {
    async fn sweep(&self, now: Timestamp, failures: &Mutex<Tally>) -> Result<(), stores::StoreError> {
        let due = self.reader.due(now.minus(LATER)).await?;
        let sending = stream::iter(due).for_each_concurrent(AT_ONCE, |due| async move {
            let DueCall { business, source, lead } = due;
            let job = LeadJob::Call { business, source, lead };
            if let Err(error) = self.jobs.send(&job, Duration::ZERO).await {
                failures.lock().await.add("lead", format_args!("{lead}: {error}"));
            }
        });
        sending.await;
        Ok(())
    }
}
