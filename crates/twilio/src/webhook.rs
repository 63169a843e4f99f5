//! The webhooks of a call as types.
//!
//! Every value in a form is text and any may be missing or new, so each module says which ones a
//! webhook cannot do without; the rest is optional, and a word that Twilio adds is kept as `Other`.
//! What decides is always among the required ones: see [`signature`](crate::signature) for why.

pub mod after_stream;
pub mod amd;
pub mod dial;
mod fields;
pub mod recording;
pub mod status;
pub mod stream;
#[cfg(test)]
mod tests;
pub mod voice;
mod words;

use crate::SidError;

pub use after_stream::ConnectAction;
pub use amd::AmdCallback;
pub use dial::DialAction;
pub use recording::RecordingStatus;
pub use status::StatusCallback;
pub use stream::StreamStatus;
pub use voice::VoiceRequest;
pub use words::{AnsweredBy, CallStatus};

/// A verified form that is not the webhook it was delivered as: a wrong address in the account's
/// configuration, or a change on Twilio's side. Names the parameter, never its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// A parameter without which the webhook means nothing.
    #[error("{0} is missing or blank")]
    Missing(&'static str),
    /// Two different values of a parameter that has one.
    #[error("{0} occurs twice with different values")]
    Repeated(&'static str),
    /// A sid of another kind, or none at all.
    #[error("{0}: {1}")]
    Sid(&'static str, SidError),
    /// Digits were expected.
    #[error("{0} is not a number in range")]
    Number(&'static str),
}
