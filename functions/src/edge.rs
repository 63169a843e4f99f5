//! Everything that touches Lambda: how a feature is started, fed and answered.

pub mod address;
pub mod answer;
pub mod api;
pub mod batch;
pub mod etag;
pub mod idempotency;
pub mod inbox;
pub mod loaded;
mod own_accounts;
pub mod parts;
pub mod problem;
pub mod run;
pub(crate) mod tally;
pub mod verified_form;

use axum::Router;
use domain::Timestamp;

use crate::jobs::Job;
use inbox::Inbox;
use parts::Part;

/// Why a function could not start. Settings are reported all together; either kind ends the process.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Settings(#[from] platform::env::SettingsError),
    #[error(transparent)]
    Secrets(#[from] platform::secrets::SecretsError),
    #[error("cannot start: {0}")]
    Other(String),
}

/// A function behind the HTTP API. Its router carries its own paths, so that the local system and Lambda
/// dispatch alike.
pub trait HttpFunction: Part + Send + Sync + 'static {
    /// The bin, and the function's name in the template.
    const NAME: &'static str;

    fn router(self) -> Router;
}

/// A function behind a queue.
pub trait QueueFunction: Part + Send + Sync + 'static {
    const NAME: &'static str;

    type Job: Job;

    /// The queue that feeds this function, and the one that takes what it gives up.
    fn inbox(&self) -> &Inbox<Self::Job>;

    /// Does one job. An `Err` leaves the message on the queue: it comes back after its visibility timeout and
    /// reaches the DLQ after its last attempt.
    fn handle(
        &self,
        job: Self::Job,
        delivery: batch::Delivery,
    ) -> impl Future<Output = Result<(), batch::JobError>> + Send;
}

/// A function behind a schedule: it looks for what webhooks and queues left undone.
///
/// A tick may come late, twice, or beside another one that is still running. A tick that fails is not repeated:
/// the next one finds the same work.
pub trait ScheduledFunction: Part + Send + Sync + 'static {
    const NAME: &'static str;

    /// Does what is due at `now`. An `Err` says what it could not do; the rest is done.
    fn tick(&self, now: Timestamp) -> impl Future<Output = Result<(), batch::JobError>> + Send;
}
