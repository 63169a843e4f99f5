//! What a call teaches of its contact: that it took place, what it came to, the caller's name and fields, and where the lead
//! may go.

use domain::contact::{CallEntry, Entry, What};
use domain::insight::InsightOutcome;
use domain::{Call, Insights};
use platform::Clock;
use stores::contacts;
use stores::contacts::Lesson;

use crate::edge::batch::JobError;
use crate::edge::parts::parts;

parts! {
    /// The writer of what calls teach.
    pub(super) struct Teaching {
        clock: Clock,
        contacts: contacts::Reader,
        learner: contacts::Learner,
    }
}

impl Teaching {
    /// Tells the contact that the call was pinned to when it began. Every job for the call does it with the latest run, so
    /// that no crash leaves it undone; what is told again changes nothing.
    pub(super) async fn of(&self, call: &Call, insights: &Insights) -> Result<(), JobError> {
        let Some(contact) = call.contact else { return Ok(()) };
        let business = &call.business;
        let entry = CallEntry {
            call: call.sid.clone(),
            direction: call.direction,
            seconds: call.lasted().as_secs(),
            topic: insights.summary.as_ref().map(|summary| summary.topic.clone()),
        };
        let entry = Entry::new(call.opened_at, call.sid.as_str(), What::Call(entry));
        let is_there = self.learner.tell(business, contact, &entry).await?;
        if !is_there || insights.outcome != InsightOutcome::Done {
            return Ok(());
        }
        let (fields, pipeline) =
            tokio::try_join!(self.contacts.fields(business), self.contacts.pipeline(business))?;
        let lesson = Lesson {
            call: (&call.sid, call.opened_at),
            summary: insights.summary.as_ref(),
            extraction: &insights.extraction,
            lead_status: insights.lead_status.as_deref(),
        };
        let known = (&fields.value, &pipeline.value);
        if self.learner.learn(business, contact, lesson, known, self.clock.now()).await? {
            tracing::info!(call = %call.sid, %contact, "the contact was told what the call came to");
        }
        Ok(())
    }
}
