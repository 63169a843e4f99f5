//! A recording's way: announced by Twilio, or looked for when it was not; copied once into the business's own bucket,
//! lent by links, and deleted when its time is over. It begins in the answer to the call (`voice::line`).
//!
//! [`archive`] is the one place that downloads a recording, [`erase`] the one that removes its bytes. Everything else
//! enqueues.

pub mod account;
pub mod api;
pub mod archive;
mod copy;
pub mod erase;
pub mod find;
pub mod job;
mod passcode;
pub mod ready;
pub mod share;
pub mod sweep;
pub(crate) mod which;
pub mod worker;
