//! Latencies in a fixed space: 64 counters, no allocation, no lock.
//!
//! Each doubling is divided into four buckets, so a percentile is at most a quarter above the truth. The
//! range, 1 microsecond to about 115 milliseconds, covers what a relay may ever add to a frame; slower
//! counts as slowest.

use std::time::Duration;

const BUCKETS: usize = 64;
const STEPS_PER_OCTAVE: u64 = 4;

#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    counts: [u32; BUCKETS],
    total: u64,
}

impl Histogram {
    pub(crate) const fn new() -> Self {
        Self { counts: [0; BUCKETS], total: 0 }
    }

    pub(crate) fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let count = &mut self.counts[bucket(micros)];
        *count = count.saturating_add(1);
        self.total += 1;
    }

    /// The value, in microseconds, that `percent` of the recorded ones do not exceed. `None` when nothing was
    /// recorded.
    pub(crate) fn percentile_us(&self, percent: u64) -> Option<u64> {
        let rank = (self.total * percent).div_ceil(100).max(1);
        let mut seen = 0u64;
        for (index, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= rank {
                return Some(upper_bound_us(index));
            }
        }
        None
    }
}

/// 0, 1, 2 and 3 us have a bucket each; above, the two bits below the highest one choose among four.
fn bucket(micros: u64) -> usize {
    if micros < STEPS_PER_OCTAVE {
        return usize::try_from(micros).unwrap_or(0);
    }
    let octave = u64::from(micros.ilog2());
    let step = (micros >> (octave - 2)) & (STEPS_PER_OCTAVE - 1);
    usize::try_from((octave - 1) * STEPS_PER_OCTAVE + step).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// The largest value that falls into a bucket.
fn upper_bound_us(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < STEPS_PER_OCTAVE {
        return bucket;
    }
    let octave = bucket / STEPS_PER_OCTAVE + 1;
    let step = bucket % STEPS_PER_OCTAVE;
    ((STEPS_PER_OCTAVE + step + 1) << (octave - 2)) - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_histogram_has_no_percentiles() {
        assert_eq!(Histogram::new().percentile_us(50), None);
    }

    #[test]
    fn one_slow_frame_in_a_hundred_shows_at_the_top_only() {
        let mut histogram = Histogram::new();
        for _ in 0..99 {
            histogram.record(Duration::from_micros(20));
        }
        histogram.record(Duration::from_millis(40));
        assert_eq!(histogram.percentile_us(50), Some(23));
        assert_eq!(histogram.percentile_us(99), Some(23));
        assert!(histogram.percentile_us(100) >= Some(40_000));
    }

    #[test]
    fn beyond_the_range_counts_as_slowest() {
        let mut histogram = Histogram::new();
        histogram.record(Duration::MAX);
        assert_eq!(histogram.percentile_us(50), Some(upper_bound_us(BUCKETS - 1)));
    }

    proptest! {
        #[test]
        fn a_percentile_is_never_below_the_truth_nor_a_quarter_above(micros in 0u64..100_000) {
            let bound = upper_bound_us(bucket(micros));
            prop_assert!(bound >= micros, "{bound} < {micros}");
            prop_assert!(bound <= micros + micros / 4, "{bound} is too far above {micros}");
        }

        #[test]
        fn buckets_are_in_order(a in any::<u64>(), b in any::<u64>()) {
            prop_assert_eq!(bucket(a.min(b)) <= bucket(a.max(b)), true);
        }
    }
}
