//! What an error means for the call. OpenAI: most `error` events leave the session as it was.

use std::time::Duration;

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
    /// Asked for too much, or the provider has no capacity: wait, as long as is said.
    RateLimited,
    /// Money, key or account. Do not reconnect; apologise or hand over.
    Fatal,
    /// OpenAI's fault: reconnect with replay, once or twice.
    Server,
    /// Never seen before. Log it and go on: an unknown error must not silence a call.
    Unknown,
}

impl ErrorClass {
    /// Whether an error of this class that answers a request says that the request itself is at fault.
    pub fn refuses(self, error: &ApiError) -> bool {
        match self {
            Self::Bug => true,
            Self::Unknown => error.param.is_some() || error.kind.as_deref() == Some("invalid_request_error"),
            Self::Benign
            | Self::RetryAfterActive
            | Self::SessionExpired
            | Self::RateLimited
            | Self::Fatal
            | Self::Server => false,
        }
    }
}

impl ApiError {
    /// The class of this error in a Realtime session.
    pub fn class(&self) -> ErrorClass {
        let message = self.message.as_ref().map_or("", |message| message.as_str());
        classify(self.code.as_deref(), self.kind.as_deref(), message)
    }

    /// How long to wait before asking again, where the message says so. Events have no header to say it in.
    pub fn named_wait(&self) -> Option<Duration> {
        self.message.as_ref().and_then(|message| named_wait(message.as_str()))
    }
}

/// Words behind which a message says how long to wait.
const WAIT_WORDS: [&str; 4] = ["again in ", "retry in ", "retry after ", "retry-after: "];

/// The wait that a message names: `try again in 7.2s`, `in 350ms`, `in 1m30s`, `in 20 seconds`.
fn named_wait(message: &str) -> Option<Duration> {
    let message = message.to_ascii_lowercase();
    let mut rest = WAIT_WORDS.iter().find_map(|words| message.split_once(words)).map(|(_, rest)| rest)?;
    let mut seconds = None;
    loop {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, behind) = rest.split_at(digits);
        // A full stop behind a number without a unit ends the sentence.
        let Ok(number) = number.trim_end_matches('.').parse::<f64>() else { break };
        let behind = behind.trim_start();
        let letters = behind.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(letters);
        let unit = match unit {
            "ms" | "millisecond" | "milliseconds" => 0.001,
            "" | "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
            "h" | "hr" | "hour" | "hours" => 3_600.0,
            _ => break,
        };
        *seconds.get_or_insert(0.0) += number * unit;
        rest = behind.trim_start();
    }
    // Too long for a clock is too long, whatever it is.
    seconds.map(|seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
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
    if message.starts_with("Rate limit reached") || named_wait(message).is_some() {
        return ErrorClass::RateLimited;
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
        "unknown_parameter"
        | "invalid_value"
        | "invalid_type"
        | "invalid_parameter"
        | "invalid_event"
        | "invalid_language_format"
        | "unsupported_value"
        | "unsupported_parameter"
        | "missing_required_parameter" => ErrorClass::Bug,
        "session_expired" => ErrorClass::SessionExpired,
        "rate_limit_exceeded"
        | "inference_rate_limit_exceeded"
        | "rate_limit_error"
        | "slow_down"
        | "server_is_overloaded"
        | "overloaded"
        | "overloaded_error" => ErrorClass::RateLimited,
        "server_error" | "internal_error" | "internal_server_error" | "service_unavailable" => {
            ErrorClass::Server
        }
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
                &[
                    "unknown_parameter",
                    "invalid_value",
                    "invalid_event",
                    "invalid_language_format",
                    "missing_required_parameter",
                ],
            ),
            (ErrorClass::SessionExpired, &["session_expired"]),
            (
                ErrorClass::RateLimited,
                &[
                    "rate_limit_exceeded",
                    "inference_rate_limit_exceeded",
                    "slow_down",
                    "server_is_overloaded",
                ],
            ),
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

    /// Case B29.
    #[test]
    fn races_without_a_code_are_told_by_their_message() {
        let kind = Some("invalid_request_error");
        let shorter = "Audio content of 1200ms is already shorter than 1500ms";
        assert_eq!(classify(None, kind, shorter), ErrorClass::Benign);
        assert_eq!(classify(None, kind, "Cancellation failed: no active response found"), ErrorClass::Benign);
    }

    /// Case C10. Case B08.
    #[test]
    fn a_message_says_how_long_to_wait() {
        let wait =
            |message: &str| ApiError { message: Some(message.into()), ..ApiError::default() }.named_wait();
        for (message, millis) in [
            (
                "Rate limit reached for gpt-realtime on tokens. Please try again in 7.2s. Visit the page.",
                7_200,
            ),
            ("Please try again in 350ms.", 350),
            ("Please try again in 1m2.5s", 62_500),
            ("Please try again in 6m0s.", 360_000),
            ("try again in 20 seconds", 20_000),
            ("Please Try Again In 1 minute and call", 60_000),
            ("Overloaded, retry after 3.", 3_000),
            ("Retry-After: 5", 5_000),
        ] {
            assert_eq!(wait(message), Some(Duration::from_millis(millis)), "{message}");
        }
        assert_eq!(wait("again in 1e400 s"), None);
        assert_eq!(wait(&format!("again in {} s", "9".repeat(400))), Some(Duration::MAX));
        for message in ["", "again in", "again in a moment", "again in ...", "again in 3 weeks", "7.2s"] {
            assert_eq!(wait(message), None, "{message}");
        }
        let told = classify(None, Some("tokens"), "Please try again in 7.2s.");
        assert_eq!(told, ErrorClass::RateLimited);
        assert_eq!(classify(None, Some("rate_limit_exceeded"), ""), ErrorClass::RateLimited);
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
