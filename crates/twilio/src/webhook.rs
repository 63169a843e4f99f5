//! The webhooks of a call and of texts as types.
//!
//! Every value in a form is text and any may be missing, new or unreadable. A webhook cannot do without its sids;
//! anything else is unknown when it cannot be read, and a word that Twilio adds is kept as `Other`. What is read is
//! protected against being cut out of a signed text in another way: see `webhook/reading.rs`. What is not read is
//! ignored, whatever its name.

pub mod after_stream;
pub mod amd;
pub mod dial;
mod fields;
pub mod message;
pub mod message_status;
mod names;
mod reading;
pub mod recording;
pub mod status;
pub mod stream;
#[cfg(test)]
mod tests;
pub mod voice;
mod words;

use crate::SidError;
pub use reading::Ambiguous;

pub use after_stream::ConnectAction;
pub use amd::AmdCallback;
pub use dial::DialAction;
pub use message::IncomingMessage;
pub use message_status::MessageStatus;
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
    /// A sid of another kind, or none at all.
    #[error("{0}: {1}")]
    Sid(&'static str, SidError),
    /// What was signed can be read in another way, so this may not be what Twilio sent.
    #[error(transparent)]
    Ambiguous(#[from] Ambiguous),
}
