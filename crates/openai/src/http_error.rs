//! REST errors and what to do about them: the policy of OpenAI's own SDKs.

use std::time::{Duration, SystemTime};

use crate::ApiError;

/// Attempts after the first.
pub const MAX_RETRIES: usize = 2;
/// Longest wait that the server may ask for within one request. Beyond it the request fails now, to be made later.
pub const RETRY_AFTER_CAP: Duration = Duration::from_secs(120);
/// First wait when the server names none; doubles with each attempt.
pub const BACKOFF_FIRST: Duration = Duration::from_millis(500);
/// The longest pause between two attempts.
pub const BACKOFF_CAP: Duration = Duration::from_secs(8);

/// The response headers that matter in an error, as they came.
#[derive(Debug, Clone, Copy, Default)]
pub struct ErrorHeaders<'a> {
    /// `x-request-id`: what to quote to OpenAI's support
    pub request_id: Option<&'a str>,
    /// `x-should-retry`
    pub should_retry: Option<&'a str>,
    /// `retry-after-ms`
    pub retry_after_ms: Option<&'a str>,
    /// `retry-after`: seconds or an HTTP date
    pub retry_after: Option<&'a str>,
}

/// Whether the same request may succeed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same request can only fail again.
    No,
    /// After exactly this long.
    After(Duration),
    /// After a wait that grows from [`BACKOFF_FIRST`] to [`BACKOFF_CAP`] and is [`shortened`] by chance.
    Backoff,
    /// After a wait that is too long for this run of the work. A later run may ask again.
    Later(Duration),
}

impl Retry {
    /// The wait that the server named.
    pub const fn asked(self) -> Option<Duration> {
        match self {
            Self::After(wait) | Self::Later(wait) => Some(wait),
            Self::No | Self::Backoff => None,
        }
    }
}

/// What the API answers when it has no room for a request that is right in itself. `slow_down` and
/// `server_is_overloaded` came on 2026-09-02.
const BUSY: [&str; 4] = ["rate_limit_exceeded", "slow_down", "server_is_overloaded", "overloaded_error"];

/// A REST call that was answered with something other than 2xx.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("OpenAI answered {status} ({})", cause(.error))]
pub struct HttpError {
    /// The HTTP status.
    pub status: u16,
    /// OpenAI's id of the request, for its support.
    pub request_id: Option<String>,
    /// What the body says.
    pub error: ApiError,
    /// Whether and when the request may be sent again.
    pub retry: Retry,
}

fn cause(error: &ApiError) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".to_owned());
    format!("type {}, code {}, param {}", part(&error.kind), part(&error.code), part(&error.param))
}

impl HttpError {
    /// `now` is only used for a `retry-after` that is a date.
    pub fn new(status: u16, headers: ErrorHeaders<'_>, body: &[u8], now: SystemTime) -> Self {
        let error = ApiError::from_body(body);
        let retry = decide(status, &error, headers, now);
        Self { status, request_id: headers.request_id.map(str::to_owned), error, retry }
    }

    /// The model is retired, unknown, or not for this account or endpoint: another one may do.
    pub fn refuses_model(&self) -> bool {
        let code = self.error.code.as_deref().unwrap_or_default();
        code.starts_with("model_")
            || code == "invalid_model"
            || (matches!(self.status, 400 | 403 | 404) && self.error.param.as_deref() == Some("model"))
    }

    /// The API has no room for this request now. Nothing is wrong with the request or the account.
    pub fn is_busy(&self) -> bool {
        let named = [&self.error.code, &self.error.kind]
            .into_iter()
            .flatten()
            .any(|word| BUSY.contains(&word.as_str()));
        !self.error.is_fatal() && (named || matches!(self.status, 429 | 503))
    }

    /// Whether the request's shape is refused, in which case leaving out what is optional may help.
    pub fn refuses_request(&self) -> bool {
        matches!(self.status, 400 | 422) && !self.refuses_account() && !self.refuses_model()
    }

    /// Money, keys and accounts: no request goes through until a person acts.
    pub fn refuses_account(&self) -> bool {
        self.status == 401 || self.error.is_fatal()
    }
}

