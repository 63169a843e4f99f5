//! What follows from the facts: each rule decides one question.

pub(crate) mod barge_in;
pub(crate) mod drain;
pub(crate) mod farewell;
pub(crate) mod keys;
pub(crate) mod overheard;
pub(crate) mod presence;
pub(crate) mod screening;
pub(crate) mod silence;
pub(crate) mod tool_use;
pub(crate) mod voicemail;
