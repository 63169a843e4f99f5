//! `voice-after-stream` on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::voice_after_stream()
}
