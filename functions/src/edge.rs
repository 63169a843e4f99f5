//! Everything that touches Lambda: how a feature is started, fed and answered.

pub mod address;
pub mod answer;
pub mod auth;
pub mod batch;
pub mod idempotency;
pub mod problem;
pub mod run;
pub mod start;
pub(crate) mod tally;
pub mod verified_form;

use axum::Router;
use domain::Timestamp;
use platform::env::Reader;
use serde::de::DeserializeOwned;

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
pub trait HttpFunction: Sized + Send + Sync + 'static {
    /// The bin, and the function's name in the template.
    const NAME: &'static str;

    fn load(env: &dyn Reader) -> impl Future<Output = Result<Self, StartError>> + Send;

    fn router(self) -> Router;
}

/// A function behind a queue.
pub trait QueueFunction: Sized + Send + Sync + 'static {
    const NAME: &'static str;

    type Job: DeserializeOwned + Send;

    /// The queue that feeds this function, and the one that takes what it gives up.
    fn inbox(&self) -> &start::Inbox;

    fn load(env: &dyn Reader) -> impl Future<Output = Result<Self, StartError>> + Send;

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
pub trait ScheduledFunction: Sized + Send + Sync + 'static {
    const NAME: &'static str;

    fn load(env: &dyn Reader) -> impl Future<Output = Result<Self, StartError>> + Send;

    /// Does what is due at `now`. An `Err` says what it could not do; the rest is done.
    fn tick(&self, now: Timestamp) -> impl Future<Output = Result<(), batch::JobError>> + Send;
}
