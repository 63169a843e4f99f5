//! The `switchboard` binary as its user meets it: commands, errors, kills and restarts.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::process::ExitCode;

mod bridge_lost;
mod certificates;
mod commands;
mod documents;
mod process;
mod redrive;
mod restart;
mod texts;

fn main() -> ExitCode {
    acceptance::suite::run(&[
        // The longest first: the others fill the time beside them.
        bridge_lost::TESTS,
        redrive::TESTS,
        restart::TESTS,
        texts::TESTS,
        commands::TESTS,
        certificates::TESTS,
        documents::TESTS,
    ])
}
