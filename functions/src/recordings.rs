//! A recording's way: announced by Twilio, or looked for when it was not; copied once into the business's own bucket,
//! lent by links, and deleted when its time is over. It begins in the answer to the call (`voice::stream_twiml`).
//!
//! [`worker`] downloads recordings (`archive`) and removes their bytes (`erase`). Everything else enqueues.

pub mod api;
mod passcode;
pub mod ready;
pub mod share;
pub mod sweep;
pub mod worker;

use stores::recordings::Writer;

use crate::edge::parts::table_parts;

table_parts! {
    Writer: "TABLE_RECORDINGS";
}
