//! OpenAI to call against: Realtime over WebSocket, file transcription, Responses and the model list.
//!
//! [`OpenAi::start`] listens on a free port of this machine. What the model says comes from a
//! [`Script`]; what the client did wrong is in [`OpenAi::violations`], which is empty after a good call.

mod answers;
mod fields;
mod inspect;
mod languages;
mod models;
mod realtime;
mod refusal;
mod rest;
mod script;
mod server;
mod shared;
mod talk;

pub use self::answers::{Answer, Fact, HttpFault, Transcription};
pub use self::inspect::{ApiRequest, Connection, ConnectionGone, Ended, Logged, Violation};
pub use self::models::{Model, Purpose};
pub use self::realtime::{ConnectionPlan, Handshake, Pace};
pub use self::script::{Ending, Fault, Heard, Mishap, Part, Reply, Script, Speech, Step, ToolCall};
pub use self::server::{OpenAi, OpenAiConfig};
pub use self::talk::Talk;

use self::shared::{Shared, readable_headers};
