//! Log lines that a peer, or a model that was talked into it, can cause as often as it likes.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One line in this time is enough to see that something goes on; it says how many others there were.
const INTERVAL: Duration = Duration::from_secs(10);

/// Of one line in the code: it is written once in 10 s at most, and then says how many were left out.
#[derive(Debug, Default)]
pub struct RateLimited(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    suppressed: u64,
}

impl RateLimited {
    /// Whether to log now; then how many times this was not the case since the last time.
    pub fn admit(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.is_some_and(|last| now.saturating_duration_since(last) < INTERVAL) {
            state.suppressed += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_stands_for_all_of_its_interval() {
        let (limited, start) = (RateLimited::default(), Instant::now());
        assert_eq!(limited.admit(start), Some(0));
        assert!((0..500).all(|n| limited.admit(start + Duration::from_millis(n)).is_none()));
        assert_eq!(limited.admit(start + INTERVAL), Some(500));
        assert_eq!(limited.admit(start + INTERVAL * 2), Some(0));
    }
}
