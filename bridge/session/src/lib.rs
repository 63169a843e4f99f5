//! One call, as a pure state machine.
//!
//! [`Session`] is told what happened ([`Input`]) and when, and answers with what to do ([`Output`]). It knows no
//! sockets, no JSON and no clock, so the same inputs at the same times always give the same outputs, and a
//! call of an hour is tested in microseconds. Drive it like this, whatever the source of inputs is:
//!
//! 1. [`Session::handle_input`] with one input, or [`Session::handle_timeout`] when [`Session::poll_timeout`]
//!    is due;
//! 2. [`Session::poll_output`] until it is empty. [`output::Audio::Current`] and [`Output::AudioToCaller`] mean the
//!    payload of the input just handled, which is why a second input in between is an error.
//!
//! Inside there are two kinds of things. *Facts* (`facts/`) hold what is true of the call and answer questions about it.
//! *Rules* (`rules/`) decide: each reads facts, owns the few fields that only it needs, and returns actions. Only `apply`
//! carries actions out; `conclude` draws every conclusion that depends on more than one fact, in one fixed order, after
//! whatever happened: so the order in which events arrive does not matter, only what is true once they have.
//!
//! | layer | modules, each of which uses only those below it |
//! |---|---|
//! | the driver's view | `drive` |
//! | who is told of an input or a timeout, before and in the conversation | `connecting`, then `live` |
//! | what the model says | `model::events` |
//! | conclusions | `conclude` |
//! | connections to a model | `model::legs` |
//! | the end, and what is told after it | `closing` |
//! | doing what rules want done | `apply` |
//! | the call: phase, facts, rules and waiting outputs | `session`, `timetable` |
//! | decisions | `rules`, `instructions`, `action` |
//! | what is true | `facts` |
//! | words of the interface | `input`, `output`, `response_reason`, `deadline`, `phase` |

#![warn(missing_docs)]

mod action;
mod apply;
mod audio;
mod closing;
mod conclude;
mod connecting;
mod deadline;
mod drive;
mod facts;
pub mod input;
mod instructions;
mod live;
mod model;
pub mod output;
mod output_queue;
mod phase;
mod redact;
mod response_reason;
mod rules;
mod session;
#[cfg(test)]
mod testing;
mod timetable;

pub use domain::tools::END_CALL;
pub use input::Input;
pub use output::Output;
pub use phase::Phase;
pub use session::{Session, Unpolled};
