//! The Lambda functions: features, and the edge that connects them to HTTP and SQS.
//!
//! A feature is plain async code over the stores; [`edge`] alone knows about Lambda, HTTP and batches. Features know
//! [`edge`], the [`jobs`] that queues carry and what is shared, and never one another. [`features`] lists them; the
//! programs in `src/bin` run them on Lambda, and the local system on a laptop.

pub mod appointments;
pub mod businesses;
pub mod call_actions;
pub mod calls;
pub mod console;
pub mod contacts;
pub mod do_not_call;
pub mod document;
pub mod edge;
pub mod endpoints;
pub mod events;
pub mod features;
pub mod health;
pub mod jobs;
pub mod leads;
pub mod messages;
pub mod notifications;
pub mod persons;
pub mod prompts;
pub mod recordings;
pub(crate) mod shared;
pub mod sign_in;
pub mod texts;
pub mod transcripts;
pub mod usage;
pub mod voice;
