//! `voice-status` on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::voice_status()
}
