//! `sign-in` on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::sign_in()
}
