//! What the queue of endpoints carries: whose events, and which endpoint is to be sent what is due.

use domain::endpoint::EndpointId;
use domain::{BusinessId, Timestamp};
use serde::{Deserialize, Serialize};

/// Work on events on their way to endpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum EndpointJob {
    /// Give what happened to the endpoints that want it.
    Give { business: BusinessId },
    /// Send an endpoint what is due.
    Serve { business: BusinessId, endpoint: EndpointId },
    /// Make what failed since then due again, before this place; without one, from the end.
    Recover { business: BusinessId, endpoint: EndpointId, since: Timestamp, before: Option<u64> },
    /// An endpoint said that it wants nothing more.
    Gone { business: BusinessId, endpoint: EndpointId },
}
