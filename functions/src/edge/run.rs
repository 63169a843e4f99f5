//! Runs one feature as a Lambda function.

use std::process::ExitCode;
use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{LambdaEvent, service_fn};
use platform::Clock;
use platform::env::{EX_USAGE, ProcessEnv};
use platform::secrets::SecretsError;

use super::api::{self, ApiFunction};
use super::parts::{self, Warm};
use super::{HttpFunction, QueueFunction, ScheduledFunction, StartError, answer, batch};

/// Serves an HTTP function until the sandbox ends.
pub fn http<F: HttpFunction>() -> ExitCode {
    serve(F::NAME, async {
        let function: F = parts::load(&ProcessEnv, Warm::Store).await?;
        let router = answer::guarded(function.router());
        lambda_http::run(router).await.map_err(|error| StartError::Other(error.to_string()))
    })
}

/// Serves a function of the API until the sandbox ends.
pub fn api<F: ApiFunction>() -> ExitCode {
    serve(F::NAME, async {
        let function: F = parts::load(&ProcessEnv, Warm::Store).await?;
        let router = answer::guarded(api::router(function));
        lambda_http::run(router).await.map_err(|error| StartError::Other(error.to_string()))
    })
}

/// Serves a queue function until the sandbox ends.
pub fn queue<F: QueueFunction>() -> ExitCode {
    serve(F::NAME, async {
        let function = Arc::new(parts::load::<F>(&ProcessEnv, Warm::Nothing).await?);
        let handler = service_fn(move |event: LambdaEvent<SqsEvent>| {
            let function = Arc::clone(&function);
            async move {
                Ok::<SqsBatchResponse, lambda_runtime::Error>(batch::handle(&*function, event.payload).await)
            }
        });
        lambda_runtime::run(handler).await.map_err(|error| StartError::Other(error.to_string()))
    })
}

/// Serves a scheduled function until the sandbox ends.
pub fn scheduled<F: ScheduledFunction>() -> ExitCode {
    serve(F::NAME, async {
        let function = Arc::new(parts::load::<F>(&ProcessEnv, Warm::Nothing).await?);
        // Nothing of the event matters, so that an operator may start a tick by hand with any.
        let handler = service_fn(move |_: LambdaEvent<serde_json::Value>| {
            let function = Arc::clone(&function);
            async move { function.tick(Clock::system().now()).await.map_err(lambda_runtime::Error::from) }
        });
        lambda_runtime::run(handler).await.map_err(|error| StartError::Other(error.to_string()))
    })
}

fn serve(name: &'static str, body: impl Future<Output = Result<(), StartError>>) -> ExitCode {
    platform::telemetry::init(name);
    platform::tls::install();
    // One sandbox handles one event at a time: a second thread would only cost start-up.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "no async runtime");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(body) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, function = name, "cannot start");
            match error {
                StartError::Settings(_) | StartError::Secrets(SecretsError::Settings(_)) => {
                    ExitCode::from(EX_USAGE)
                }
                StartError::Secrets(_) | StartError::Other(_) => ExitCode::FAILURE,
            }
        }
    }
}
