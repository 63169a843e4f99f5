//! The transcripts of a call: which is final is `domain::transcript::step`'s to say; this does it.

pub mod api;
mod heard;
pub mod insights;
mod listen;
mod turn_notes;
mod turn_transcription;
pub mod worker;

use stores::{contacts, do_not_call, messages, transcripts, usage};

use crate::edge::parts::table_parts;

// The usage is put in the transaction that records what a call came to.
table_parts! {
    transcripts::Writer: "TABLE_TRANSCRIPTS";
    usage::Writer: "TABLE_USAGE";
    messages::Writer: "TABLE_MESSAGES";
    do_not_call::Recorder: "TABLE_DO_NOT_CALL";
    contacts::Learner: "TABLE_CONTACTS";
}
