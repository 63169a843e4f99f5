//! OpenAI's wire formats as types: the Realtime API (GA shapes), file transcription and Responses.
//!
//! Bytes in, types out, and back. Nothing here opens a socket, waits or reads a clock; the code that does calls
//! these functions. Three rules hold in every module:
//!
//! - **New things never break a call.** An unknown event, item, status or field parses; only a *known*
//!   shape that is wrong is an error, and the error names it.
//! - **What people say cannot be printed.** Texts are [`PrivateText`], audio is
//!   [`realtime::audio::AudioPayload`]; both show their size in `Debug` and nothing else, and no error
//!   quotes its input.
//! - **Errors are classified here**, once: benign, retry, back off, our bug, or final.
#![warn(missing_docs)]

pub mod api_error;
pub mod http_error;
pub mod language;
pub mod metadata;
pub mod models;
pub mod private_text;
pub mod realtime;
pub mod responses;
pub mod transcription;
mod wire;

pub use api_error::ApiError;
pub use language::LanguageHint;
pub use metadata::Metadata;
pub use private_text::PrivateText;
