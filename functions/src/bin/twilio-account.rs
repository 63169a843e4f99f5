//! `twilio_account` on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::twilio_account()
}
