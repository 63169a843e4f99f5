//! What an error means for the call. OpenAI: most `error` events leave the session as it was.

use crate::api_error::{ApiError, is_fatal_cause};

/// What to do about an `error` event or a failed response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// A race that the protocol allows, such as cancelling a response that has just ended. Count it.
    Benign,
    /// A response is still active: wait for its `response.done`, then ask again.
    RetryAfterActive,
    /// We sent something malformed and nothing of it was applied. Loud in tests, an alarm in production.
    Bug,
    /// The 60 minutes are over: reconnect and replay.
    SessionExpired,
    /// Back off, perhaps to another model.
    RateLimited,
    /// Money, key or account. Do not reconnect; apologise or hand over.
    Fatal,
    /// OpenAI's fault: reconnect with replay, once or twice.
    Server,
    /// Never seen before. Log it and go on: an unknown error must not silence a call.
    Unknown,
}

impl ApiError {
    /// The class of this error in a Realtime session.
    pub fn class(&self) -> ErrorClass {
        let message = self.message.as_ref().map_or("", |message| message.as_str());
        classify(self.code.as_deref(), self.kind.as_deref(), message)
    }
}

/// Classifies by code, then by type, then, for the causes that OpenAI gives no stable code, by message.
pub fn classify(code: Option<&str>, kind: Option<&str>, message: &str) -> ErrorClass {
    if is_fatal_cause(code, kind) {
        return ErrorClass::Fatal;
    }
    if let Some(class) = code.and_then(by_cause).or_else(|| kind.and_then(by_cause)) {
        return class;
    }
    if message.contains("already shorter than") || message.starts_with("Cancellation failed") {
        return ErrorClass::Benign;
    }
    ErrorClass::Unknown
}

fn by_cause(cause: &str) -> Option<ErrorClass> {
    Some(match cause {
        "response_cancel_not_active"
        | "input_audio_buffer_commit_empty"
        | "item_create_duplicate_item_id" => ErrorClass::Benign,
        cause if cause.starts_with("item_truncate_invalid") => ErrorClass::Benign,
        "conversation_already_has_active_response" => ErrorClass::RetryAfterActive,
        "unknown_parameter" | "invalid_value" | "invalid_event" | "missing_required_parameter" => {
            ErrorClass::Bug
        }
        "session_expired" => ErrorClass::SessionExpired,
        "rate_limit_exceeded" | "inference_rate_limit_exceeded" => ErrorClass::RateLimited,
        "server_error" => ErrorClass::Server,
        _ => return None,
    })
}

/// Why the WebSocket upgrade failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HandshakeClass {
    /// The key, the account, the model's name or the request itself. Trying again changes nothing.
    Fatal,
    /// Wait as long as the answer says, then try again.
    RateLimited,
    /// OpenAI or the way there. Try again.
    Retry,
}

impl HandshakeClass {
    /// From the HTTP status and body of the refused upgrade. The body decides over a 429: without money a
    /// retry can only loop.
    pub fn of(status: u16, body: &[u8]) -> Self {
        if ApiError::from_body(body).is_fatal() {
            return Self::Fatal;
        }
        match status {
            429 => Self::RateLimited,
            408 | 409 => Self::Retry,
            400..=499 => Self::Fatal,
            _ => Self::Retry,
        }
    }
}

/// Why an open socket closed. Every class is survivable: the difference is what to count and to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseClass {
    /// 1000: asked for, by us or by them.
    Normal,
    /// 1001: the session's time is over or the server goes away. Reconnect at once.
    GoingAway,
    /// The connection or the server broke, with a code or without one. Reconnect with replay.
    Lost,
    /// The server says that we broke the protocol. Reconnect, and raise an alarm.
    Protocol,
}

impl CloseClass {
    /// From the close code, `None` when the connection just ended. Codes as in RFC 6455, section 7.4.
    pub fn of(code: Option<u16>) -> Self {
        match code {
            Some(1000) => Self::Normal,
            Some(1001) => Self::GoingAway,
            Some(1002 | 1003 | 1007..=1010) => Self::Protocol,
            Some(_) | None => Self::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_cause_has_its_class() {
        for (class, causes) in [
            (
                ErrorClass::Benign,
                &[
                    "response_cancel_not_active",
                    "input_audio_buffer_commit_empty",
                    "item_create_duplicate_item_id",
                    "item_truncate_invalid_audio_end_ms",
                ][..],
            ),
            (ErrorClass::RetryAfterActive, &["conversation_already_has_active_response"]),
            (
                ErrorClass::Bug,
                &["unknown_parameter", "invalid_value", "invalid_event", "missing_required_parameter"],
            ),
            (ErrorClass::SessionExpired, &["session_expired"]),
            (ErrorClass::RateLimited, &["rate_limit_exceeded", "inference_rate_limit_exceeded"]),
            (
                ErrorClass::Fatal,
                &[
                    "insufficient_quota",
                    "credit_balance_exhausted",
                    "invalid_api_key",
                    "account_deactivated",
                    "billing_hard_limit_reached",
                ],
            ),
            (ErrorClass::Server, &["server_error"]),
        ] {
            for cause in causes {
                assert_eq!(classify(Some(cause), Some("invalid_request_error"), ""), class, "{cause}");
                assert_eq!(classify(None, Some(cause), ""), class, "{cause} as type");
            }
        }
    }

    #[test]
    fn races_without_a_code_are_told_by_their_message() {
        let kind = Some("invalid_request_error");
        let shorter = "Audio content of 1200ms is already shorter than 1500ms";
        assert_eq!(classify(None, kind, shorter), ErrorClass::Benign);
        assert_eq!(classify(None, kind, "Cancellation failed: no active response found"), ErrorClass::Benign);
    }

    #[test]
    fn lack_of_money_outranks_whatever_else_is_said() {
        let class = classify(Some("rate_limit_exceeded"), Some("insufficient_quota"), "");
        assert_eq!(class, ErrorClass::Fatal);
    }

    /// Fault 61.
    #[test]
    fn an_unknown_error_never_ends_a_call() {
        for (code, kind) in [(None, None), (Some("brand_new"), Some("invalid_request_error"))] {
            assert_eq!(classify(code, kind, "something else"), ErrorClass::Unknown);
        }
    }

    /// Fault 57.
    #[test]
    fn a_refused_upgrade_is_retried_only_where_that_can_help() {
        for status in [400, 401, 403, 404] {
            assert_eq!(HandshakeClass::of(status, b""), HandshakeClass::Fatal, "{status}");
        }
        for status in [408, 409, 500, 502, 503, 200, 302] {
            assert_eq!(HandshakeClass::of(status, b"<html>"), HandshakeClass::Retry, "{status}");
        }
        assert_eq!(HandshakeClass::of(429, b"{}"), HandshakeClass::RateLimited);
        let broke = br#"{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}"#;
        assert_eq!(HandshakeClass::of(429, broke), HandshakeClass::Fatal);
    }

    /// Fault 58.
    #[test]
    fn a_broken_socket_is_not_an_orderly_close() {
        assert_eq!(CloseClass::of(Some(1000)), CloseClass::Normal);
        assert_eq!(CloseClass::of(Some(1001)), CloseClass::GoingAway);
        for code in [None, Some(1005), Some(1006), Some(1011), Some(1012), Some(4000)] {
            assert_eq!(CloseClass::of(code), CloseClass::Lost, "{code:?}");
        }
        for code in [1002, 1003, 1007, 1008, 1009, 1010] {
            assert_eq!(CloseClass::of(Some(code)), CloseClass::Protocol, "{code}");
        }
    }
}
