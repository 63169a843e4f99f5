//! Media Streams: the JSON messages of a call's audio (Twilio's Media Streams docs).
//!
//! Audio is mu-law at 8 kHz, one channel: 8 bytes are 1 ms. It stays Base64 on its way through:
//! checked, measured and copied, never decoded. [`fast::media`] reads the message that arrives fifty times
//! a second per call; [`parse`] reads everything, and the two agree.

pub mod fast;
mod inbound;
mod outbound;
mod payload;

#[cfg(test)]
mod tests;

pub use inbound::{Inbound, Media, MediaFormat, Start, Track, parse};
pub use outbound::{clear_into, mark_into, media_into};
pub use payload::{decoded_bytes, encoded_ms, is_base64};

/// Largest message that is read. Twilio's are under 1 KiB, but for a `start` with many parameters.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// Longest payload that is taken from one message, in Base64 characters: 3 s of audio, where
/// Twilio sends 20 ms.
pub const MAX_PAYLOAD_BYTES: usize = 32 * 1024;

/// Bytes of mu-law at 8 kHz in a millisecond.
pub const MULAW_BYTES_PER_MS: usize = 8;

/// Why a message is not one of Twilio's. Says where, never what: messages carry audio and keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// More than [`MAX_MESSAGE_BYTES`].
    #[error("the message has {bytes} bytes, more than {MAX_MESSAGE_BYTES}")]
    TooLarge {
        /// Bytes received.
        bytes: usize,
    },
    /// Not JSON, or a field is missing, repeated or of another type.
    #[error("the message is malformed at column {column}")]
    Malformed {
        /// Where reading stopped, counted from 1; 0 if a field is missing.
        column: usize,
    },
    /// A sid in `start` is not one, or the two stream sids differ.
    #[error("the start message does not name its call, account and stream")]
    Identity,
    /// Audio that is not Base64, is empty, or longer than [`MAX_PAYLOAD_BYTES`].
    #[error("the payload is not Base64 of a sensible length")]
    Payload,
}
