//! Meta's WhatsApp Cloud API as types: bytes in, values out, and back.
//!
//! No I/O, no async, no clock. One request of Meta's may hold many events; each of them is read by itself, so that one which
//! cannot be read does not cost the others.
//!
//! | module | direction | what |
//! |---|---|---|
//! | [`signature`] | in | `X-Hub-Signature-256`, and the check with which Meta subscribes |
//! | [`webhook`] | in | what people sent, and what became of what we sent |
//! | [`graph`] | both | bodies, addresses and errors of the Graph API |
#![warn(missing_docs)]

pub mod graph;
pub mod signature;
pub mod webhook;
