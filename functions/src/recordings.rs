//! A recording's way: started once, announced by Twilio, copied once into the business's own bucket, lent by links,
//! and deleted when its time is over.
//!
//! [`archive`] is the one place that downloads a recording, [`erase`] the one that removes its bytes. Everything else
//! enqueues.

pub mod api;
pub mod archive;
mod copy;
pub mod erase;
pub mod find;
pub mod job;
mod passcode;
pub mod ready;
pub mod share;
pub mod start;
pub mod sweep;
pub(crate) mod which;
pub mod worker;
