//! `business-sweep` on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::business_sweep()
}
