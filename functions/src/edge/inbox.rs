//! Queues by the jobs that they carry.

use std::marker::PhantomData;
use std::time::Duration;

use platform::Clock;
use platform::queues::{Queue, QueueError};

use super::parts::{Needs, Opener, Part};
use crate::jobs::Job;

/// The queue of one kind of job, to send to.
pub struct Jobs<J> {
    queue: Queue,
    kind: PhantomData<fn(J)>,
}

impl<J: Job> Jobs<J> {
    /// Sends a job, to be received `delay` from now at the earliest.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn send(&self, job: &J, delay: Duration) -> Result<(), QueueError> {
        self.queue.send(job, delay).await
    }
}

impl<J: Job> Part for Jobs<J> {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let url = needs.vars.text(J::QUEUE);
        Box::new(move |deployment| Ok(Self { queue: Queue::new(&deployment.aws, &url), kind: PhantomData }))
    }
}

/// The queue that feeds a function, and the one that takes the jobs it gives up.
pub struct Inbox<J> {
    /// A worker sends itself on with it.
    pub jobs: Jobs<J>,
    dead_letters: Queue,
    /// Says how long it is until a job may come again.
    pub(super) clock: Clock,
}

impl<J: Job> Inbox<J> {
    /// Lets a message that was received, and not finished, come back `delay` from now.
    pub(super) async fn come_back_in(&self, receipt: &str, delay: Duration) -> Result<(), QueueError> {
        self.jobs.queue.come_back_in(receipt, delay).await
    }

    /// Puts a message that cannot be worked on among the dead letters, with the reason beside it.
    pub(super) async fn bury(&self, body: &str, function: &str, reason: &str) -> Result<(), QueueError> {
        self.dead_letters.bury(body, function, reason).await
    }
}

impl<J: Job> Part for Inbox<J> {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let jobs = Jobs::declare(needs);
        let url = needs.vars.text(J::DEAD_LETTERS);
        Box::new(move |deployment| {
            let dead_letters = Queue::new(&deployment.aws, &url);
            Ok(Self { jobs: jobs(deployment)?, dead_letters, clock: deployment.aws.clock.clone() })
        })
    }
}
