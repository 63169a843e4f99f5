//! What is to be done about a contact.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::EntryId;
use crate::Timestamp;
use crate::access::KeyId;

/// Names a task: the time at which it was made, and random digits, as of an entry of the timeline.
pub type TaskId = EntryId;

/// Something that a person is to do.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Names it.
    pub id: TaskId,
    /// What is to be done.
    pub text: String,
    /// Until when.
    #[serde(default)]
    pub due_at: Option<Timestamp>,
    /// The member who is to do it, by the member's key.
    #[serde(default)]
    pub assignee: Option<KeyId>,
    /// When it was done; `None`: it waits.
    #[serde(default)]
    pub done_at: Option<Timestamp>,
    /// The key that made it.
    pub by: KeyId,
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("id", &self.id).finish_non_exhaustive()
    }
}
