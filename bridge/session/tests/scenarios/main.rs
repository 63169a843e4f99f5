//! Whole calls in virtual time: a scripted model, a line that plays what it is given in real time, and the
//! session between them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod answering;
mod bad_answers;
mod barge_in;
mod connecting;
mod draining;
mod ending;
mod fixtures;
mod goodbyes;
mod long_answers;
mod model_loss;
mod no_person;
mod opt_outs;
mod overheard;
mod properties;
mod responses;
mod rollover;
mod silence_and_keys;
mod sim;
mod steering;
mod tool_calls;
mod turn_order;
