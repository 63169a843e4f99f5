//! `voice-outbound` on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::voice_outbound()
}
