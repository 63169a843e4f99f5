//! What several features need and none of them owns.

pub(crate) mod callbacks;
pub(crate) mod recording_path;
pub(crate) mod shapes;
