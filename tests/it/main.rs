//! The acceptance tests: one file per behaviour, each against the whole product running in process.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod alarms;
mod answer;
mod api;
mod call;
mod callbacks;
mod consent;
mod cost;
mod crash;
mod evil_model;
mod figures;
mod isolation;
mod jobs;
mod log;
mod model_loss;
mod model_tls;
mod no_agent;
mod outbound;
mod outbound_answers;
mod outbox;
mod permissions;
mod recording;
mod refusal;
mod reprocess;
mod resume;
mod retention;
mod share;
mod signature;
mod store;
mod stream;
mod structure;
mod summary;
mod sweep;
mod tools;
mod transcript;
mod transcript_long;
