//! Scripted answers of the HTTP endpoints.

use std::time::Duration;

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// What `POST /v1/audio/transcriptions` answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Transcription {
    /// What is said in the file, as without anything prepared.
    Heard,
    /// This text; empty for a silent recording.
    Text(String),
    /// This text, after a while.
    After(Duration, String),
    Fault(HttpFault),
}

/// What `POST /v1/responses` answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A message with this text.
    Text(String),
    /// A message with this value as its text.
    Json(Value),
    /// A function call; `arguments` is sent as it is, but for `{{tool/pointer}}`: what the tool told last, at that JSON pointer.
    Call {
        name: String,
        arguments: String,
    },
    /// HTTP 200 with a refusal in place of the text.
    Refusal(String),
    /// HTTP 200 with status `incomplete`: `max_output_tokens` or `content_filter`.
    Incomplete {
        reason: String,
    },
    /// HTTP 200 with status `failed` and this error code.
    Failed {
        code: String,
    },
    /// HTTP 400 that names a parameter which this model does not take.
    Refused {
        param: String,
    },
    Fault(HttpFault),
}

/// Something that the simulated model understands: where a conversation holds `quote`, the field `name` is `value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub name: String,
    pub value: String,
    pub quote: String,
}

impl Fact {
    pub fn new(name: &str, value: &str, quote: &str) -> Self {
        Self { name: name.to_owned(), value: value.to_owned(), quote: quote.to_owned() }
    }
}

/// An HTTP error in place of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpFault {
    /// The HTTP status.
    pub status: u16,
    /// The `code` of the error object.
    pub code: String,
    /// Sent as whole seconds in `retry-after`.
    pub retry_after: Option<Duration>,
}

impl HttpFault {
    /// 429, worth another try after a while.
    pub fn rate_limited(retry_after: Duration) -> Self {
        Self { status: 429, code: "rate_limit_exceeded".to_owned(), retry_after: Some(retry_after) }
    }

    /// 429 that no retry will cure.
    pub fn insufficient_quota() -> Self {
        Self { status: 429, code: "insufficient_quota".to_owned(), retry_after: None }
    }

    /// 500.
    pub fn server_error() -> Self {
        Self { status: 500, code: "server_error".to_owned(), retry_after: None }
    }
}

impl IntoResponse for HttpFault {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = match self.code.as_str() {
            "insufficient_quota" | "server_error" => self.code.as_str(),
            "rate_limit_exceeded" => "requests",
            "slow_down" | "server_is_overloaded" => "server_error",
            _ => "invalid_request_error",
        };
        let message = "The simulator was told to answer with this error.";
        let error = json!({ "message": message, "type": kind, "param": null, "code": self.code });
        let mut response = (status, Json(json!({ "error": error }))).into_response();
        if let Some(delay) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(delay.as_secs()));
        }
        response
    }
}
