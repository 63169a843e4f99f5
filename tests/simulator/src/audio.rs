//! Telephone audio: the G.711 mu-law codec, WAV files in, and the spoken clips of the simulated calls.
//!
//! Inside the simulator sound is always 8 kHz mono. Where it crosses a wire it is mu-law, one byte per
//! sample, so eight bytes are one millisecond.

pub mod mulaw;
pub mod resample;
pub mod speech;
pub mod wav;
