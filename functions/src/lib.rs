//! The Lambda functions: features, and the edge that connects them to HTTP and SQS.
//!
//! A feature is plain async code over the stores; [`edge`] alone knows about Lambda, HTTP and batches. Each
//! file in `src/bin` names one feature and runs it, so that the same handlers serve on Lambda and, mounted by
//! the local system, on a laptop.

pub mod businesses;
pub mod calls;
pub mod edge;
pub mod events;
pub mod recordings;
pub mod transcripts;
pub mod voice;
