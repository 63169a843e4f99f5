//! The bridge over real sockets: a scripted caller on one side, a scripted model on the other.

#![expect(clippy::unwrap_used, reason = "a test that is wrong about its own surroundings has to stop")]

mod actions;
mod admission;
mod audio_path;
mod conversation;
mod fencing;
mod figures;
mod framing;
mod model_faults;
mod neighbours;
mod shutdown;
mod stall;
mod support;
mod warm;
