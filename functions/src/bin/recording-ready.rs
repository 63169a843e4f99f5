//! `recording-ready` on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::recording_ready()
}
