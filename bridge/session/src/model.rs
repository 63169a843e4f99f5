//! The model's side of the conversation: what it says, and the connection it says it over.
//!
//! Both are those of an upstream that speaks in responses: we ask for each, the API allows one at a time, and what was
//! not heard of one is cancelled and truncated. An upstream that hears and speaks at once (full duplex), with nothing to
//! ask for, cancel or truncate, would be another module here, with facts in place of `response_gate` and `tool_calls`
//! and rules in place of `barge_in`, `answers` and `tool_use`. The caller's line, the playback, the turns, the end of the
//! call and the rules about the caller do not depend on which of them speaks.

mod events;
mod legs;
