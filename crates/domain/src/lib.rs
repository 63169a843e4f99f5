//! What a call, a business, a recording and a transcript *are*, and how each may change.
//!
//! Nothing here performs I/O, reads a clock or awaits: `now` is always an argument, so every rule can be
//! tested in microseconds and replayed exactly. The manifest holds the boundary (no runtime, no JSON, no
//! AWS) and `.clippy.toml` bans the clocks.
#![warn(missing_docs)]

pub mod access;
pub mod action;
pub mod amd;
pub mod announcement;
pub mod appointments;
mod as_text;
mod braces;
pub mod business;
pub mod call;
pub mod call_back;
pub mod campaign;
pub mod contact;
pub mod cost;
pub mod cursor;
pub mod dial;
pub mod digest;
pub mod do_not_call;
pub mod duration;
pub mod endpoint;
pub mod event;
pub mod hours;
pub mod ids;
pub mod insight;
pub mod language;
pub mod lead;
pub mod listening;
pub mod locale;
pub mod messages;
pub mod notification;
pub mod numbering;
pub mod numbers;
pub mod outbound;
pub mod own_account;
pub mod phone;
pub mod phrases;
pub mod plan;
pub mod prompt;
pub mod reception;
pub mod recording;
#[cfg(feature = "schema")]
pub mod schema;
pub mod secret;
pub mod settings_check;
pub mod share;
pub mod test_call;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;
pub mod texts;
pub mod time;
pub mod token;
pub mod tools;
pub mod transcript;
pub mod turn;
pub mod usage;
pub mod zone;

pub use action::{ActionId, ActionState, CallAction};
pub use amd::AnsweredBy;
pub use announcement::Announcement;
pub use business::{Business, Settings};
pub use call::{Call, CallStatus, Direction};
pub use contact::{Contact, ContactId};
pub use dial::{DialId, DialOrder};
pub use ids::{BusinessId, CallSid, Epoch, RecordingSid, Revision, StreamSid};
pub use insight::Insights;
pub use phone::{Caller, PhoneNumber};
pub use plan::CallPlan;
pub use recording::{Recording, RecordingState};
pub use secret::Secret;
pub use time::Timestamp;
pub use tools::Toolbox;
pub use transcript::Transcript;
pub use turn::{SessionReport, Speaker, Turn};
