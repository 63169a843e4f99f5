//! What several features need and none of them owns.

pub(crate) mod callbacks;
pub(crate) mod number_check;
pub(crate) mod prompt_cache;
pub(crate) mod recording_path;
pub(crate) mod settings_cache;
pub(crate) mod settings_document;
pub(crate) mod shapes;
