//! Trying again: how often, and after which waits. They grow, and chance shortens each so that rivals drift apart.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};

/// For rows that others are writing at this moment: the rival is done within milliseconds.
pub const CONTENTION: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(5))
    .with_max_delay(Duration::from_millis(200))
    .with_max_times(9);

/// For a service that asks for less.
pub const THROTTLING: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(50))
    .with_max_delay(Duration::from_secs(2))
    .with_max_times(7);

/// The tries of one thing: `while tries.next().await { .. }` until one of them returns.
#[derive(Debug)]
pub struct Tries {
    longest_waits: ExponentialBackoff,
    begun: u32,
}

impl Tries {
    /// One try, and one more after each of these waits.
    pub fn with(waits: ExponentialBuilder) -> Self {
        Self { longest_waits: waits.build(), begun: 0 }
    }

    /// Begins the next try: the first at once, each other after its wait. `false` when there are no more.
    pub async fn next(&mut self) -> bool {
        if self.begun > 0 {
            let Some(longest) = self.longest_waits.next() else { return false };
            tokio::time::sleep(longest.mul_f64(random_unit())).await;
        }
        self.begun += 1;
        true
    }

    /// The number of the try that was begun last, from 1.
    pub const fn number(&self) -> u32 {
        self.begun
    }
}

/// A random number in 0..=1.
pub fn random_unit() -> f64 {
    // Without randomness the wait is the longest one: correct, only less spread.
    getrandom::u32().map_or(1.0, |number| f64::from(number) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[test]
    fn waits_grow_to_their_cap() {
        let waits: Vec<f64> = CONTENTION.build().map(|wait| (wait.as_secs_f64() * 1_000.0).round()).collect();
        assert_eq!(waits, [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 200.0, 200.0, 200.0]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_try_is_at_once_and_the_last_after_all_waits() {
        let (mut tries, began) = (Tries::with(CONTENTION), Instant::now());
        assert!(tries.next().await && began.elapsed().is_zero());
        let mut longest = Duration::ZERO;
        for wait in CONTENTION.build() {
            let asked = Instant::now();
            assert!(tries.next().await);
            longest += wait;
            // The clock of tokio counts whole milliseconds.
            assert!(asked.elapsed() <= wait + Duration::from_millis(1), "{wait:?}");
        }
        assert!(began.elapsed() <= longest + Duration::from_millis(9));
        assert_eq!((tries.number(), tries.next().await, tries.number()), (10, false, 10));
    }
}
