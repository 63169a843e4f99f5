//! The figures of a run, and what they mean together.

use serde::Serialize;

use crate::bars::{Bar, bars};
use crate::histogram::Histogram;
use crate::options::Options;
use crate::process::Usage;
use crate::target::TargetKind;
use crate::wave::Loaded;

/// A generator that was later than this measured itself.
const LATENESS_MAX_MS: f64 = 2.0;

/// Everything about one run, in the order it is written as JSON.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub options: Options,
    /// Whether the generator was in time, and every call was carried, in every round.
    pub valid: bool,
    pub bridge: Medians,
    pub relay: Medians,
    pub bars: Vec<Bar>,
    pub rounds: Vec<Round>,
}

/// One load on one target.
#[derive(Debug, Clone, Serialize)]
pub struct Round {
    pub target: TargetKind,
    pub figures: Figures,
}

/// Milliseconds; `None` where nothing was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    pub count: u64,
    pub p50_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    pub p999_ms: Option<f64>,
}

/// What one load on one target came to.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// From the sender's `send` to the receiver's task: two hops through the kernel and the target.
    pub up: Latency,
    pub down: Latency,
    /// From the stream's `start` to the first `response.create`, with the handshake to the model.
    pub greeting: Latency,
    /// Like `greeting`, of calls that found a socket ready; its `count` says how many did.
    pub greeting_warm: Latency,
    pub barge_in: Latency,
    pub truncate_error: Latency,
    pub late_audio_ms: u64,
    pub interruptions: u64,
    pub interruptions_unanswered: u64,
    pub truncates_missing: u64,
    pub clears_unexpected: u64,
    pub cpu_ms_per_call_second: f64,
    pub memory_per_call_kib: f64,
    pub memory_idle_kib: u64,
    pub frames_sent: u64,
    pub frames_lost: u64,
    pub frames_disordered: u64,
    pub deltas_sent: u64,
    pub deltas_lost: u64,
    /// How late the generator itself was.
    pub lateness: Latency,
    pub calls_failed: u64,
    pub first_error: Option<String>,
}

/// The medians of the rounds.
#[derive(Debug, Clone, Serialize)]
pub struct Medians {
    pub up_p50_ms: Option<f64>,
    pub up_p99_ms: Option<f64>,
    pub up_p999_ms: Option<f64>,
    pub down_p50_ms: Option<f64>,
    pub down_p99_ms: Option<f64>,
    pub down_p999_ms: Option<f64>,
    pub greeting_p50_ms: Option<f64>,
    pub greeting_p99_ms: Option<f64>,
    pub greeting_warm_p50_ms: Option<f64>,
    pub greeting_warm_p99_ms: Option<f64>,
    pub warm_starts: Option<f64>,
    pub barge_in_p50_ms: Option<f64>,
    pub barge_in_p99_ms: Option<f64>,
    pub truncate_error_p99_ms: Option<f64>,
    pub late_audio_ms: Option<f64>,
    pub frames_lost: Option<f64>,
    pub deltas_lost: Option<f64>,
    pub cpu_ms_per_call_second: Option<f64>,
    pub memory_per_call_kib: Option<f64>,
    pub lateness_p99_ms: Option<f64>,
}

impl Report {
    pub(crate) fn new(options: Options, rounds: Vec<Round>) -> Self {
        let of = |kind| rounds.iter().filter(move |round| round.target == kind).map(|round| &round.figures);
        let bridge = Medians::of(&of(TargetKind::Bridge).collect::<Vec<_>>());
        let relay = Medians::of(&of(TargetKind::Relay).collect::<Vec<_>>());
        let valid = rounds.iter().all(|round| round.figures.is_valid());
        Self { valid, bars: bars(&bridge, &relay, options.upstream), bridge, relay, options, rounds }
    }
}

