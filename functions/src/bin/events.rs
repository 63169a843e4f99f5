//! `events` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    functions::edge::run::http::<functions::events::Events>()
}
