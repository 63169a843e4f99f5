//! The DynamoDB tables, one module per owner of facts.
//!
//! Every table has a partition key `pk` and a sort key `sk`, both strings, except Leases, which has `pk`
//! only. `expires_at` is the TTL attribute (epoch seconds); deletion may be days late, so whoever cares
//! compares a millisecond attribute in a condition. Decisions are conditional writes or strongly consistent
//! reads, never an index.

pub mod businesses;
pub mod calls;
mod chunks;
pub mod dials;
mod error;
pub mod events;
pub mod heartbeat;
pub mod leases;
pub mod plans;
pub mod recordings;
mod table;
mod transaction;
pub mod transcripts;
pub mod turns;
pub mod verdicts;

pub use error::StoreError;