fn decide(status: u16, error: &ApiError, headers: ErrorHeaders<'_>, now: SystemTime) -> Retry {
    let by_status = matches!(status, 408 | 409 | 429 | 500..);
    let wanted = match headers.should_retry.map(str::trim) {
        Some("true") => true,
        Some("false") => false,
        Some(_) | None => by_status,
    };
    if error.is_fatal() || !wanted {
        return Retry::No;
    }
    match requested_wait(headers, now) {
        None => Retry::Backoff,
        Some(wait) if wait <= RETRY_AFTER_CAP => Retry::After(wait),
        Some(wait) => Retry::Later(wait),
    }
}

/// The positive wait that the server named, if it named one.
fn requested_wait(headers: ErrorHeaders<'_>, now: SystemTime) -> Option<Duration> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let seconds = headers.retry_after_ms.and_then(number).map(|ms| ms / 1_000.0);
    let seconds = seconds.or_else(|| headers.retry_after.and_then(number));
    let wait = match seconds {
        Some(seconds) if seconds.is_nan() || seconds <= 0.0 => None,
        // Too large for a Duration is too long to wait, whatever it is.
        Some(seconds) => Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)),
        None => headers.retry_after.and_then(|date| until(date.trim(), now)),
    };
    wait.filter(|wait| !wait.is_zero())
}

fn until(http_date: &str, now: SystemTime) -> Option<Duration> {
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(http_date).ok()?;
    SystemTime::from(date).duration_since(now).ok()
}

