//! `voice-inbound` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    functions::edge::run::http::<functions::voice::inbound::Inbound>()
}
