//! The bridge as a process: settings from the environment, calls until SIGTERM, then a drain.

use std::net::SocketAddr;
use std::process::ExitCode;

use platform::env::{EX_USAGE, Reader};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::{self, AppError};
use crate::live::LiveEvents;

const DEFAULT_LISTEN: &str = "0.0.0.0:8080";

#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    App(#[from] AppError),
    #[error("LISTEN is not an address such as {DEFAULT_LISTEN}: {0}")]
    Listen(std::net::AddrParseError),
    #[error("cannot listen on {address}: {error}")]
    Bind { address: SocketAddr, error: std::io::Error },
    #[error("cannot wait for signals: {0}")]
    Signals(std::io::Error),
}

/// Carries calls until the process is told to stop, and says how it should exit.
pub async fn run(env: &dyn Reader) -> ExitCode {
    platform::telemetry::init("bridge");
    match carry(env).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the bridge cannot run");
            match error {
                RunError::App(AppError::Settings(_)) | RunError::Listen(_) => ExitCode::from(EX_USAGE),
                RunError::App(_) | RunError::Bind { .. } | RunError::Signals(_) => ExitCode::FAILURE,
            }
        }
    }
}

async fn carry(env: &dyn Reader) -> Result<(), RunError> {
    let address = env.var("LISTEN").unwrap_or_else(|| DEFAULT_LISTEN.to_owned());
    let address: SocketAddr = address.parse().map_err(RunError::Listen)?;
    let bridge = app::load(env, LiveEvents::default()).await?;
    let listener = TcpListener::bind(address).await.map_err(|error| RunError::Bind { address, error })?;
    let shutdown = CancellationToken::new();
    stop_on_signal(shutdown.clone()).map_err(RunError::Signals)?;
    tracing::info!(%address, "listening");
    bridge.run(listener, shutdown).await;
    tracing::info!("stopped");
    Ok(())
}

/// SIGTERM is how ECS asks; Ctrl-C is how a person does.
#[cfg(unix)]
fn stop_on_signal(shutdown: CancellationToken) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        shutdown.cancel();
    });
    Ok(())
}

#[cfg(not(unix))]
fn stop_on_signal(shutdown: CancellationToken) -> std::io::Result<()> {
    tokio::spawn(async move {
        let _ = tokio::signal::ctrl_c().await;
        shutdown.cancel();
    });
    Ok(())
}
