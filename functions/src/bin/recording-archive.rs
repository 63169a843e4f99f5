//! `recording-archive` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    functions::edge::run::queue::<functions::recordings::worker::Worker>()
}
