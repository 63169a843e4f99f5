//! The simulated OpenAI, called as a client calls the real one.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a step that fails is a test that fails")]

mod client;
mod faults;
mod realtime;
mod rejected;
mod rest;
