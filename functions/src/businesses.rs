//! Businesses: their profiles, keys, numbers and settings.

pub mod keys;
pub mod numbers;
pub mod profiles;
pub mod provision;
pub mod settings;
pub mod sweep;

use crate::edge::parts::table_parts;

table_parts! {
    stores::businesses::Writer: "TABLE_BUSINESSES";
    stores::keys::Writer: "TABLE_KEYS";
    stores::requests::Reader: "TABLE_REQUESTS";
}
