//! Errors as the API describes them, in events and in bodies.

use serde::Deserialize;

use crate::PrivateText;
use crate::wire::optional;

/// The error object that every OpenAI API shares: in REST bodies, in Realtime `error` events, in a failed
/// response and in a failed transcription. Every field may be null, missing or of another shape.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ApiError {
    /// The family, such as `invalid_request_error` or `server_error`.
    #[serde(rename = "type", default, deserialize_with = "optional")]
    pub kind: Option<String>,
    /// The precise cause, such as `rate_limit_exceeded`.
    #[serde(default, deserialize_with = "optional")]
    pub code: Option<String>,
    /// English prose that may quote what was sent, and so is private.
    #[serde(default, deserialize_with = "optional")]
    pub message: Option<PrivateText>,
    /// Path of the offending field.
    #[serde(default, deserialize_with = "optional")]
    pub param: Option<String>,
    /// Realtime only: the `event_id` of the client event that caused it.
    #[serde(default, deserialize_with = "optional")]
    pub event_id: Option<String>,
}

/// Causes that no retry cures: money, keys and accounts. OpenAI puts them in `code` or in `type`.
const FATAL_CAUSES: [&str; 5] = [
    "insufficient_quota",
    "credit_balance_exhausted",
    "invalid_api_key",
    "account_deactivated",
    "billing_hard_limit_reached",
];

impl ApiError {
    /// The error in a REST body, `{"error": {...}}`. A body of any other shape, such as a proxy's page,
    /// gives an empty error: the status still decides.
    pub fn from_body(body: &[u8]) -> Self {
        #[derive(Default, Deserialize)]
        struct Body {
            #[serde(default, deserialize_with = "optional")]
            error: ApiError,
        }

        serde_json::from_slice::<Body>(body).unwrap_or_default().error
    }

    /// Whether reconnecting or retrying is pointless until a person acts.
    pub fn is_fatal(&self) -> bool {
        is_fatal_cause(self.code.as_deref(), self.kind.as_deref())
    }
}

pub(crate) fn is_fatal_cause(code: Option<&str>, kind: Option<&str>) -> bool {
    [code, kind].into_iter().flatten().any(|cause| FATAL_CAUSES.contains(&cause))
}
