//! The bridge: carries a caller's audio from Twilio Media Streams to the OpenAI Realtime API and back.
//!
//! One task per call owns both sockets, the pure [`session`] that decides, and nothing that another call
//! could wait for. What is not audio (turns, the report) goes to a task of its own, so a slow store is never
//! heard.
//!
//! | module | what it alone knows |
//! |---|---|
//! | `app`, `process` | the program: settings from the environment, ports onto the real stores; its start and its end |
//! | `server` | HTTP: health, readiness, who may open a stream |
//! | `driver` | the one loop of a call: input, decision, outputs, flush |
//! | `caller_socket` | Twilio's messages |
//! | `model_socket` | the Realtime API's messages, and the sockets that are ready for the next call |
//! | `wire`, `outbox` | one socket, and what waits for its peer |
//! | `listening` | who may hear a call while it goes on, and what they get |
//! | `actions` | how a call learns of what its business asks of it meanwhile |
//! | `writer` | how turns and reports reach the store |
//! | `waiting_room`, `drain`, `protection` | who may come in, and how the process stops |

mod actions;
pub mod app;
mod caller_socket;
mod drain;
mod driver;
mod entrance;
mod histogram;
mod listening;
mod live;
mod meters;
mod model_socket;
mod outbox;
mod ports;
pub mod process;
mod protection;
mod report;
mod scratch;
mod server;
mod settings;
#[cfg(test)]
mod testing;
mod tools;
mod waiting_room;
mod wire;
mod writer;

pub use live::{LiveEvent, LiveEvents, LiveKind};
pub use ports::{
    ClaimError, HangUpError, MAX_CALLS_PER_LOOK, MAX_TURNS_PER_PUT, Ports, Steered, StoreError, ToolFailure,
    ToolRequest,
};
pub use server::{Bridge, SetupError};
pub use settings::{BridgeSettings, WarmSettings};
