//! A text that an agent sends to the person it speaks with on the telephone.

use serde::{Deserialize, Serialize};

use super::Body;
use crate::{BusinessId, CallSid};

/// The longest one, characters: three parts of an SMS.
pub const MAX_CALL_TEXT: usize = 459;

/// What is asked for in a call. To whom it goes is the call's, and no model says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallText {
    /// The call.
    pub call: CallSid,
    /// Whose it is.
    pub business: BusinessId,
    /// Names it within the call, by what it says: asked for twice, it is sent once.
    pub name: String,
    /// The words.
    pub text: Body,
}

/// The job by which it is asked for.
#[derive(Debug, Serialize)]
pub struct CallTextJob<'a> {
    job: &'static str,
    text: &'a CallText,
}

impl CallText {
    /// As the queue of texts carries it.
    pub const fn as_job(&self) -> CallTextJob<'_> {
        CallTextJob { job: "from_call", text: self }
    }
}
