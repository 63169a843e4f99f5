//! The harness of the acceptance tests: a [`World`] is the whole product, running, with a simulated Twilio and
//! OpenAI around it that know nothing of it but its addresses.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test harness may panic")]

pub mod after;
pub mod audio;
pub mod fate;
pub mod lease;
pub mod log;
pub mod outbound;
pub mod sandbox;
pub mod way;
pub mod webhook;
mod world;

pub use world::{World, WorldConfig};
