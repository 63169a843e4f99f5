//! The Realtime API over a WebSocket, generally available (GA) shapes only.
//!
//! Order of a session: `session.created` arrives, [`session::SessionConfig`] is sent, `session.updated`
//! arrives and is checked with [`session::SessionConfig::verify_echo`], and only then is audio sent: before
//! that the server would read mu-law bytes as 24 kHz PCM. The connection must not carry the `OpenAI-Beta`
//! header, which selects other names for everything.

pub mod audio;
pub mod client_event;
pub mod error_class;
pub mod fast;
pub mod item;
pub mod response;
pub mod server_event;
pub mod session;

pub use client_event::{ClientEvent, NewItem, ResponseCreate};
pub use item::{FunctionCall, Item};
pub use response::{Response, ResponseStatus, Usage};
pub use server_event::{ServerEvent, ServerEventError};
pub use session::{SessionConfig, SessionEcho};
