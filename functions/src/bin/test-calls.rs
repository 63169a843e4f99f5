//! `test-calls` on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::test_calls()
}
