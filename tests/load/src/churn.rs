//! Short calls, over and over: whether anything stays behind.

use std::time::Duration;

use serde::Serialize;

use crate::LoadError;
use crate::options::Options;
use crate::target::Target;
use crate::wave;

const CALL: Duration = Duration::from_secs(1);
const MIN_WAVES: u32 = 4;
/// The first waves fill pools and the allocator's lists; growth is counted behind them.
const SETTLING_WAVES: usize = 2;
/// An allocator's noise: growth below this per call is none.
const GROWTH_MAX_BYTES_PER_CALL: f64 = 64.0;

/// What a process held after a wave of calls, when none was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Wave {
    /// Calls so far.
    pub calls: u64,
    pub failed: u64,
    pub resident_bytes: u64,
    pub descriptors: u64,
}

/// What short calls left behind.
#[derive(Debug, Clone, Serialize)]
pub struct ChurnReport {
    pub descriptors_before: u64,
    pub waves: Vec<Wave>,
    /// From the waves that fill the pools to the last; negative when memory was given back.
    pub growth_bytes_per_call: f64,
    pub descriptors_left: i64,
    /// Neither memory nor descriptors grew and no call failed.
    pub clean: bool,
}

/// One wave a second and a half or so; at least [`MIN_WAVES`].
pub(crate) async fn run(options: &Options, target: &Target) -> Result<ChurnReport, LoadError> {
    let before = target.usage()?.descriptors;
    let mut waves = vec![];
    let mut calls = 0;
    for _ in 0..(options.seconds / 3).max(MIN_WAVES) {
        let loaded = wave::play(target, options.calls, options.deltas, CALL).await?;
        let usage = wave::idle(target, before).await?;
        calls += u64::from(options.calls);
        waves.push(Wave {
            calls,
            failed: loaded.tally.errors.len() as u64,
            resident_bytes: usage.resident_bytes,
            descriptors: usage.descriptors,
        });
    }
    Ok(ChurnReport::new(before, waves))
}

impl ChurnReport {
    fn new(descriptors_before: u64, waves: Vec<Wave>) -> Self {
        let settled = waves.get(SETTLING_WAVES.min(waves.len()).saturating_sub(1));
        let (growth_bytes_per_call, descriptors_left) = match (settled, waves.last()) {
            (Some(settled), Some(last)) => (
                (last.resident_bytes as f64 - settled.resident_bytes as f64)
                    / (last.calls - settled.calls).max(1) as f64,
                last.descriptors.cast_signed() - descriptors_before.cast_signed(),
            ),
            _ => (0.0, 0),
        };
        let clean = growth_bytes_per_call < GROWTH_MAX_BYTES_PER_CALL
            && descriptors_left <= 0
            && waves.iter().all(|wave| wave.failed == 0);
        Self { descriptors_before, waves, growth_bytes_per_call, descriptors_left, clean }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(resident: &[u64], descriptors: u64) -> ChurnReport {
        let waves = resident.iter().zip(1u64..).map(|(kib, wave)| Wave {
            calls: wave * 100,
            failed: 0,
            resident_bytes: kib * 1_024,
            descriptors,
        });
        ChurnReport::new(10, waves.collect())
    }

    #[test]
    fn what_the_first_waves_take_is_not_growth() {
        let report = report(&[8_000, 9_000, 9_000, 9_004], 10);
        assert_eq!((report.growth_bytes_per_call, report.descriptors_left), (20.48, 0));
        assert!(report.clean);
    }

    #[test]
    fn memory_or_descriptors_that_stay_behind_are_not_clean() {
        assert!(!report(&[8_000, 8_100, 8_200, 8_300], 10).clean);
        assert!(!report(&[8_000, 8_000, 8_000, 8_000], 11).clean);
    }
}
