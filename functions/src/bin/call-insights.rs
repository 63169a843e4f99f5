//! `call-insights` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    functions::edge::run::queue::<functions::transcripts::insights::worker::Worker>()
}
