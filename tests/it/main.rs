//! The acceptance tests: one file per behaviour, each against the whole product running in process.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod answer;
mod api;
mod call;
mod callbacks;
mod log;
mod recording;
mod refusal;
mod signature;
mod stream;
mod structure;
mod transcript;
