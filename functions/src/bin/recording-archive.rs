//! `recording-archive` on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::recording_archive()
}
