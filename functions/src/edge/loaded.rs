//! A started function behind one type for each kind of trigger, for those who start functions by name.

use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use axum::Router;
use domain::Timestamp;
use futures_util::future::BoxFuture;
use platform::env::Reader;

use super::api::{self, ApiFunction};
use super::batch::{self, JobError};
use super::parts::{self, Warm};
use super::{HttpFunction, QueueFunction, ScheduledFunction, StartError, answer};

/// A started function.
pub enum Loaded {
    Http(Router),
    Queue(Arc<dyn BatchHandler>),
    Scheduled(Arc<dyn TickHandler>),
}

/// A queue function without the type of its jobs.
pub trait BatchHandler: Send + Sync {
    fn handle(&self, event: SqsEvent) -> BoxFuture<'_, SqsBatchResponse>;
}

/// A scheduled function without its type.
pub trait TickHandler: Send + Sync {
    fn tick(&self, now: Timestamp) -> BoxFuture<'_, Result<(), JobError>>;
}

struct Handler<F>(F);

struct Ticker<F>(F);

impl<F: QueueFunction> BatchHandler for Handler<F> {
    fn handle(&self, event: SqsEvent) -> BoxFuture<'_, SqsBatchResponse> {
        Box::pin(batch::handle(&self.0, event))
    }
}

impl<F: ScheduledFunction> TickHandler for Ticker<F> {
    fn tick(&self, now: Timestamp) -> BoxFuture<'_, Result<(), JobError>> {
        Box::pin(self.0.tick(now))
    }
}

/// Starts a function behind HTTP.
///
/// # Errors
/// [`StartError`].
pub async fn http<F: HttpFunction>(env: &dyn Reader) -> Result<Loaded, StartError> {
    let function: F = parts::load(env, Warm::Store).await?;
    Ok(Loaded::Http(answer::guarded(function.router())))
}

/// Starts a function behind `/v1`.
///
/// # Errors
/// [`StartError`].
pub async fn api<F: ApiFunction>(env: &dyn Reader) -> Result<Loaded, StartError> {
    let function: F = parts::load(env, Warm::Store).await?;
    Ok(Loaded::Http(answer::guarded(api::router(function))))
}

/// Starts a function behind a queue.
///
/// # Errors
/// [`StartError`].
pub async fn queue<F: QueueFunction>(env: &dyn Reader) -> Result<Loaded, StartError> {
    Ok(Loaded::Queue(Arc::new(Handler(parts::load::<F>(env, Warm::Nothing).await?))))
}

/// Starts a function behind a schedule.
///
/// # Errors
/// [`StartError`].
pub async fn scheduled<F: ScheduledFunction>(env: &dyn Reader) -> Result<Loaded, StartError> {
    Ok(Loaded::Scheduled(Arc::new(Ticker(parts::load::<F>(env, Warm::Nothing).await?))))
}
