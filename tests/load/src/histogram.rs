//! Durations in a fixed space, at most 1 % above the truth.

use std::time::Duration;

/// The number of buckets within each doubling.
const STEPS: u64 = 128;
const STEP_BITS: u32 = STEPS.ilog2();
const BUCKETS: usize = (64 - STEP_BITS as usize + 1) * STEPS as usize;

#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0 }
    }
}

impl Histogram {
    pub(crate) fn record(&mut self, duration: Duration) {
        self.record_ns(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(crate) fn record_ns(&mut self, nanos: u64) {
        self.counts[bucket(nanos)] += 1;
        self.total += 1;
    }

    pub(crate) const fn total(&self) -> u64 {
        self.total
    }

    /// The quantile of the recorded durations, in thousandths, as milliseconds. `None` when nothing was recorded.
    pub(crate) fn quantile_ms(&self, per_mille: u64) -> Option<f64> {
        if self.total == 0 {
            return None;
        }
        let rank = (self.total * per_mille).div_ceil(1_000).max(1);
        let mut seen = 0;
        let index = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        Some(upper_bound_ns(index) as f64 / 1e6)
    }
}

fn bucket(nanos: u64) -> usize {
    if nanos < STEPS {
        return nanos as usize;
    }
    let shift = nanos.ilog2() - STEP_BITS;
    let step = (nanos >> shift) & (STEPS - 1);
    (u64::from(shift + 1) * STEPS + step) as usize
}

/// The largest duration that falls into a bucket.
fn upper_bound_ns(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < STEPS {
        return bucket;
    }
    let (shift, step) = (bucket / STEPS - 1, bucket % STEPS);
    let above = u128::from(STEPS + step + 1) << shift;
    u64::try_from(above - 1).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_histogram_has_no_quantiles() {
        assert_eq!(Histogram::default().quantile_ms(500), None);
    }

    #[test]
    fn one_slow_frame_in_a_thousand_shows_beyond_the_999th() {
        let mut histogram = Histogram::default();
        for _ in 0..999 {
            histogram.record(Duration::from_nanos(100));
        }
        histogram.record(Duration::MAX);
        assert_eq!(histogram.total(), 1_000);
        assert_eq!(histogram.quantile_ms(500), Some(0.0001));
        assert_eq!(histogram.quantile_ms(999), Some(0.0001));
        assert_eq!(histogram.quantile_ms(1_000), Some(u64::MAX as f64 / 1e6));
    }

    proptest! {
        #[test]
        fn a_bucket_holds_its_duration_within_one_per_cent(nanos: u64) {
            let bound = upper_bound_ns(bucket(nanos));
            prop_assert!(bound >= nanos);
            prop_assert!(bound - nanos <= nanos / 100);
        }

        #[test]
        fn a_quantile_is_the_one_of_the_sorted_list(
            mut nanos in prop::collection::vec(0u64..STEPS, 1..200), per_mille in 1u64..=1_000,
        ) {
            let mut histogram = Histogram::default();
            nanos.iter().for_each(|nanos| histogram.record_ns(*nanos));
            nanos.sort_unstable();
            let rank = (nanos.len() as u64 * per_mille).div_ceil(1_000) as usize;
            prop_assert_eq!(histogram.quantile_ms(per_mille), Some(nanos[rank - 1] as f64 / 1e6));
        }
    }
}
