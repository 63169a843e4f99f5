//! What becomes of a text of the business, as a carrier reports it.

/// One report. Both carriers have words of their own, and any may be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The carrier's word, such as `delivered`.
    pub status: String,
    /// An error code, with failures.
    pub code: Option<u32>,
}

impl Report {
    /// A status without an error.
    pub fn new(status: &str) -> Self {
        Self { status: status.to_owned(), code: None }
    }

    /// `failed`, and why.
    pub fn failed(code: u32) -> Self {
        Self { status: "failed".to_owned(), code: Some(code) }
    }

    /// `undelivered`, and why: Twilio's word alone.
    pub fn undelivered(code: u32) -> Self {
        Self { status: "undelivered".to_owned(), code: Some(code) }
    }

    /// Every word of Twilio's for a text that was sent.
    pub const OF_TWILIO: [&str; 11] = [
        "accepted",
        "scheduled",
        "queued",
        "sending",
        "sent",
        "delivered",
        "undelivered",
        "failed",
        "read",
        "partially_delivered",
        "canceled",
    ];

    /// Every word of Meta's.
    pub const OF_META: [&str; 5] = ["sent", "delivered", "read", "played", "failed"];
}

impl From<&str> for Report {
    fn from(status: &str) -> Self {
        Self::new(status)
    }
}
