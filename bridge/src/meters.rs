//! What the bridge itself adds to a call, measured from a frame's arrival to its flush.

use std::time::{Duration, Instant};

use crate::histogram::Histogram;

/// Inputs handled before what they caused is flushed, however much more there is to read: the most that one
/// write gathers.
pub(crate) const MAX_INPUTS_PER_FLUSH: usize = 16;

#[derive(Debug)]
pub(crate) struct Meter {
    latency: Histogram,
    /// Arrivals of frames that were forwarded but not flushed; of a stalled peer's frames the first ones.
    waiting: Vec<Instant>,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self { latency: Histogram::new(), waiting: Vec::with_capacity(MAX_INPUTS_PER_FLUSH) }
    }

    pub(crate) fn forwarded(&mut self, arrived: Instant) {
        if self.waiting.len() < MAX_INPUTS_PER_FLUSH {
            self.waiting.push(arrived);
        }
    }

    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub(crate) fn flushed(&mut self, now: Instant) {
        for arrived in self.waiting.drain(..) {
            self.latency.record(now.saturating_duration_since(arrived));
        }
    }

    pub(crate) fn percentile_us(&self, percent: u64) -> Option<u64> {
        self.latency.percentile_us(percent)
    }
}

/// The figures that only the sockets' side of a call knows.
#[derive(Debug)]
pub(crate) struct Meters {
    /// Caller to model.
    pub(crate) up: Meter,
    /// Model to caller.
    pub(crate) down: Meter,
    /// When the event arrived that a `clear` answers, until the `clear` is flushed.
    clear_waiting: Option<Instant>,
    pub(crate) barge_in_clear_max: Option<Duration>,
    /// How many of the call's sockets to the model were ready before they were needed.
    pub(crate) warm_connects: u32,
    /// Optional settings that a model of the call did not take, each once.
    pub(crate) settings_left_out: Vec<&'static str>,
}

impl Meters {
    pub(crate) fn new() -> Self {
        Self {
            up: Meter::new(),
            down: Meter::new(),
            clear_waiting: None,
            barge_in_clear_max: None,
            warm_connects: 0,
            settings_left_out: vec![],
        }
    }

    pub(crate) fn connected(&mut self, warm: bool, left_out: &[&'static str]) {
        self.warm_connects += u32::from(warm);
        for setting in left_out {
            if !self.settings_left_out.contains(setting) {
                self.settings_left_out.push(setting);
            }
        }
    }

    pub(crate) fn cleared(&mut self, arrived: Instant) {
        self.clear_waiting.get_or_insert(arrived);
    }

    /// Whether a flush towards the caller is worth a look at the clock.
    pub(crate) fn wants_down_flush(&self) -> bool {
        self.clear_waiting.is_some() || self.down.is_waiting()
    }

    pub(crate) fn down_flushed(&mut self, now: Instant) {
        self.down.flushed(now);
        if let Some(arrived) = self.clear_waiting.take() {
            let took = now.saturating_duration_since(arrived);
            self.barge_in_clear_max = self.barge_in_clear_max.max(Some(took));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_counted_once_it_is_flushed() {
        let (mut meters, start) = (Meters::new(), Instant::now());
        meters.up.forwarded(start);
        assert_eq!(meters.up.percentile_us(50), None);
        meters.up.flushed(start + Duration::from_micros(3));
        meters.up.flushed(start + Duration::from_secs(1));
        assert_eq!(meters.up.percentile_us(100), Some(3));
    }

    #[test]
    fn the_slowest_clear_is_kept() {
        let (mut meters, start) = (Meters::new(), Instant::now());
        for micros in [200, 900, 400] {
            meters.cleared(start);
            meters.down_flushed(start + Duration::from_micros(micros));
        }
        meters.down_flushed(start + Duration::from_secs(1));
        assert_eq!(meters.barge_in_clear_max, Some(Duration::from_micros(900)));
    }

    #[test]
    fn a_stalled_peer_does_not_grow_the_meter() {
        let mut meter = Meter::new();
        for _ in 0..10 * MAX_INPUTS_PER_FLUSH {
            meter.forwarded(Instant::now());
        }
        assert_eq!(meter.waiting.len(), MAX_INPUTS_PER_FLUSH);
    }
}
