//! What goes wrong at the simulated Graph API, on demand.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use axum::Json;
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use serde_json::json;

use super::state::lock;

/// How an answer comes apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breakage {
    /// It comes whole.
    Whole,
    /// The connection breaks in the middle of it.
    Connection,
    /// It is a page of a proxy's in place of JSON.
    Page,
}

/// An answer given in place of, or after, doing what the next request asks.
#[derive(Clone, Debug)]
pub struct GraphFault {
    /// The HTTP status.
    pub status: u16,
    /// Meta's error code, such as 130429.
    pub code: u32,
    /// The request is carried out, and only its answer is this one.
    pub carried_out: bool,
    /// How it comes.
    pub breakage: Breakage,
}

impl GraphFault {
    /// The message is taken, and the connection breaks before the answer is whole.
    pub const LOST_ANSWER: Self =
        Self { status: 200, code: 0, carried_out: true, breakage: Breakage::Connection };

    /// An error with this code, and nothing is done.
    pub fn refusal(code: u32) -> Self {
        let status = GraphError::new(code, "").status.as_u16();
        Self { status, code, carried_out: false, breakage: Breakage::Whole }
    }
}

/// Faults that wait, and people and senders whose messages are refused.
#[derive(Default)]
pub(crate) struct Faults {
    waiting: Mutex<VecDeque<GraphFault>>,
    refused: Mutex<HashMap<String, (u32, Option<u32>)>>,
}

impl Faults {
    pub(super) fn push(&self, fault: GraphFault) {
        lock(&self.waiting).push_back(fault);
    }

    pub(super) fn next(&self) -> Option<GraphFault> {
        lock(&self.waiting).pop_front()
    }

    /// With `times` 0 it is taken back.
    pub(super) fn refuse(&self, whom: &str, code: u32, times: Option<u32>) {
        lock(&self.refused).insert(whom.to_owned(), (code, times));
    }

    /// Whether this person or sender is refused now.
    pub(super) fn refuses(&self, whom: &str) -> Option<u32> {
        let mut refused = lock(&self.refused);
        let (code, left) = refused.get_mut(whom)?;
        match left {
            None => Some(*code),
            Some(0) => None,
            Some(left) => {
                *left -= 1;
                Some(*code)
            }
        }
    }
}

/// An error in the Graph API's own form (Meta docs, "Error codes").
#[derive(Debug)]
pub(super) struct GraphError {
    status: StatusCode,
    code: u32,
    subcode: Option<u32>,
    message: &'static str,
}

impl GraphError {
    /// The object does not exist, or the token does not reach it.
    pub(super) const NO_OBJECT: Self = Self {
        status: StatusCode::BAD_REQUEST,
        code: 100,
        subcode: Some(33),
        message: "Unsupported request. Object does not exist or cannot be loaded due to missing permissions",
    };

    pub(super) fn new(code: u32, message: &'static str) -> Self {
        let status = match code {
            190 => StatusCode::UNAUTHORIZED,
            368 | 131_031 | 130_497 => StatusCode::FORBIDDEN,
            130_429 | 131_056 => StatusCode::TOO_MANY_REQUESTS,
            132_001 => StatusCode::NOT_FOUND,
            131_000 | 131_057 => StatusCode::INTERNAL_SERVER_ERROR,
            131_016 => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { status, code, subcode: None, message }
    }

    /// A parameter is missing or wrong.
    pub(super) fn parameter(message: &'static str) -> Self {
        Self::new(100, message)
    }
}

impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        let mut error = json!({
            "message": format!("(#{}) {}", self.code, self.message),
            "type": "OAuthException",
            "code": self.code,
            "error_data": { "messaging_product": "whatsapp", "details": self.message },
            "fbtrace_id": "AmG0dEXAmPLe",
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = json!(subcode);
        }
        (self.status, Json(json!({ "error": error }))).into_response()
    }
}

/// The answer that a fault stands for.
pub(super) fn faulty(fault: &GraphFault) -> Response {
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match fault.breakage {
        Breakage::Whole => {
            let mut error = GraphError::new(fault.code, "An injected fault");
            error.status = status;
            error.into_response()
        }
        Breakage::Page => {
            (status, [(header::CONTENT_TYPE, "text/html")], "<html><body>Sorry</body></html>").into_response()
        }
        Breakage::Connection => broken(status),
    }
}

/// An answer that promises more than comes.
pub(crate) fn broken(status: StatusCode) -> Response {
    let start = Ok(Bytes::from_static(b"{\"messaging_product\":"));
    let end = Err(std::io::Error::other("the connection breaks here"));
    let body = Body::from_stream(stream::iter([start, end]));
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