impl Figures {
    pub(crate) fn new(calls: u32, idle: &Usage, loaded: &Loaded) -> Self {
        let Loaded { tally, usage: [before, after], measured } = loaded;
        let grown = after.resident_bytes as f64 - idle.resident_bytes as f64;
        Self {
            up: Latency::of(&tally.up),
            down: Latency::of(&tally.down),
            greeting: Latency::of(&tally.greeting),
            greeting_warm: Latency::of(&tally.greeting_warm),
            barge_in: Latency::of(&tally.barge_in),
            truncate_error: Latency::of(&tally.truncate_error),
            late_audio_ms: tally.late_audio_ms,
            interruptions: tally.interruptions,
            interruptions_unanswered: tally.interruptions_unanswered,
            truncates_missing: tally.truncates_missing,
            clears_unexpected: tally.clears_unexpected,
            cpu_ms_per_call_second: after.cpu_ms.saturating_sub(before.cpu_ms) as f64
                / (f64::from(calls) * measured.as_secs_f64()),
            memory_per_call_kib: grown / 1_024.0 / f64::from(calls),
            memory_idle_kib: idle.resident_bytes / 1_024,
            frames_sent: tally.frames_sent,
            frames_lost: tally.frames_sent.saturating_sub(tally.frames_received),
            frames_disordered: tally.frames_disordered,
            deltas_sent: tally.deltas_sent,
            deltas_lost: tally.deltas_sent.saturating_sub(tally.deltas_received),
            lateness: Latency::of(&tally.lateness),
            calls_failed: tally.errors.len() as u64,
            first_error: tally.errors.first().map(ToString::to_string),
        }
    }

    fn is_valid(&self) -> bool {
        self.calls_failed == 0 && self.lateness.p99_ms.is_some_and(|late| late <= LATENESS_MAX_MS)
    }
}

impl Latency {
    fn of(histogram: &Histogram) -> Self {
        Self {
            count: histogram.total(),
            p50_ms: histogram.quantile_ms(500),
            p99_ms: histogram.quantile_ms(990),
            p999_ms: histogram.quantile_ms(999),
        }
    }
}

impl Medians {
    fn of(rounds: &[&Figures]) -> Self {
        let median = |figure: fn(&Figures) -> Option<f64>| {
            median(rounds.iter().filter_map(|figures| figure(figures)).collect())
        };
        Self {
            up_p50_ms: median(|f| f.up.p50_ms),
            up_p99_ms: median(|f| f.up.p99_ms),
            up_p999_ms: median(|f| f.up.p999_ms),
            down_p50_ms: median(|f| f.down.p50_ms),
            down_p99_ms: median(|f| f.down.p99_ms),
            down_p999_ms: median(|f| f.down.p999_ms),
            greeting_p50_ms: median(|f| f.greeting.p50_ms),
            greeting_p99_ms: median(|f| f.greeting.p99_ms),
            greeting_warm_p50_ms: median(|f| f.greeting_warm.p50_ms),
            greeting_warm_p99_ms: median(|f| f.greeting_warm.p99_ms),
            warm_starts: median(|f| Some(f.greeting_warm.count as f64)),
            barge_in_p50_ms: median(|f| f.barge_in.p50_ms),
            barge_in_p99_ms: median(|f| f.barge_in.p99_ms),
            truncate_error_p99_ms: median(|f| f.truncate_error.p99_ms),
            late_audio_ms: median(|f| Some(f.late_audio_ms as f64)),
            frames_lost: median(|f| Some(f.frames_lost as f64)),
            deltas_lost: median(|f| Some(f.deltas_lost as f64)),
            cpu_ms_per_call_second: median(|f| Some(f.cpu_ms_per_call_second)),
            memory_per_call_kib: median(|f| Some(f.memory_per_call_kib)),
            lateness_p99_ms: median(|f| f.lateness.p99_ms),
        }
    }
}

/// The mean of the two middles where there are two.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get((values.len() - 1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_not_moved_by_one_bad_round() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0]), Some(3.0));
        assert_eq!(median(vec![1.0, 900.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }
}
