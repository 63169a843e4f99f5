//! A recording's way: started once, announced by Twilio, copied once into the business's own bucket.
//!
//! [`archive`] is the one place that downloads a recording. Everything else enqueues.

pub mod archive;
pub mod job;
pub mod ready;
pub mod start;
pub mod worker;
