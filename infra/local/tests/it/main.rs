//! The `switchboard` binary as its user meets it: commands, errors, kills and restarts.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod bridge_lost;
mod commands;
mod documents;
mod process;
mod redrive;
mod restart;
