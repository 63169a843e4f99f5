use serde::Deserialize;

/// The body of an answer that is not a success.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct ErrorBody {
    /// Twilio's error code.
    pub code: u32,
    /// For people. It may quote what was sent, numbers included, and is therefore not printed.
    #[serde(default)]
    pub message: String,
    /// The HTTP status, again.
    #[serde(default)]
    pub status: Option<u16>,
}

impl std::fmt::Debug for ErrorBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ErrorBody")
            .field("code", &self.code)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// What to do about an error (Twilio's error dictionary).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The call has ended or the resource is gone: for a hang-up or a deletion, success.
    AlreadyOver,
    /// The same request will always fail.
    Permanent,
    /// Too much at once: try again later, with jitter, and not before `Retry-After`.
    RateLimited,
    /// The credentials are wrong, or the account is suspended: trying again makes it worse. Alarm.
    Auth,
    /// Twilio's fault, and passing. Only what may be done twice is tried again.
    Retryable,
}

impl ErrorClass {
    /// The class of an answer with `http_status` and, if its body could be read, Twilio's `code`.
    pub fn of(http_status: u16, code: Option<u32>) -> Self {
        match (code, http_status) {
            (Some(20404 | 21220), _) => Self::AlreadyOver,
            (Some(20003), _) => Self::Auth,
            (Some(20429 | 10004), _) => Self::RateLimited,
            (Some(20500 | 20503), _) => Self::Retryable,
            (_, 401) => Self::Auth,
            (_, 429) => Self::RateLimited,
            (_, 408 | 500..) => Self::Retryable,
            _ => Self::Permanent,
        }
    }
}
