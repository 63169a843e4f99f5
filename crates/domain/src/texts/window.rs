//! WhatsApp's window: until when a business may write free words to a person, counted from what the person wrote last.
//! Outside it only words that were approved before may be sent (a template).

use std::time::Duration;

use super::Medium;
use crate::Timestamp;

/// How long it stays open after a text of the person (Meta, customer service window).
pub const OPEN: Duration = Duration::from_secs(24 * 60 * 60);
/// Its end is taken for closed: a text takes its way, and clocks differ.
pub const MARGIN: Duration = Duration::from_secs(60);

/// Whether free words may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// At any time: the medium has no window.
    Always,
    /// Until then.
    Until(Timestamp),
    /// Not now; a template only.
    Closed,
}

impl Window {
    /// The window of a thread at `now`, by when the person wrote last.
    pub fn of(medium: Medium, last_in: Option<Timestamp>, now: Timestamp) -> Self {
        match (medium, last_in) {
            (Medium::Sms, _) => Self::Always,
            (Medium::WhatsApp, None) => Self::Closed,
            (Medium::WhatsApp, Some(last)) => {
                let until = last.plus(OPEN - MARGIN);
                if now < until { Self::Until(until) } else { Self::Closed }
            }
        }
    }

    /// Whether free words may be sent.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Always | Self::Until(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_closes_a_minute_before_a_day_is_over() {
        let last = Timestamp(1_000);
        let at = |wait: Duration| Window::of(Medium::WhatsApp, Some(last), last.plus(wait)).is_open();
        assert!(at(Duration::ZERO) && at(OPEN - MARGIN - Duration::from_millis(1)));
        assert!(!at(OPEN - MARGIN) && !at(OPEN) && !at(OPEN + Duration::from_secs(1)));
        assert!(!Window::of(Medium::WhatsApp, None, last).is_open());
        assert!(Window::of(Medium::Sms, None, last).is_open());
    }
}
