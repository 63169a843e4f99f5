//! What the queue of leads carries: whose person is to be called. The number stays in the store.

use domain::BusinessId;
use domain::contact::LeadId;
use domain::lead::LeadSourceId;
use serde::{Deserialize, Serialize};

/// Work on a lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum LeadJob {
    /// Call its person, or find out what became of that.
    Call { business: BusinessId, source: LeadSourceId, lead: LeadId },
}
