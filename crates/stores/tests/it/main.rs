//! The stores against a DynamoDB on loopback, over a way that can lose answers.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod actions;
mod appointments;
mod businesses;
mod call_lists;
mod calls;
mod contacts;
mod dial_limits;
mod dials;
mod do_not_call;
mod fence;
mod histories;
mod keys;
mod leases;
mod left;
mod linear;
mod lossy;
mod members;
mod messages;
mod outbox;
mod recordings;
mod requests;
mod resume;
mod sessions;
mod shares;
mod status;
mod texts_beside;
mod transcripts;
mod turns;
mod usage;
mod world;
