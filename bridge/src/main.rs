//! The bridge on Fargate.

use std::process::ExitCode;

use platform::env::ProcessEnv;

#[tokio::main]
async fn main() -> ExitCode {
    platform::tls::install();
    bridge::process::run(&ProcessEnv).await
}
