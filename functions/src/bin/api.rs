//! The functions that people and programs ask, on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::api()
}
