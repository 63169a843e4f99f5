//! `voice-outbound` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    functions::edge::run::http::<functions::voice::outbound::Outbound>()
}
