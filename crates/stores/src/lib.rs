//! The DynamoDB tables, one module per owner of facts.
//!
//! A `Writer` is handed to the code that owns the facts, a `Reader` to all other code. What may happen once is
//! decided by a conditional write here, never by a read before it.
//!
//! Every table has a partition key `pk` and a sort key `sk`, both strings, except Leases, which has `pk`
//! only. `expires_at` is the TTL attribute (epoch seconds); deletion may be days late, so a reader
//! or a condition compares a millisecond attribute. Decisions are conditional writes or strongly consistent
//! reads, never an index.

#![warn(missing_docs)]

pub mod actions;
pub mod appointments;
mod batch_get;
pub mod businesses;
pub mod calls;
pub mod campaigns;
pub mod capacity;
mod chunks;
pub mod contacts;
mod desk;
pub mod dial_limits;
pub mod dials;
mod digest;
pub mod do_not_call;
pub mod endpoints;
mod error;
pub mod events;
pub mod heartbeat;
mod item;
pub mod keys;
pub mod leads;
pub mod leases;
pub mod members;
pub mod messages;
pub mod notifications;
pub mod ownership;
pub mod plans;
pub mod probe;
mod random;
pub mod recordings;
pub mod requests;
pub mod sign_in_attempts;
pub mod sign_ins;
mod table;
pub mod texts;
mod transaction;
pub mod transcripts;
pub mod turns;
pub mod usage;
pub mod verdicts;

pub use error::StoreError;

/// How long is kept what a person may still be asked about: who asked for what, and what was written with whom.
const LAW_KEEPS: std::time::Duration = std::time::Duration::from_secs(400 * 24 * 60 * 60);
