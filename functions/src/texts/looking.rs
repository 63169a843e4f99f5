//! Texts that a carrier has, and of which it says nothing more. A tick finds those that are due, and the queue of texts has the
//! carrier asked: a few times for each text, and then it is said how it ended.

use std::time::Duration;

use domain::Timestamp;
use domain::texts::Text;
use domain::texts::outgoing::{Answered, Outgoing};
use platform::telemetry::{Unit, metric};
use stores::texts::{Look, Place, Reader};

use super::sending::{Carriers, failure_of};
use super::steps::{StepError, Threads};
use crate::edge::ScheduledFunction;
use crate::edge::batch::JobError;
use crate::edge::inbox::Jobs;
use crate::edge::parts::parts;
use crate::jobs::{SentText, TextJob};

/// Texts of each of eight shares that one tick looks at, those that waited longest first. The next tick goes on with the rest.
const MAX_LOOKS: u16 = 100;
/// How many of them carriers are asked about in a second: they take texts meanwhile, at limits of their own.
const PER_SECOND: u32 = 5;

parts! {
    pub struct Sweep {
        reader: Reader,
        jobs: Jobs<TextJob>,
    }
}

impl ScheduledFunction for Sweep {
    const NAME: &'static str = "text-sweep";

    /// A text that is still due at the next tick is asked about once more, which does nothing if it was done.
    async fn tick(&self, now: Timestamp) -> Result<(), JobError> {
        let due = self.reader.looks_due(now, MAX_LOOKS).await?;
        for (n, Look { due, of: Place { business, thread, number } }) in (0..).zip(due) {
            let job = TextJob::Look { text: SentText { business, thread, number }, due };
            let wait = Duration::from_secs(u64::from(n / PER_SECOND));
            self.jobs.send(&job, wait).await.map_err(|error| JobError::new("queue", error))?;
        }
        Ok(())
    }
}

impl Threads {
    /// Asks the carrier what became of a text, if it is due as it was when the job was sent.
    pub(super) async fn look(
        &self,
        carriers: &Carriers,
        text: &SentText,
        due: Timestamp,
    ) -> Result<(), StepError> {
        let SentText { business, thread, number } = text.clone();
        let look = Look { due, of: Place { business, thread, number } };
        let is_due = |out: &Outgoing| out.look_due() == Some(due);
        let kept = self.sent(text).await?;
        let thread = self.reader.thread(&text.business, &text.thread).await?;
        let (out, thread) = match (kept.map(|kept| kept.text), thread) {
            (Some(Text::Out(out)), Some(thread)) if is_due(&out) => (out, thread),
            // It is gone, or something became of it: its row is as old as the job.
            _ => return Ok(self.writer.forget_look(&look).await?),
        };
        let answered = match &out.key {
            Some(key) => carriers.ask_about(&thread, key).await,
            // Its sending was lost before the carrier gave it a name.
            None => Answered::Nothing,
        };
        let failure = match answered {
            Answered::Stands(fate) => failure_of(&thread, fate).filter(|_| fate.delivery.is_failure()),
            Answered::Nothing | Answered::NoSuchText | Answered::CannotBeAsked => None,
        };
        // Before the look counts as done: a job that is cut off comes again.
        if let Some(failure) = failure {
            self.heed(text, failure).await?;
        }
        let changed = self.change(text, |out| {
            if is_due(out) {
                out.looked(answered, failure);
            }
        });
        // Another one that looked meanwhile has done all of it.
        let Some(now_is) = changed.await? else { return Ok(()) };
        let outcome = match now_is.receipt {
            Some(receipt) => receipt.as_str(),
            None if now_is.fate.delivery.is_over() => "found",
            None => return Ok(()),
        };
        metric("TextReceiptsMissed", 1.0, Unit::Count, &[("Outcome", outcome)]);
        Ok(())
    }
}
