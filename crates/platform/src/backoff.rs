//! Waiting between attempts: exponential, capped, with full jitter so that rivals drift apart.

use std::time::Duration;

/// How many attempts, and how long between them.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// Attempts in all.
    pub attempts: u32,
    /// The longest pause after the first attempt.
    pub first: Duration,
    /// The longest pause at all.
    pub cap: Duration,
}

impl Backoff {
    /// For rows that others are writing at this moment: the rival is done within milliseconds.
    pub const CONTENTION: Self =
        Self { attempts: 10, first: Duration::from_millis(5), cap: Duration::from_millis(200) };

    /// For a service that asks for less.
    pub const THROTTLING: Self =
        Self { attempts: 8, first: Duration::from_millis(50), cap: Duration::from_secs(2) };

    /// Waits after the failed attempt `attempt`, counted from 0.
    pub async fn pause(&self, attempt: u32) {
        tokio::time::sleep(self.delay(attempt, random_unit())).await;
    }

    /// The wait for a random `unit` in 0..=1.
    pub fn delay(&self, attempt: u32, unit: f64) -> Duration {
        let ceiling = self.first.saturating_mul(1u32.checked_shl(attempt).unwrap_or(u32::MAX)).min(self.cap);
        ceiling.mul_f64(unit)
    }
}

/// A random number in 0..=1.
pub fn random_unit() -> f64 {
    // Without randomness the wait is the longest one: correct, only less spread.
    getrandom::u32().map_or(1.0, |number| f64::from(number) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_cap_and_never_beyond() {
        let backoff = Backoff::CONTENTION;
        assert_eq!(backoff.delay(0, 1.0), Duration::from_millis(5));
        assert_eq!(backoff.delay(2, 1.0), Duration::from_millis(20));
        for attempt in [6, 31, 32, u32::MAX] {
            assert_eq!(backoff.delay(attempt, 1.0), backoff.cap, "{attempt}");
        }
        assert_eq!(backoff.delay(5, 0.0), Duration::ZERO);
    }
}
