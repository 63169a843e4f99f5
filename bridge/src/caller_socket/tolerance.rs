//! Limits for messages that no call needs. They are rates, because a plain count would be reached by every call that
//! is long enough. How much *audio* a caller may send is decided by the session.

use std::time::{Duration, Instant};

/// A leaky bucket.
#[derive(Debug)]
pub(super) struct Tolerance {
    /// How long one message takes to be forgotten.
    forgotten_after: Duration,
    /// How long the fullest bucket needs to run empty.
    capacity: Duration,
    level: Duration,
    at: Instant,
}

impl Tolerance {
    /// Messages of any kind. A real line sends 50 frames a second and one mark per piece of agent audio; after a network
    /// stall Twilio delivers at once what it held back.
    pub(super) fn of_messages(now: Instant) -> Self {
        Self::new(now, Duration::from_millis(4), 2_500)
    }

    /// Messages that are not what they should be. Twilio sends none, but its protocol may grow.
    pub(super) fn of_oddities(now: Instant) -> Self {
        Self::new(now, Duration::from_secs(1), 20)
    }

    fn new(now: Instant, forgotten_after: Duration, burst: u32) -> Self {
        Self {
            forgotten_after,
            capacity: forgotten_after.saturating_mul(burst),
            level: Duration::ZERO,
            at: now,
        }
    }

    /// Counts a message; false when that is one too many.
    pub(super) fn admit(&mut self, now: Instant) -> bool {
        let leaked = now.saturating_duration_since(self.at);
        self.at = self.at.max(now);
        let level = self.level.saturating_sub(leaked).saturating_add(self.forgotten_after);
        self.level = level.min(self.capacity + self.forgotten_after);
        self.level <= self.capacity
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_real_line_is_never_a_flood() {
        let start = Instant::now();
        let mut guard = Tolerance::of_messages(start);
        for frame in 0..10 * 60 * 50u32 {
            let now = start + Duration::from_millis(20) * frame;
            assert!(guard.admit(now) && guard.admit(now), "a frame and a mark, {frame}");
        }
    }

    /// Fault 52.
    #[test]
    fn fifty_times_real_time_is_refused_after_its_burst_and_forgiven_after_a_pause() {
        let start = Instant::now();
        let mut guard = Tolerance::of_messages(start);
        let at = |n: u32| start + Duration::from_micros(400) * n;
        let admitted = (0..).take_while(|n| guard.admit(at(*n))).count();
        assert!((2_500..3_000).contains(&admitted), "{admitted} messages");
        assert!(guard.admit(at(3_000) + Duration::from_secs(1)));
    }

    /// Cases C16 and B24.
    #[test]
    fn oddities_are_forgotten_with_time_and_a_flood_of_them_is_not_tolerated() {
        let start = Instant::now();
        for every in [1, 3, 171] {
            let mut odd = Tolerance::of_oddities(start);
            let hour = (0..3_600 / every).map(|n| start + Duration::from_secs(1) * n * every);
            assert!(hour.into_iter().all(|now| odd.admit(now)), "one every {every} s");
        }
        let mut odd = Tolerance::of_oddities(start);
        assert_eq!((0..1_000).take_while(|_| odd.admit(start)).count(), 20);
        let mut odd = Tolerance::of_oddities(start);
        let frames = (0..).take_while(|n| odd.admit(start + Duration::from_millis(20) * *n)).count();
        assert!(frames <= 21, "every frame of a line is odd: {frames}");
    }

    proptest! {
        /// Case C16. What is tolerated depends on how much comes in which time, and never on how long a call has lasted.
        #[test]
        fn after_a_pause_a_peer_has_its_whole_tolerance_again(
            pauses in prop::collection::vec(0..5_000u64, 0..100)
        ) {
            let mut now = Instant::now();
            let mut odd = Tolerance::of_oddities(now);
            for millis in pauses {
                now += Duration::from_millis(millis);
                odd.admit(now);
            }
            now += Duration::from_secs(21);
            prop_assert_eq!((0..100).take_while(|_| odd.admit(now)).count(), 20);
        }
    }
}
