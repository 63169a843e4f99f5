//! Businesses and their settings.

pub mod provision;
