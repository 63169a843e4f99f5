//! `voice-inbound` on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::voice_inbound()
}
