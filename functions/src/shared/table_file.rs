//! Files that hold a table: how one is written is found out, and it comes as rows, a slice at a time.

pub(crate) mod encoding;
pub(crate) mod reading;
pub(crate) mod rows;
pub(crate) mod writing;
