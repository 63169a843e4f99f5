//! What is true of a call: each fact is held, changed and answered for by one struct.

pub(crate) mod caller_audio;
pub(crate) mod ending;
pub(crate) mod model_leg;
pub(crate) mod playback;
pub(crate) mod recent_ids;
pub(crate) mod response_gate;
pub(crate) mod tool_calls;
pub(crate) mod trouble;
pub(crate) mod turns;
