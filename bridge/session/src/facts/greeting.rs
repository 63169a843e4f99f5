//! How far the greeting has come.

use std::time::Duration;

/// All times are counted from the start of the stream.
#[derive(Debug, Default)]
pub(crate) struct Greeting {
    /// The response that carries it.
    response: Option<String>,
    requested: Option<Duration>,
    heard: Option<Duration>,
}

impl Greeting {
    pub(crate) fn requested(&mut self, after_start: Duration) {
        self.requested = Some(after_start);
    }

    /// The response that carries it began.
    pub(crate) fn carried_by(&mut self, response: &str) {
        self.response = Some(response.to_owned());
    }

    /// Its first audio was handed to the line.
    pub(crate) fn heard(&mut self, after_start: Duration) {
        self.heard.get_or_insert(after_start);
    }

    pub(crate) fn response(&self) -> Option<&str> {
        self.response.as_deref()
    }

    pub(crate) const fn requested_after(&self) -> Option<Duration> {
        self.requested
    }

    pub(crate) const fn heard_after(&self) -> Option<Duration> {
        self.heard
    }
}
