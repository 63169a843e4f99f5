//! `recording-share` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    functions::edge::run::http::<functions::recordings::share::Shared>()
}
