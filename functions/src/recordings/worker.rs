//! The recordings queue's worker: what it is made of, and which job is whose.

mod account;
mod archive;
mod copy;
mod erase;
mod look_up;

use std::collections::HashSet;
use std::sync::Mutex;

use domain::business::RecordingPolicy;
use domain::{CallSid, RecordingSid};
use platform::Clock;
use platform::objects::Objects;
use providers::twilio_rest::{TwilioAccounts, TwilioRest};
use stores::leases::Leases;
use stores::{StoreError, businesses, calls, recordings};

use crate::edge::QueueFunction;
use crate::edge::batch::{Delivery, JobError};
use crate::edge::inbox::{Inbox, Jobs};
use crate::edge::parts::parts;
use crate::jobs::{InsightsJob, RecordingJob, TranscriptJob};
use crate::shared::telling::Outbox;

/// One of the attempts at a copy: the delivery of a job, and whether the job is the last that will be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Attempt {
    delivery: Delivery,
    of_last_job: bool,
}

/// The first of the four layers against copying twice: what this very process is copying.
type Copying = Mutex<HashSet<RecordingSid>>;

parts! {
    pub struct Worker {
        clock: Clock,
        businesses: businesses::Reader,
        calls: calls::Reader,
        reader: recordings::Reader,
        recordings: recordings::Writer,
        outbox: Outbox,
        leases: Leases,
        objects: Objects,
        transcripts: Jobs<TranscriptJob>,
        insights: Jobs<InsightsJob>,
        inbox: Inbox<RecordingJob>,
        twilio: TwilioAccounts,
        copying: Copying = Mutex::default(),
    }
}

impl QueueFunction for Worker {
    const NAME: &'static str = "recording-archive";

    type Job = RecordingJob;

    fn inbox(&self) -> &Inbox<RecordingJob> {
        &self.inbox
    }

    async fn handle(&self, job: RecordingJob, delivery: Delivery) -> Result<(), JobError> {
        match job {
            RecordingJob::Account { call } => self.account(&call).await,
            RecordingJob::Archive { call, recording } => {
                self.archive(&call, &recording, Attempt { delivery, of_last_job: false }).await
            }
            RecordingJob::ArchiveOrGiveUp { call, recording } => {
                self.archive(&call, &recording, Attempt { delivery, of_last_job: true }).await
            }
            RecordingJob::Find { call, recording } => self.look_up(&call, &recording).await,
            RecordingJob::Erase { call, recording } => self.erase(&call, &recording).await,
        }
    }
}

impl Worker {
    /// The account that carried the call, and has its recordings.
    async fn twilio_of(&self, sid: &CallSid) -> Result<TwilioRest, StoreError> {
        let call = self.calls.call(sid).await?;
        let deployment = || self.twilio.deployment().clone();
        Ok(call.map_or_else(deployment, |call| self.twilio.of_call(&call.account, &call.business)))
    }

    /// What is to become of the call's recording.
    async fn policy(&self, call: &CallSid) -> Result<RecordingPolicy, JobError> {
        let Some(call) = self.calls.call(call).await? else { return Ok(RecordingPolicy::default()) };
        let settings = self.businesses.settings_of(&call).await?;
        Ok(settings.map(|settings| settings.policies.recording).unwrap_or_default())
    }
}
