//! Which feature each function of the template is.

use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use axum::Router;
use domain::Timestamp;
use functions::edge::batch::JobError;
use functions::edge::{HttpFunction, QueueFunction, ScheduledFunction, StartError, answer, batch};
use futures_util::future::BoxFuture;
use platform::env::Reader;

/// A started function.
pub enum Loaded {
    Http(Router),
    Queue(Arc<dyn BatchHandler>),
    Scheduled(Arc<dyn TickHandler>),
}

/// A queue function behind one type, so that the queue runner need not know the jobs.
pub trait BatchHandler: Send + Sync {
    fn handle(&self, event: SqsEvent) -> BoxFuture<'_, SqsBatchResponse>;
}

/// A scheduled function behind one type.
pub trait TickHandler: Send + Sync {
    fn tick(&self, now: Timestamp) -> BoxFuture<'_, Result<(), JobError>>;
}

struct Handler<F>(F);

struct Ticker<F>(F);

impl<F: ScheduledFunction> TickHandler for Ticker<F> {
    fn tick(&self, now: Timestamp) -> BoxFuture<'_, Result<(), JobError>> {
        Box::pin(self.0.tick(now))
    }
}

impl<F: QueueFunction> BatchHandler for Handler<F> {
    fn handle(&self, event: SqsEvent) -> BoxFuture<'_, SqsBatchResponse> {
        Box::pin(batch::handle(&self.0, event))
    }
}

/// Starts the feature that the template calls `binary`. `None`: there is no such feature.
pub async fn load(binary: &str, env: &dyn Reader) -> Option<Result<Loaded, StartError>> {
    use functions::{calls, events, recordings, transcripts, voice};
    Some(match binary {
        voice::inbound::Inbound::NAME => http::<voice::inbound::Inbound>(env).await,
        voice::outbound::Outbound::NAME => http::<voice::outbound::Outbound>(env).await,
        voice::status::Status::NAME => http::<voice::status::Status>(env).await,
        voice::after_stream::AfterStream::NAME => http::<voice::after_stream::AfterStream>(env).await,
        voice::sweep::Sweep::NAME => scheduled::<voice::sweep::Sweep>(env).await,
        recordings::ready::Ready::NAME => http::<recordings::ready::Ready>(env).await,
        recordings::worker::Worker::NAME => queue::<recordings::worker::Worker>(env).await,
        recordings::sweep::Sweep::NAME => scheduled::<recordings::sweep::Sweep>(env).await,
        recordings::api::Recordings::NAME => http::<recordings::api::Recordings>(env).await,
        recordings::share::Shared::NAME => http::<recordings::share::Shared>(env).await,
        transcripts::worker::Worker::NAME => queue::<transcripts::worker::Worker>(env).await,
        transcripts::api::Transcripts::NAME => http::<transcripts::api::Transcripts>(env).await,
        transcripts::insights::worker::Worker::NAME => {
            queue::<transcripts::insights::worker::Worker>(env).await
        }
        events::Events::NAME => http::<events::Events>(env).await,
        calls::Calls::NAME => http::<calls::Calls>(env).await,
        _ => return None,
    })
}

async fn http<F: HttpFunction>(env: &dyn Reader) -> Result<Loaded, StartError> {
    Ok(Loaded::Http(answer::guarded(F::load(env).await?.router())))
}

async fn queue<F: QueueFunction>(env: &dyn Reader) -> Result<Loaded, StartError> {
    Ok(Loaded::Queue(Arc::new(Handler(F::load(env).await?))))
}

async fn scheduled<F: ScheduledFunction>(env: &dyn Reader) -> Result<Loaded, StartError> {
    Ok(Loaded::Scheduled(Arc::new(Ticker(F::load(env).await?))))
}
