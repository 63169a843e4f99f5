//! The endpoints alone: `local-aws [DATA_DIR]` serves until Ctrl-C or SIGTERM, and prints the environment that points
//! an AWS SDK or the AWS CLI at them.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use local_aws::{Config, Endpoints};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    match run(std::env::args_os().nth(1).map(PathBuf::from)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to tell it to if standard error is closed too.
            drop(writeln!(io::stderr(), "local-aws: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(data_dir: Option<PathBuf>) -> Result<(), Box<dyn std::error::Error>> {
    let mut terminated = signal(SignalKind::terminate())?;
    let endpoints = Endpoints::start(Config { data_dir, ..Config::default() }).await?;
    let mut out = io::stdout();
    for (name, value) in endpoints.env() {
        writeln!(out, "{name}={value}")?;
    }
    out.flush()?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    endpoints.shutdown().await;
    Ok(())
}
