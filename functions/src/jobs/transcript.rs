//! What the transcripts queue carries.

use domain::CallSid;
use serde::{Deserialize, Serialize};

/// Look at this call and do what its transcript needs next. Asking twice is harmless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TranscriptJob {
    pub call: CallSid,
}
