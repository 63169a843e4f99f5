//! What the queues of persons carry: which request about a person is to be worked on. Who it is stays in the store.

use domain::BusinessId;
use domain::contact::PersonRequestId;
use serde::{Deserialize, Serialize};

/// Work on all that is kept of one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum PersonJob {
    /// Go on with an erasure where it is.
    Erase { business: BusinessId, erasure: PersonRequestId },
}

/// Give out all that is kept of one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum PersonExportJob {
    /// Write an export.
    Export { business: BusinessId, export: PersonRequestId },
}
