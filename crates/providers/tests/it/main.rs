//! The clients against scripted HTTP servers.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod openai_http;
mod tool_http;
mod twilio_rest;
