//! What the insights queue carries.

use domain::CallSid;
use serde::{Deserialize, Serialize};

/// Sum this call up, if that has not been done on what is known of it. Asking twice is harmless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InsightsJob {
    pub call: CallSid,
    /// Who asks for one more run on the same transcript, such as a reprocessing's number. Each asks once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<String>,
}
