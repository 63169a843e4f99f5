//! Finds campaigns whose time has come, and those whose job was lost.

use std::time::Duration;

use domain::Timestamp;
use futures_util::{StreamExt as _, stream};
use stores::StoreError;
use stores::campaigns::Reader;
use tokio::sync::Mutex;

use crate::edge::ScheduledFunction;
use crate::edge::batch::JobError;
use crate::edge::inbox::Jobs;
use crate::edge::parts::parts;
use crate::edge::tally::Tally;
use crate::jobs::CampaignJob;

/// A tick ends by itself before Lambda ends it; the template gives the function a minute.
const WITHIN: Duration = Duration::from_secs(50);
/// Jobs that are sent at once.
const AT_ONCE: usize = 8;

parts! {
    pub struct Sweep {
        reader: Reader,
        jobs: Jobs<CampaignJob>,
    }
}

impl ScheduledFunction for Sweep {
    const NAME: &'static str = "campaign-sweep";

    async fn tick(&self, _: Timestamp) -> Result<(), JobError> {
        let failures = Mutex::new(Tally::default());
        let swept = tokio::time::timeout(WITHIN, self.sweep(&failures)).await;
        let failures = failures.into_inner();
        let failed = !failures.is_empty();
        failures.complain("campaigns are not worked on");
        match swept {
            Err(_) => Err(JobError::new("timeout", "there were more campaigns than a tick has time for")),
            Ok(Err(error)) => Err(JobError::new("store", error)),
            Ok(Ok(())) if failed => Err(JobError::new("campaign", "some campaigns were not looked at")),
            Ok(Ok(())) => Ok(()),
        }
    }
}

impl Sweep {
    async fn sweep(&self, failures: &Mutex<Tally>) -> Result<(), StoreError> {
        for share in Reader::shares() {
            let working = self.reader.with_work(share).await?;
            let sending =
                stream::iter(working).for_each_concurrent(AT_ONCE, |(business, campaign)| async move {
                    let name = campaign.to_string();
                    let job = CampaignJob::Work { business, campaign, turn: None };
                    if let Err(error) = self.jobs.send(&job, Duration::ZERO).await {
                        failures.lock().await.add("campaign", format_args!("{name}: {error}"));
                    }
                });
            sending.await;
        }
        Ok(())
    }
}
