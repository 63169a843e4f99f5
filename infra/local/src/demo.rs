//! The demonstration: a business, a caller with a story, and a screen to watch them on.

pub mod business;
pub mod offer;
pub mod place;
pub mod record;
pub mod screen;
pub mod story;
