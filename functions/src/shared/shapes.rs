//! Values of the API that several answers and the events have in common.

use std::time::Duration;

use domain::Timestamp;
use domain::phone::Caller;
use domain::tools::TakenMessage;
use platform::clock;
use serde::{Serialize, Serializer};

/// A moment, as RFC 3339 in UTC with milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time(pub(crate) Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&clock::rfc3339(self.0))
    }
}

/// A length of time in whole milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Millis(pub(crate) Duration);

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX))
    }
}

/// The other party of a call: an E.164 number, `hidden` when the caller withholds it, `other` for what is no number.
pub(crate) fn caller(from: &Caller) -> &str {
    match from {
        Caller::Number(number) => number.as_e164(),
        Caller::Hidden => "hidden",
        Caller::Other(_) => "other",
    }
}

/// A message that a caller left with the agent.
#[derive(Debug, Serialize)]
pub(crate) struct Message<'a> {
    /// When the agent took it.
    at: Time,
    /// The person it is for, as the caller named them.
    r#for: Option<&'a str>,
    /// The message in the caller's words.
    message: &'a str,
    /// The number to call back, as the caller said it.
    callback: Option<&'a str>,
}

impl<'a> Message<'a> {
    pub(crate) fn new(at: Timestamp, message: &'a TakenMessage) -> Self {
        let TakenMessage { recipient, text, callback } = message;
        Self { at: Time(at), r#for: recipient.as_deref(), message: text, callback: callback.as_deref() }
    }
}
