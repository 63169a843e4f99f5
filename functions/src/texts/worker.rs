//! Does what the queue of texts asks for.

mod agent;
mod reply;

use stores::businesses;

use super::sending::Carriers;
use super::steps::{StepError, Threads};
use crate::edge::QueueFunction;
use crate::edge::batch::{Delivery, JobError};
use crate::edge::inbox::Inbox;
use crate::edge::parts::parts;
use crate::jobs::TextJob;
use agent::Agent;
use reply::ReplyError;

parts! {
    pub struct Worker {
        threads: Threads,
        agent: Agent,
        carriers: Carriers,
        businesses: businesses::Reader,
        inbox: Inbox<TextJob>,
    }
}

impl QueueFunction for Worker {
    const NAME: &'static str = "text-step";

    type Job = TextJob;

    fn inbox(&self) -> &Inbox<TextJob> {
        &self.inbox
    }

    async fn handle(&self, job: TextJob, _: Delivery) -> Result<(), JobError> {
        let threads = &self.threads;
        match job {
            TextJob::Came { text, by } => Ok(Box::pin(threads.came(&self.businesses, *text, by)).await?),
            TextJob::Became { key, sent, fate, by } => {
                Ok(Box::pin(threads.became(&key, sent, fate, by.as_ref())).await?)
            }
            TextJob::Reply { business, thread, asked } => {
                let reply = threads.reply_to(&self.agent, &self.carriers, (&business, &thread), asked);
                Ok(Box::pin(reply).await?)
            }
            TextJob::Send { text } => Ok(Box::pin(threads.send_kept(&self.carriers, &text)).await?),
        }
    }
}

impl From<StepError> for JobError {
    fn from(error: StepError) -> Self {
        Self::new("thread", error)
    }
}

impl From<ReplyError> for JobError {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::Step(error) => error.into(),
            ReplyError::Words(error) => Self::new("words", error),
        }
    }
}
