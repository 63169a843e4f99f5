//! The last stage of a call: what it came to, what it cost, and the event that says so.
//!
//! One request to a model reads the final transcript. Its outcome, whatever it is, is recorded in one transaction
//! with the cost and with the event that tells of it, which is so neither early nor missing nor told twice.

mod ask;
mod event;
mod metering;
mod schema;
mod teaching;
pub mod worker;
