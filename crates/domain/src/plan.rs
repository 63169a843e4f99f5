//! The plan of a call: everything the bridge needs to carry it, decided before the stream opens.
//!
//! The voice webhook writes it once; whoever claims the stream token receives it and it is gone. The bridge
//! reads nothing else before the greeting.

use serde::{Deserialize, Serialize};

use crate::business::{ConversationPolicy, Voice};
use crate::{BusinessId, CallSid, Direction, Epoch, Revision, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallPlan {
    pub call: CallSid,
    pub epoch: Epoch,
    pub business: BusinessId,
    pub revision: Revision,
    pub direction: Direction,
    pub minted_at: Timestamp,
    pub voice: Voice,
    pub conversation: ConversationPolicy,
    /// The compiled prompt with this call's context at its end.
    pub instructions: String,
    /// `None` when this call was greeted already, in an earlier epoch.
    pub greeting: Option<String>,
    /// Stable and opaque: lets the model provider tell abusive callers apart without knowing them.
    pub safety_identifier: String,
}
