//! Goes on with erasures: one round, or a part of one, for each job.

use std::time::Duration;

use domain::BusinessId;
use domain::contact::PersonRequestId;
use domain::contact::erasure::{Erasure, ErasureState, Next, Outcome, Step, Trace, Waits};
use domain::token::TokenKey;
use platform::Clock;
use platform::objects::Objects;
use stores::{
    actions, appointments, calls, campaigns, contacts, do_not_call, events, leads, messages, plans,
    recordings, texts, transcripts, turns,
};

use super::whose::Finder;
use crate::edge::QueueFunction;
use crate::edge::batch::{Delivery, JobError};
use crate::edge::inbox::{Inbox, Jobs};
use crate::edge::parts::parts;
use crate::jobs::{PersonJob, RecordingJob};
use crate::shared::erased::erased;
use crate::shared::file_bucket::FileBucket;

parts! {
    pub struct Worker {
        pub(super) clock: Clock,
        pub(super) finder: Finder,
        pub(super) contacts: contacts::Eraser,
        pub(super) calls: calls::Eraser,
        pub(super) turns: turns::Eraser,
        pub(super) transcripts: transcripts::Eraser,
        pub(super) recordings: recordings::Eraser,
        pub(super) messages: messages::Eraser,
        pub(super) plans: plans::Eraser,
        pub(super) actions: actions::Eraser,
        pub(super) events: events::Eraser,
        pub(super) texts: texts::Eraser,
        pub(super) do_not_call: do_not_call::Eraser,
        pub(super) campaigns: campaigns::Eraser,
        pub(super) leads: leads::Eraser,
        pub(super) appointments: appointments::Eraser,
        pub(super) objects: Objects,
        pub(super) exports: FileBucket,
        pub(super) key: TokenKey,
        pub(super) removals: Jobs<RecordingJob>,
        inbox: Inbox<PersonJob>,
    }
}

impl QueueFunction for Worker {
    const NAME: &'static str = "person-step";

    type Job = PersonJob;

    fn inbox(&self) -> &Inbox<PersonJob> {
        &self.inbox
    }

    async fn handle(&self, job: PersonJob, _: Delivery) -> Result<(), JobError> {
        match job {
            PersonJob::Erase { business, erasure } => Box::pin(self.erase(&business, erasure)).await,
        }
    }
}

impl Worker {
    /// Goes on with an erasure. It is written after each step, if no other worker wrote it since: of two the other one goes
    /// on, and sends the next job.
    async fn erase(&self, business: &BusinessId, id: PersonRequestId) -> Result<(), JobError> {
        let Some(mut erasure) = self.finder.contacts.erasure(business, id).await? else { return Ok(()) };
        if erasure.state != ErasureState::Running {
            return Ok(());
        }
        let Some(mut trace) = erasure.trace.clone() else { return Ok(()) };
        let is_new = trace.calls_to.is_none();
        if is_new {
            trace.held.clear();
            self.finder.gather(business, (erasure.contact, erasure.id.at()), &mut trace).await?;
            if !self.keep(business, &mut erasure, &trace).await? {
                return Ok(());
            }
            let of_contact = self.contact(business, &erasure, &mut trace).await?;
            erasure.note(Step::Contact, &of_contact, true, self.clock.now());
            if !self.keep(business, &mut erasure, &trace).await? {
                return Ok(());
            }
        }
        let (calls, more) = trace.next_calls();
        let mut came = self.calls(business, &calls, &mut trace).await?;
        if is_new {
            let written = self.messages.forget_written(business, &trace.threads).await?;
            came.entry(Step::Messages).or_default().count += written;
        }
        if more {
            came.entry(Step::Calls).or_default().wait(Waits::More);
        }
        for (step, outcome) in &came {
            erasure.note(*step, outcome, is_new, self.clock.now());
        }
        trace.calls_to = calls.last().cloned().or(trace.calls_to);
        if !more {
            // Known before they are deleted: what a worker that dies leaves behind is looked for by their names.
            for export in self.contacts.person_exports(business, &trace.contacts).await? {
                trace.exports.insert(export.id, export.attempts);
            }
        }
        if !self.keep(business, &mut erasure, &trace).await? {
            return Ok(());
        }
        if more {
            return self.again(business, &erasure, Duration::ZERO).await;
        }
        const OTHERS: [Step; 8] = [
            Step::Events,
            Step::Texts,
            Step::DoNotCall,
            Step::Campaigns,
            Step::Leads,
            Step::Appointments,
            Step::Files,
            Step::Log,
        ];
        for step in OTHERS {
            let outcomes = self.other(step, business, &erasure, &mut trace).await?;
            for (step, outcome) in outcomes {
                erasure.note(step, &outcome, true, self.clock.now());
            }
            if !self.keep(business, &mut erasure, &trace).await? {
                return Ok(());
            }
        }
        trace.calls_to = None;
        erasure.trace = Some(trace);
        let next = erasure.conclude(self.clock.now());
        if !self.contacts.save_erasure(business, &mut erasure).await? {
            return Ok(());
        }
        match next {
            Next::Again(after) => self.again(business, &erasure, after).await,
            Next::Over => {
                tracing::info!(%business, erasure = %erasure.id, state = erasure.state.as_str(), "an erasure is over");
                Ok(())
            }
        }
    }

    /// Writes how far it is. `false`: another worker did.
    async fn keep(
        &self,
        business: &BusinessId,
        erasure: &mut Erasure,
        trace: &Trace,
    ) -> Result<bool, JobError> {
        erasure.trace = Some(trace.clone());
        Ok(self.contacts.save_erasure(business, erasure).await?)
    }

    async fn again(&self, business: &BusinessId, erasure: &Erasure, after: Duration) -> Result<(), JobError> {
        let job = PersonJob::Erase { business: business.clone(), erasure: erasure.id };
        self.inbox.jobs.send(&job, after).await.map_err(|error| JobError::new("queue", error))
    }

    /// Deletes the contact, so that nothing more is told of it, and what is left beside it.
    async fn contact(
        &self,
        business: &BusinessId,
        erasure: &Erasure,
        trace: &mut Trace,
    ) -> Result<Outcome, JobError> {
        let mut came = Outcome::default();
        // Before the contact is gone: a file that is imported in between is not to bring the person back.
        for handle in &trace.handles {
            let mark = erased(&self.key, business, handle);
            self.contacts.remember_erased(business, &mark, erasure.id.at()).await?;
        }
        match self.finder.contacts.one(business, erasure.contact).await? {
            Some(stored) if stored.contact.id != erasure.contact => {
                came.keep(domain::contact::erasure::Kept::Merged, 1, None);
            }
            Some(stored) => {
                // It learnt something in this moment: another attempt takes that along.
                let gone = self.contacts.delete(business, &stored).await?;
                came.count += gone.ok_or_else(|| JobError::new("changed", "the contact has changed"))?;
            }
            None => {}
        }
        came.count += self.contacts.forget_beside(business, &trace.contacts).await?;
        came.count += self.contacts.forget_rows(business, &trace.contacts).await?;
        trace.gone_at = trace.gone_at.or_else(|| Some(self.clock.now()));
        Ok(came)
    }
}
