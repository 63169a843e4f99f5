//! A leaky bucket over messages of any kind. How much *audio* a line may send is the session's business; this
//! bounds the work that a peer can cause with messages that are none.

use std::time::{Duration, Instant};

/// A real line sends 50 frames a second and one mark per piece of agent audio.
const MESSAGES_PER_SECOND: u32 = 250;
/// What may come at once: after a network stall Twilio delivers what it held back.
const BURST_MESSAGES: u32 = 2_500;

const COST: Duration = Duration::from_secs(1).checked_div(MESSAGES_PER_SECOND).unwrap();
const CAPACITY: Duration = COST.saturating_mul(BURST_MESSAGES);

#[derive(Debug)]
pub(super) struct FloodGuard {
    /// How long the bucket needs to run empty.
    level: Duration,
    at: Instant,
}

impl FloodGuard {
    pub(super) fn new(now: Instant) -> Self {
        Self { level: Duration::ZERO, at: now }
    }

    /// Counts a message; false when that is one too many.
    pub(super) fn admit(&mut self, now: Instant) -> bool {
        let leaked = now.saturating_duration_since(self.at);
        self.at = now;
        self.level = self.level.saturating_sub(leaked).saturating_add(COST).min(CAPACITY + COST);
        self.level <= CAPACITY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_line_is_never_a_flood() {
        let start = Instant::now();
        let mut guard = FloodGuard::new(start);
        for frame in 0..10 * 60 * 50u32 {
            let now = start + Duration::from_millis(20) * frame;
            assert!(guard.admit(now) && guard.admit(now), "a frame and a mark, {frame}");
        }
    }

    /// Fault 52.
    #[test]
    fn fifty_times_real_time_is_refused_after_its_burst_and_forgiven_after_a_pause() {
        let start = Instant::now();
        let mut guard = FloodGuard::new(start);
        let at = |n: u32| start + Duration::from_micros(400) * n;
        let admitted = (0..).take_while(|n| guard.admit(at(*n))).count();
        assert!((2_500..3_000).contains(&admitted), "{admitted} messages");
        assert!(guard.admit(at(3_000) + Duration::from_secs(1)));
    }
}