/// A wait, shortened by up to a quarter by `jitter` (0 to 1), so that callers that failed together do not return
/// together.
pub fn shortened(wait: Duration, jitter: f64) -> Duration {
    wait.mul_f64(1.0 - 0.25 * jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn retry(status: u16, headers: ErrorHeaders<'_>) -> Retry {
        HttpError::new(status, headers, b"", NOW).retry
    }

    fn after(retry_after: &str) -> ErrorHeaders<'_> {
        ErrorHeaders { retry_after: Some(retry_after), ..ErrorHeaders::default() }
    }

    #[test]
    fn the_status_decides_when_nothing_else_is_said() {
        for status in [408, 409, 429, 500, 502, 503, 529] {
            assert_eq!(retry(status, ErrorHeaders::default()), Retry::Backoff, "{status}");
        }
        for status in [400, 401, 403, 404, 413, 422] {
            assert_eq!(retry(status, ErrorHeaders::default()), Retry::No, "{status}");
        }
    }

    #[test]
    fn a_model_that_is_gone_is_told_from_an_account_that_is_shut() {
        let refusal = |status, code: &str, param: &str| {
            let body = format!(r#"{{"error":{{"type":"t","code":"{code}","param":"{param}"}}}}"#);
            let error = HttpError::new(status, ErrorHeaders::default(), body.as_bytes(), NOW);
            (error.refuses_model(), error.refuses_account())
        };
        assert_eq!(refusal(404, "model_not_found", ""), (true, false));
        assert_eq!(refusal(400, "invalid_value", "model"), (true, false));
        assert_eq!(refusal(400, "invalid_value", "file"), (false, false));
        assert_eq!(refusal(429, "insufficient_quota", ""), (false, true));
        assert_eq!(refusal(401, "invalid_api_key", ""), (false, true));
        assert_eq!(refusal(429, "rate_limit_exceeded", ""), (false, false));
    }

    /// Fault 44.
    #[test]
    fn a_rate_limit_waits_and_an_empty_account_stops() {
        let body = |code: &str| {
            format!(r#"{{"error":{{"message":"m","type":"{code}","param":null,"code":"{code}"}}}}"#)
        };
        let limited = HttpError::new(429, after("20"), body("rate_limit_exceeded").as_bytes(), NOW);
        assert_eq!(limited.retry, Retry::After(Duration::from_secs(20)));

        let urged = ErrorHeaders { should_retry: Some("true"), ..after("20") };
        let broke = HttpError::new(429, urged, body("insufficient_quota").as_bytes(), NOW);
        assert_eq!(broke.retry, Retry::No);
    }

    /// New since September.
    #[test]
    fn a_server_without_room_is_waited_for_as_long_as_it_says() {
        for (status, code) in [
            (429, "slow_down"),
            (503, "server_is_overloaded"),
            (429, "rate_limit_exceeded"),
            (503, "unheard_of"),
        ] {
            let body = format!(r#"{{"error":{{"message":"m","type":"t","param":null,"code":"{code}"}}}}"#);
            let busy = |wait| HttpError::new(status, after(wait), body.as_bytes(), NOW);
            assert!(
                busy("7").is_busy() && !busy("7").refuses_account() && !busy("7").refuses_request(),
                "{code}"
            );
            assert_eq!(busy("7").retry, Retry::After(Duration::from_secs(7)));
            assert_eq!(busy("300").retry.asked(), Some(Duration::from_secs(300)), "later, and not before");
            assert!(busy("7").to_string().contains(code));
        }
        let broke = HttpError::new(429, after("7"), br#"{"error":{"code":"insufficient_quota"}}"#, NOW);
        assert!(!broke.is_busy());
    }

    #[test]
    fn the_servers_own_advice_outranks_the_status() {
        let advice =
            |should_retry| ErrorHeaders { should_retry: Some(should_retry), ..ErrorHeaders::default() };
        assert_eq!(retry(400, advice("true")), Retry::Backoff);
        assert_eq!(retry(500, advice("false")), Retry::No);
        assert_eq!(retry(500, advice("perhaps")), Retry::Backoff);
    }

    #[test]
    fn milliseconds_are_preferred_to_seconds_and_dates() {
        let both = ErrorHeaders { retry_after_ms: Some("1500"), ..after("20") };
        assert_eq!(retry(503, both), Retry::After(Duration::from_millis(1_500)));
        let bad = ErrorHeaders { retry_after_ms: Some("soon"), ..after("2.5") };
        assert_eq!(retry(503, bad), Retry::After(Duration::from_millis(2_500)));
        let date = after("Thu, 01 Jan 1970 00:01:40 GMT");
        assert_eq!(retry(503, date), Retry::After(Duration::from_secs(100)));
    }

    #[test]
    fn a_wait_that_is_too_long_fails_now_and_a_senseless_one_is_ignored() {
        assert_eq!(retry(429, after("120")), Retry::After(RETRY_AFTER_CAP));
        for long in ["120.001", "1e300", "inf", "Thu, 01 Jan 1970 00:02:01 GMT"] {
            assert!(
                matches!(retry(429, after(long)), Retry::Later(wait) if wait > RETRY_AFTER_CAP),
                "{long}"
            );
        }
        for senseless in ["0", "-5", "NaN", "later", "", "Wed, 31 Dec 1969 23:00:00 GMT"] {
            assert_eq!(retry(429, after(senseless)), Retry::Backoff, "{senseless}");
        }
    }

    #[test]
    fn an_error_shows_its_cause_and_not_its_prose() {
        let body = br#"{"error":{"message":"Not valid: Dear Mr Miller",
            "type":"invalid_request_error","param":"input","code":null}}"#;
        let error = HttpError::new(400, ErrorHeaders::default(), body, NOW);
        assert_eq!(
            error.to_string(),
            "OpenAI answered 400 (type invalid_request_error, code -, param input)"
        );
        assert!(!format!("{error:?}").contains("Miller"));
    }

    #[test]
    fn a_body_that_is_no_error_object_is_an_empty_error() {
        for body in [&b"<html>bad gateway</html>"[..], b"", b"[]", br#"{"error":null}"#, br#"{"error":"x"}"#]
        {
            assert_eq!(HttpError::new(502, ErrorHeaders::default(), body, NOW).error, ApiError::default());
        }
    }

    proptest! {
        #[test]
        fn chance_shortens_a_wait_by_a_quarter_at_most(jitter in any::<f64>()) {
            for wait in [BACKOFF_FIRST, BACKOFF_CAP] {
                let shortened = shortened(wait, if jitter.is_nan() { 0.0 } else { jitter });
                prop_assert!(shortened >= wait.mul_f64(0.75) && shortened <= wait);
            }
        }

        #[test]
        fn no_header_makes_us_wait_longer_than_the_cap(ms in ".{0,20}", seconds in "[-+0-9.einfa ]{0,12}") {
            let headers = ErrorHeaders { retry_after_ms: Some(&ms), ..after(&seconds) };
            if let Retry::After(wait) = retry(429, headers) {
                prop_assert!(!wait.is_zero() && wait <= RETRY_AFTER_CAP);
            }
        }
    }
}
