//! What the API says when it will not do something.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A refused request: the `error` object of an HTTP body or of an `error` event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiRefusal {
    pub(crate) kind: &'static str,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) param: Option<String>,
}

impl ApiRefusal {
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { kind: "invalid_request_error", code: code.to_owned(), message: message.into(), param: None }
    }

    pub(crate) fn at(self, param: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..self }
    }

    pub(crate) fn unknown_parameter(param: &str) -> Self {
        Self::new("unknown_parameter", format!("Unknown parameter: '{param}'.")).at(param)
    }

    pub(crate) fn missing(param: &str) -> Self {
        let message = format!("Missing required parameter: '{param}'.");
        Self::new("missing_required_parameter", message).at(param)
    }

    pub(crate) fn invalid(param: &str, expected: impl std::fmt::Display) -> Self {
        Self::new("invalid_value", format!("Invalid '{param}'. Expected {expected}.")).at(param)
    }

    /// The `error` object, without `event_id`.
    pub(crate) fn to_json(&self) -> Value {
        json!({ "type": self.kind, "code": self.code, "message": self.message, "param": self.param })
    }

    /// The HTTP form of the same refusal.
    pub(crate) fn with_status(self, status: StatusCode) -> Response {
        (status, Json(json!({ "error": self.to_json() }))).into_response()
    }
}

impl IntoResponse for ApiRefusal {
    fn into_response(self) -> Response {
        let status = match self.code.as_str() {
            "invalid_api_key" => StatusCode::UNAUTHORIZED,
            "model_not_found" => StatusCode::NOT_FOUND,
            "file_too_large" => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        };
        self.with_status(status)
    }
}
