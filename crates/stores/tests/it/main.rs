//! The stores against a DynamoDB on loopback, over a way that can lose answers.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod businesses;
mod calls;
mod fence;
mod histories;
mod leases;
mod linear;
mod lossy;
mod recordings;
mod resume;
mod shares;
mod status;
mod transcripts;
mod turns;
mod world;
