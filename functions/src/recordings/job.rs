//! What the recordings queue carries: identifiers, never audio or numbers.

use domain::{CallSid, RecordingSid};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum RecordingJob {
    /// Ask Twilio to record the call, if its business records.
    Start { call: CallSid },
    /// Copy an announced recording into the bucket.
    Archive { call: CallSid, recording: RecordingSid },
    /// Ask Twilio what became of a recording that it should have called back about.
    Find { call: CallSid, recording: RecordingSid },
    /// Remove what a deleted recording left: the object, and Twilio's copy.
    Erase { call: CallSid, recording: RecordingSid },
}
