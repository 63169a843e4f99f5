//! Does what the queue of contacts asks for.

use super::files::exporting::Exporting;
use super::files::importing::Importing;
use crate::edge::QueueFunction;
use crate::edge::batch::{Delivery, JobError};
use crate::edge::inbox::{Inbox, Jobs};
use crate::edge::parts::parts;
use crate::jobs::{ContactJob, EndpointJob};
use crate::shared::telling::tell_endpoints;

parts! {
    pub struct Worker {
        importing: Importing,
        exporting: Exporting,
        endpoints: Jobs<EndpointJob>,
        inbox: Inbox<ContactJob>,
    }
}

impl QueueFunction for Worker {
    const NAME: &'static str = "contact-step";

    type Job = ContactJob;

    fn inbox(&self) -> &Inbox<ContactJob> {
        &self.inbox
    }

    async fn handle(&self, job: ContactJob, _: Delivery) -> Result<(), JobError> {
        match job {
            ContactJob::Import { business, import } => {
                let went = Box::pin(self.importing.go_on(&business, import)).await;
                // Whatever became of it: rows that were taken over are told of.
                tell_endpoints(&self.endpoints, &business).await;
                went
            }
            ContactJob::Export { business, export } => {
                Box::pin(self.exporting.write(&business, export)).await
            }
        }
    }
}
