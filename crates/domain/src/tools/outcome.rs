//! What came of asking a business's own tool: whether it acted decides whether it may be asked again.
//!
//! | the tool's side | means | asked again |
//! |---|---|---|
//! | 2xx, whatever its body | it did it (RFC 9110, 15.3) | no |
//! | 4xx, 501, 505, 511 | it refused, and did nothing | no |
//! | 408, 425, 429, 503 | it did nothing yet, and may be asked again | yes |
//! | a redirect, any other status, an answer that did not come | it may have acted | no |
//! | a request that never reached it | it did nothing | yes |

use serde::{Deserialize, Serialize};

/// What came of one request to a tool. It is kept with the effect's id, so that a repetition is told the same.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum ToolOutcome {
    /// The tool did it.
    Done {
        /// What it answered.
        reply: ToolReply,
    },
    /// It did nothing, and says why.
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it answered.
        reply: ToolReply,
    },
    /// It may have acted; its answer does not say.
    Unknown {
        /// What is known.
        why: Lost,
    },
    /// It did nothing, and the same may be asked again.
    NotDone {
        /// What is known.
        why: Missed,
    },
}

/// The body of an answer.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ToolReply {
    /// As text, whatever it is; without a byte order mark.
    pub text: String,
    /// It went on, or broke off.
    pub cut: bool,
}

/// How an answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Lost {
    /// A status that does not say whether it acted.
    #[error("the tool answered with HTTP {0}")]
    Status(u16),
    /// No answer in time.
    #[error("the tool did not answer in time")]
    Timeout,
    /// The connection broke.
    #[error("the connection to the tool broke before it answered")]
    Connection,
    /// The session that asked ended before the answer came.
    #[error("it was asked before, and what came of it is not known")]
    Asker,
}

/// Why a request did not reach the tool, or came too early for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// A status that says that it has not acted yet.
    #[error("the tool answered with HTTP {0}")]
    Status(u16),
    /// No connection.
    #[error("the tool cannot be reached")]
    Unreachable,
    /// The address is refused.
    #[error("the tool's address may not be asked")]
    Address,
}

impl ToolOutcome {
    /// What an answer means.
    pub fn of(status: u16, reply: ToolReply) -> Self {
        match status {
            200..=299 => Self::Done { reply },
            408 | 425 | 429 | 503 => Self::NotDone { why: Missed::Status(status) },
            400..=499 | 501 | 505 | 511 => Self::Refused { status, reply },
            _ => Self::Unknown { why: Lost::Status(status) },
        }
    }

    /// Whether asking once more could do the thing twice, or would get the same answer.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Done { .. } | Self::Refused { .. } | Self::Unknown { .. } => true,
            Self::NotDone { .. } => false,
        }
    }
}

impl std::fmt::Debug for ToolReply {
    // What a business answers is its callers' business.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reply({} bytes{})", self.text.len(), if self.cut { ", cut" } else { "" })
    }
}

/// For the log: what happened, and nothing of what was answered.
impl std::fmt::Display for ToolOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Done { .. } => f.write_str("done"),
            Self::Refused { status, .. } => write!(f, "the tool refused with HTTP {status}"),
            Self::Unknown { why } => why.fmt(f),
            Self::NotDone { why } => why.fmt(f),
        }
    }
}

impl std::fmt::Debug for ToolOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outcome({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16) -> ToolOutcome {
        ToolOutcome::of(status, ToolReply { text: "private".into(), cut: false })
    }

    /// Case C11.
    #[test]
    fn every_status_has_one_meaning() {
        let reply = || ToolReply { text: "private".into(), cut: false };
        for status in 200..300 {
            assert_eq!(of(status), ToolOutcome::Done { reply: reply() }, "{status}");
        }
        let not_yet = [408, 425, 429, 503];
        for status in not_yet {
            assert_eq!(of(status), ToolOutcome::NotDone { why: Missed::Status(status) });
        }
        for status in (400..500).chain([501, 505, 511]).filter(|status| !not_yet.contains(status)) {
            assert_eq!(of(status), ToolOutcome::Refused { status, reply: reply() }, "{status}");
        }
        let unknown = [100, 199, 300, 301, 302, 303, 304, 307, 308, 399, 500, 502, 504, 507, 520, 599, 999];
        for status in unknown {
            assert_eq!(of(status), ToolOutcome::Unknown { why: Lost::Status(status) });
        }
    }

    /// Case C11. What may have acted is never asked again, and what cannot have acted may be.
    #[test]
    fn only_what_did_nothing_yet_is_asked_again() {
        let again: Vec<u16> = (100..1_000).filter(|status| !of(*status).is_final()).collect();
        assert_eq!(again, [408, 425, 429, 503]);
        for why in [Lost::Timeout, Lost::Connection, Lost::Asker] {
            assert!(ToolOutcome::Unknown { why }.is_final());
        }
        for why in [Missed::Unreachable, Missed::Address] {
            assert!(!ToolOutcome::NotDone { why }.is_final());
        }
    }

    #[test]
    fn an_answer_is_never_printed() {
        for status in [200, 409, 500, 503] {
            let outcome = of(status);
            assert!(!format!("{outcome} {outcome:?}").contains("private"), "{status}");
        }
    }
}
