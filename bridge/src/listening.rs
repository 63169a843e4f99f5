//! People who listen to a call while it goes on.
//!
//! The door lets a view in by its token, on whichever task it arrives: a task that does not carry the call passes the
//! connection on to the one that does. A tap sits in each call and costs it the look at a flag for each frame while no one
//! listens; with listeners, what the two sides say is put together once and handed to all. A listener that does not keep up
//! is dropped, and is never waited for.
//!
//! To a listener goes:
//! - binary: one byte, 0 for the caller or 1 for the agent, and mu-law of 8,000 samples a second behind it. The agent's sound
//!   comes faster than it is played, as to the telephone;
//! - text: [`Told`] as JSON. `clear`: what the agent's side has not played yet is thrown away.

mod door;
mod forward;
mod metadata;
mod tap;
mod told;
mod view;

pub(crate) use door::Door;
pub(crate) use metadata::own_address;
pub(crate) use tap::{CallTap, Taps};
pub(crate) use told::Told;
