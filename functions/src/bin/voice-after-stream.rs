//! `voice-after-stream` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    functions::edge::run::http::<functions::voice::after_stream::AfterStream>()
}
