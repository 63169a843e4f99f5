//! What the recordings queue carries: identifiers, never audio or numbers.

use domain::{CallSid, RecordingSid};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum RecordingJob {
    /// Say what became of the recording of a call that is over, if its business records.
    Account { call: CallSid },
    /// Copy an announced recording into the bucket.
    Archive { call: CallSid, recording: RecordingSid },
    /// The same for the last time: what does not succeed now is given up.
    ArchiveOrGiveUp { call: CallSid, recording: RecordingSid },
    /// Ask Twilio what became of a recording that it should have called back about.
    Find { call: CallSid, recording: RecordingSid },
    /// Remove what a deleted recording left: the object, and Twilio's copy.
    Erase { call: CallSid, recording: RecordingSid },
}
