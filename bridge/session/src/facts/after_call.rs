//! What a call that is over still waits for.

use std::time::{Duration, Instant};

/// Twilio stops the stream of a call it has ended.
const STOP_WAIT: Duration = Duration::from_secs(5);
/// The last words of a caller are transcribed after the call.
const LATE_TRANSCRIPTS_WAIT: Duration = Duration::from_secs(2);

/// The rest of a call after the conversation.
#[derive(Debug, Default)]
pub(crate) struct AfterCall {
    caller_is_gone: bool,
    until: Option<Instant>,
}

impl AfterCall {
    /// We hung up, and Twilio is to stop the stream.
    pub(crate) fn hung_up(&mut self, now: Instant) {
        self.until = Some(now + STOP_WAIT);
    }

    /// The caller is gone, and the last transcripts are on their way.
    pub(crate) fn await_words(&mut self, now: Instant) {
        self.caller_is_gone = true;
        self.until = Some(now + LATE_TRANSCRIPTS_WAIT);
    }

    pub(crate) const fn caller_is_gone(&self) -> bool {
        self.caller_is_gone
    }

    pub(crate) fn stop_by(&self) -> Option<Instant> {
        self.until.filter(|_| !self.caller_is_gone)
    }

    pub(crate) fn transcripts_by(&self) -> Option<Instant> {
        self.until.filter(|_| self.caller_is_gone)
    }
}
