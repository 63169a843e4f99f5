//! The final transcript of a call. What to do next is `domain::transcript::step`'s to say; this does it.

pub mod job;
pub mod worker;
