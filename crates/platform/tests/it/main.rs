//! The adapters against real endpoints: AWS's wire protocols on loopback, and scripted HTTP servers.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod objects;
mod queues;
mod world;
