//! `call-sweep` on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::call_sweep()
}
