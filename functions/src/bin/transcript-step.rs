//! `transcript-step` on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::transcript_step()
}
