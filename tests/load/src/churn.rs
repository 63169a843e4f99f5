//! Short calls, over and over: whether anything stays behind.

use std::time::Duration;

use serde::Serialize;

use crate::LoadError;
use crate::options::Options;
use crate::target::Target;
use crate::wave;

const CALL: Duration = Duration::from_secs(1);
const MIN_WAVES: u32 = 6;
/// Growth per call below this counts as no growth.
const GROWTH_MAX_BYTES_PER_CALL: f64 = 64.0;
/// What an allocator still holds more or less of when nothing leaks: the more calls a run has, the smaller a leak
/// it finds behind this.
const ALLOCATOR_NOISE_BYTES: f64 = 256.0 * 1_024.0;

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
    /// From the least that was held in the middle third of the waves to the least in the last: the first third fills
    /// pools and the allocator's lists. Negative when memory was given back.
    pub growth_bytes_per_call: f64,
    pub descriptors_left: i64,
    /// Neither memory nor descriptors grew and no call failed.
    pub clean: bool,
}

/// One wave a second and a half or so; at least [`MIN_WAVES`].
pub(crate) async fn run(options: &Options, target: &Target) -> Result<ChurnReport, LoadError> {
    target.warmed_up().await?;
    let before = target.usage()?.descriptors;
    let mut waves = vec![];
    let mut calls = 0;
    for _ in 0..(options.seconds / 3).max(MIN_WAVES) {
        let loaded = wave::play(target, (options.calls, 0), CALL).await?;
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
        let third = waves.len().div_ceil(3);
        let thirds: Vec<&[Wave]> = waves.chunks(third.max(1)).collect();
        let (growth_bytes, calls) = match thirds.as_slice() {
            [_, middle, last] => (least(last) - least(middle), span(last) - span(middle)),
            _ => (0.0, 0.0),
        };
        let descriptors_left =
            waves.last().map_or(0, |last| last.descriptors.cast_signed() - descriptors_before.cast_signed());
        let growth_bytes_per_call = growth_bytes / calls.max(1.0);
        let clean = growth_bytes <= calls * GROWTH_MAX_BYTES_PER_CALL + ALLOCATOR_NOISE_BYTES
            && descriptors_left <= 0
            && waves.iter().all(|wave| wave.failed == 0);
        Self { descriptors_before, waves, growth_bytes_per_call, descriptors_left, clean }
    }
}

/// What stays behind is still there when least is held; a high mark may be a wave that was not quite over.
fn least(waves: &[Wave]) -> f64 {
    waves.iter().map(|wave| wave.resident_bytes).min().unwrap_or(0) as f64
}

/// Calls up to the end of these waves.
fn span(waves: &[Wave]) -> f64 {
    waves.last().map_or(0, |wave| wave.calls) as f64
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
    fn what_the_first_waves_take_is_not_growth_and_the_noise_of_an_allocator_neither() {
        let report = report(&[8_000, 9_000, 9_000, 9_200, 9_100, 9_300], 10);
        assert_eq!(report.growth_bytes_per_call, 512.0, "100 KiB in 200 calls");
        assert!(report.clean);
    }

    #[test]
    fn memory_or_descriptors_that_stay_behind_are_not_clean() {
        assert!(!report(&[8_000, 8_200, 8_400, 8_600, 8_800, 9_000], 10).clean);
        assert!(!report(&[8_000, 8_000, 8_000, 8_000], 11).clean);
    }
}
