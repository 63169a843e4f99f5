//! The adapters against real endpoints: AWS's wire protocols on loopback, and scripted HTTP servers.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod businesses;
mod calls;
mod fence;
mod histories;
mod leases;
mod linear;
mod lossy;
mod objects;
mod openai_http;
mod queues;
mod recordings;
mod resume;
mod scripted;
mod shares;
mod status;
mod tool_http;
mod transcripts;
mod turns;
mod twilio_rest;
mod world;
