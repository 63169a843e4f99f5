//! `POST /v1/responses`: summaries, extraction and written replies.

mod reply;
mod request;
mod schema;

pub use reply::{
    FunctionCall, IncompleteReason, ReplyShape, ResponsesOutcome, ResponsesReply, ResponsesUsage,
};
pub use request::{Effort, MAX_SAFETY_IDENTIFIER_CHARS, Nicety, ResponsesRequest, Verbosity};
pub use schema::{MAX_SCHEMA_NAME_CHARS, SchemaError, StrictSchema};
