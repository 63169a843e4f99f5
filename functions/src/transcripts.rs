//! The transcripts of a call: which is final is `domain::transcript::step`'s to say; this does it.

pub mod api;
mod hearing;
pub mod insights;
pub mod job;
mod listen;
mod notes;
mod reprocess;
mod transcribe;
pub mod worker;
