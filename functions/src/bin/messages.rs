//! `messages` on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::messages()
}
