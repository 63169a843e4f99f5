//! `call-actions` on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::call_actions()
}
