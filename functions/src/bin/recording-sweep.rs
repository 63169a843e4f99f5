//! `recording-sweep` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    functions::edge::run::scheduled::<functions::recordings::sweep::Sweep>()
}
