//! The functions that queues and schedules start, on Lambda.

fn main() -> std::process::ExitCode {
    functions::features::workers()
}
