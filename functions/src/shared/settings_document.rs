//! Why a document of settings is refused, as the client is told.

use domain::settings_check;
use stores::businesses::document::InvalidDocument;

use crate::edge::problem::{FieldError, Problem};

/// The problem, with pointers to the fields; `at` is the pointer to the settings in the body, empty for the whole body.
pub(crate) fn refused(at: &str, invalid: &InvalidDocument) -> Problem {
    let pointer = |path: &str| format!("{at}{}", settings_check::pointer(path));
    match invalid {
        InvalidDocument::Shape { path, reason } => Problem::invalid(pointer(path), "shape", reason.clone()),
        InvalidDocument::Unknown(fields) => {
            let error = |field: &stores::businesses::document::Unknown| FieldError {
                pointer: pointer(&field.path),
                code: "unknown_field".to_owned(),
                detail: field.to_string(),
            };
            Problem::fields(fields.iter().map(error).collect())
        }
    }
}
