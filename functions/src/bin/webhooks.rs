//! The functions that Twilio asks about a call in progress, on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::webhooks()
}
