//! What several features need and none of them owns.

pub(crate) mod about_contact;
pub(crate) mod callbacks;
pub(crate) mod erased;
pub(crate) mod file_bucket;
pub(crate) mod number_check;
pub(crate) mod of_person;
pub(crate) mod person_in_event;
pub(crate) mod prompt_cache;
pub(crate) mod recording_path;
pub(crate) mod settings_cache;
pub(crate) mod settings_document;
pub(crate) mod shapes;
pub(crate) mod table_file;
pub(crate) mod telling;
pub(crate) mod text_accounts;
