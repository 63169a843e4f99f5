//! `recording-sweep` on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::recording_sweep()
}
