//! What the queue of contacts carries: which file of a business is to be worked on. What is in it stays in the store.

use domain::BusinessId;
use domain::contact::{ExportId, ImportId};
use serde::{Deserialize, Serialize};

/// Work on many contacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum ContactJob {
    /// Go on with an import where it is.
    Import { business: BusinessId, import: ImportId },
    /// Write an export.
    Export { business: BusinessId, export: ExportId },
}
