//! `recording-ready` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    functions::edge::run::http::<functions::recordings::ready::Ready>()
}
