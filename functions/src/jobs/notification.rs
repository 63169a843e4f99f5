//! What the queue of notifications carries: whose events, and which notification is to be sent.

use domain::BusinessId;
use serde::{Deserialize, Serialize};
use stores::notifications::Place;

/// Work on events on their way to people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum NotificationJob {
    /// Give what happened to the receivers that are told of it.
    Give { business: BusinessId },
    /// Send a notification, if it is due.
    Send { business: BusinessId, place: Place },
}
