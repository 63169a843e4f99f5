//! `do-not-call` on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::do_not_call()
}
