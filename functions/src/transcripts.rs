//! The transcripts of a call: which is final is `domain::transcript::step`'s to say; this does it.

pub mod api;
mod heard;
pub mod insights;
mod listen;
mod turn_notes;
mod turn_transcription;
pub mod worker;

use stores::{contacts, events, messages, transcripts, usage};

use crate::edge::parts::table_parts;

// An event and the usage are put in the transaction that records what a call came to.
table_parts! {
    transcripts::Writer: "TABLE_TRANSCRIPTS";
    events::Writer: "TABLE_EVENTS";
    usage::Writer: "TABLE_USAGE";
    messages::Writer: "TABLE_MESSAGES";
    contacts::Learner: "TABLE_CONTACTS";
}
