//! The recordings queue's worker: its settings, and which job is whose.

use std::collections::HashSet;
use std::sync::Mutex;

use domain::business::RecordingPolicy;
use domain::{CallSid, RecordingSid};
use platform::aws::Aws;
use platform::env::{Parser, Reader};
use platform::objects::Objects;
use platform::queues::Queue;
use platform::secrets::Secrets;
use providers::twilio_rest::TwilioRest;
use stores::leases::Leases;
use stores::{businesses, calls, recordings};

use super::archive::Attempt;
use super::job::RecordingJob;
use crate::edge::batch::{Delivery, JobError};
use crate::edge::start::{self, Inbox, InboxUrls};
use crate::edge::{QueueFunction, StartError};

pub struct Worker {
    pub(super) businesses: businesses::Reader,
    pub(super) calls: calls::Reader,
    pub(super) reader: recordings::Reader,
    pub(super) recordings: recordings::Writer,
    pub(super) leases: Leases,
    pub(super) objects: Objects,
    pub(super) transcripts: Queue,
    pub(super) inbox: Inbox,
    pub(super) twilio: TwilioRest,
    /// The first of the four layers against copying twice: what this very process is copying.
    pub(super) copying: Mutex<HashSet<RecordingSid>>,
}

impl QueueFunction for Worker {
    const NAME: &'static str = "recording-archive";

    type Job = RecordingJob;

    fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    async fn load(env: &dyn Reader) -> Result<Self, StartError> {
        let mut vars = Parser::new(env);
        let twilio_url = vars.url("TWILIO_API_URL");
        let businesses = vars.text("TABLE_BUSINESSES");
        let calls = vars.text("TABLE_CALLS");
        let recordings = vars.text("TABLE_RECORDINGS");
        let leases = vars.text("TABLE_LEASES");
        let bucket = vars.text("BUCKET_RECORDINGS");
        let transcripts = vars.text("QUEUE_TRANSCRIPTS");
        let inbox = InboxUrls::parse(&mut vars, "QUEUE_RECORDINGS", "DLQ_RECORDINGS");
        let aws = Aws::load_with(env, vars).await?;
        let secrets = Secrets::load(env, &aws.config).await?;
        Ok(Self {
            businesses: businesses::Reader::new(&aws, &businesses),
            calls: calls::Reader::new(&aws, &calls),
            reader: recordings::Reader::new(&aws, &recordings),
            recordings: recordings::Writer::new(&aws, &recordings),
            leases: Leases::new(&aws, &leases),
            objects: Objects::new(&aws, &bucket),
            transcripts: Queue::new(&aws, &transcripts),
            inbox: inbox.open(&aws),
            twilio: start::twilio(&twilio_url, &secrets)?,
            copying: Mutex::new(HashSet::new()),
        })
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
            RecordingJob::Find { call, recording } => self.find(&call, &recording).await,
            RecordingJob::Erase { call, recording } => self.erase(&call, &recording).await,
        }
    }
}

impl Worker {
    /// What is to become of the call's recording.
    pub(super) async fn policy(&self, call: &CallSid) -> Result<RecordingPolicy, JobError> {
        let Some(call) = self.calls.call(call).await? else { return Ok(RecordingPolicy::default()) };
        Ok(self
            .businesses
            .settings_of(&call)
            .await?
            .map(|settings| settings.policies.recording)
            .unwrap_or_default())
    }
}
