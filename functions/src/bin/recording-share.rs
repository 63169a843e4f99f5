//! `recording-share` on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::recording_share()
}
