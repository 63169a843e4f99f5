//! Does what the queue of texts asks for.

mod agent;
mod media;
mod meter;
mod reply;
mod tools;

use stores::{businesses, calls};

use super::beside::Outside;
use super::people::People;
use super::sending::Carriers;
use super::steps::{StepError, Threads};
use crate::edge::QueueFunction;
use crate::edge::batch::{Delivery, JobError};
use crate::edge::inbox::Inbox;
use crate::edge::parts::parts;
use crate::jobs::TextJob;
use agent::Agent;
use media::Archive;
use meter::Meter;
use reply::{ReplyError, Replying};
use tools::Tools;

parts! {
    pub struct Worker {
        threads: Threads,
        agent: Agent,
        tools: Tools,
        meter: Meter,
        people: People,
        carriers: Carriers,
        outside: Outside,
        archive: Archive,
        businesses: businesses::Reader,
        calls: calls::Reader,
        inbox: Inbox<TextJob>,
    }
}

impl QueueFunction for Worker {
    const NAME: &'static str = "text-step";

    type Job = TextJob;

    fn inbox(&self) -> &Inbox<TextJob> {
        &self.inbox
    }

    async fn handle(&self, job: TextJob, delivery: Delivery) -> Result<(), JobError> {
        let Self {
            threads,
            agent,
            tools,
            meter,
            people,
            carriers,
            outside,
            archive,
            businesses,
            calls,
            inbox: _,
        } = self;
        match job {
            TextJob::Came { text, by } => {
                Ok(Box::pin(threads.came(businesses, (people, outside), *text, by, delivery)).await?)
            }
            TextJob::Became { key, sent, fate, by } => {
                Ok(Box::pin(threads.became(&key, sent, fate, by.as_ref())).await?)
            }
            TextJob::Reply { business, thread, asked } => {
                let desk = Replying { threads, agent, tools, meter, people, carriers, outside };
                Ok(Box::pin(desk.reply_to((&business, &thread), asked, delivery)).await?)
            }
            TextJob::Media { text, index } => {
                Box::pin(archive.fetch(threads, carriers, (&text, index), delivery)).await
            }
            TextJob::FromCall { text } => Ok(Box::pin(threads.promised(calls, people, &text)).await?),
            TextJob::Send { text } => Ok(Box::pin(threads.send_kept(carriers, people, &text)).await?),
            TextJob::Look { text, due } => Ok(Box::pin(threads.look(carriers, &text, due)).await?),
            TextJob::Tell { text } => Ok(Box::pin(threads.tell(people, &text)).await?),
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
