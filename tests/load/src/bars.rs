//! What the figures are held against.

use serde::Serialize;

use crate::options::Upstream;
use crate::report::Medians;

/// A figure and the bar it has to hold.
#[derive(Debug, Clone, Serialize)]
pub struct Bar {
    pub figure: &'static str,
    pub measured: Option<f64>,
    pub max: f64,
    /// A figure that was not measured is not held.
    pub held: bool,
}

impl Bar {
    fn new(figure: &'static str, measured: Option<f64>, max: f64) -> Self {
        Self { figure, measured, max, held: measured.is_some_and(|measured| measured <= max) }
    }
}

pub(crate) fn bars(bridge: &Medians, relay: &Medians, upstream: Upstream) -> Vec<Bar> {
    // What the model takes to accept a connection is not ours; a call on a socket that was ready does not wait for it.
    let greeting = if upstream.warm > 0 {
        bridge.greeting_warm_p50_ms
    } else {
        bridge.greeting_p50_ms.map(|ms| ms - f64::from(upstream.connect_delay_ms))
    };
    let cpu = ratio(bridge.cpu_ms_per_call_second, relay.cpu_ms_per_call_second);
    let memory = ratio(bridge.memory_per_call_kib, relay.memory_per_call_kib);
    vec![
        Bar::new("added latency up p50, ms", bridge.up_p50_ms, 0.3),
        Bar::new("added latency up p99, ms", bridge.up_p99_ms, 2.0),
        Bar::new("added latency down p50, ms", bridge.down_p50_ms, 0.3),
        Bar::new("added latency down p99, ms", bridge.down_p99_ms, 2.0),
        Bar::new("speech_started to clear p99, ms", bridge.barge_in_p99_ms, 2.0),
        Bar::new("truncate error p99, ms", bridge.truncate_error_p99_ms, 20.0),
        Bar::new("late audio, ms", bridge.late_audio_ms, 0.0),
        Bar::new("start to greeting request p50, ms", greeting, 5.0),
        Bar::new("lost frames", bridge.frames_lost, 0.0),
        Bar::new("lost deltas", bridge.deltas_lost, 0.0),
        Bar::new("memory per call, KiB", bridge.memory_per_call_kib, 64.0),
        Bar::new("CPU, bridge / relay", cpu, 1.0),
        Bar::new("memory, bridge / relay", memory, 0.25),
    ]
}

/// `None` when the baseline shows nothing to compare with, as few calls in a short time may.
fn ratio(ours: Option<f64>, baseline: Option<f64>) -> Option<f64> {
    baseline.filter(|baseline| *baseline > 0.0).and_then(|baseline| ours.map(|ours| ours / baseline))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_was_not_measured_does_not_hold_its_bar() {
        assert!(Bar::new("a", Some(2.0), 2.0).held);
        assert!(!Bar::new("a", Some(2.1), 2.0).held);
        assert!(!Bar::new("a", None, 2.0).held);
    }

    #[test]
    fn a_ratio_needs_a_baseline() {
        assert_eq!(ratio(Some(1.0), Some(4.0)), Some(0.25));
        assert_eq!(ratio(Some(1.0), Some(0.0)), None);
        assert_eq!(ratio(None, Some(4.0)), None);
    }
}
