//! Server VAD: when the caller starts and stops speaking, from energy alone.
//!
//! Its clock is the audio appended so far, never the time of arrival: a client that holds audio back and
//! then sends it at once gets the same answer as one that sends every 20 ms.

use crate::audio::mulaw::{self, BYTES_PER_MS};

const FRAME_MS: u64 = 20;
const FRAME_BYTES: usize = FRAME_MS as usize * BYTES_PER_MS;

/// Loud frames in a row before speech is believed; a click is shorter.
const ONSET_FRAMES: u64 = 3;

/// RMS of 16-bit samples that a threshold of 1.0 asks for; the default 0.5 is then some -36 dBFS.
const RMS_AT_FULL_THRESHOLD: f64 = 1_000.0;

/// The settings of `turn_detection` that matter here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct VadSettings {
    pub(super) threshold: f64,
    pub(super) prefix_padding_ms: u64,
    pub(super) silence_duration_ms: u64,
}

/// A turn's edge, in ms since the first appended byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// Speech began; includes the prefix padding.
    Started { audio_start_ms: u64 },
    /// Speech ended; includes the silence that proved it.
    Stopped { audio_end_ms: u64 },
}

#[derive(Debug)]
pub(super) struct Vad {
    settings: VadSettings,
    clock_ms: u64,
    partial: Vec<u8>,
    phase: Phase,
    /// Nothing before this belongs to the next turn.
    floor_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Quiet,
    Onset { since_ms: u64 },
    Speaking,
    Trailing { since_ms: u64 },
}

impl Vad {
    /// A detector that starts at `clock_ms` of the appended audio.
    pub(super) fn new(settings: VadSettings, clock_ms: u64) -> Self {
        Self { settings, clock_ms, partial: Vec::new(), phase: Phase::Quiet, floor_ms: clock_ms }
    }

    /// Takes new settings without losing a turn in progress.
    pub(super) fn retune(&mut self, settings: VadSettings) {
        self.settings = settings;
    }

    /// Forgets a turn in progress.
    pub(super) fn reset(&mut self) {
        self.phase = Phase::Quiet;
        self.floor_ms = self.clock_ms;
    }

    /// Listens to more mu-law and returns the edges in it.
    pub(super) fn feed(&mut self, audio: &[u8]) -> Vec<Edge> {
        self.partial.extend_from_slice(audio);
        let pending = std::mem::take(&mut self.partial);
        let mut frames = pending.chunks_exact(FRAME_BYTES);
        let edges = frames.by_ref().filter_map(|frame| self.frame(mulaw::rms(frame))).collect();
        self.partial = frames.remainder().to_vec();
        edges
    }

    fn frame(&mut self, rms: f64) -> Option<Edge> {
        let start_ms = self.clock_ms;
        self.clock_ms += FRAME_MS;
        let loud = rms > (self.settings.threshold * RMS_AT_FULL_THRESHOLD).max(1.0);
        match self.phase {
            Phase::Quiet if loud => self.phase = Phase::Onset { since_ms: start_ms },
            Phase::Quiet => {}
            Phase::Onset { since_ms } if loud => {
                if self.clock_ms - since_ms >= ONSET_FRAMES * FRAME_MS {
                    self.phase = Phase::Speaking;
                    let padded = since_ms.saturating_sub(self.settings.prefix_padding_ms);
                    return Some(Edge::Started { audio_start_ms: padded.max(self.floor_ms) });
                }
            }
            Phase::Onset { .. } => self.phase = Phase::Quiet,
            Phase::Speaking if loud => {}
            Phase::Speaking => self.phase = Phase::Trailing { since_ms: start_ms },
            Phase::Trailing { .. } if loud => self.phase = Phase::Speaking,
            Phase::Trailing { since_ms } => {
                if self.clock_ms - since_ms >= self.settings.silence_duration_ms {
                    self.reset();
                    return Some(Edge::Stopped { audio_end_ms: self.clock_ms });
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audio::speech;

    const DEFAULT: VadSettings =
        VadSettings { threshold: 0.5, prefix_padding_ms: 300, silence_duration_ms: 500 };

    fn call(before_ms: usize, clip: &speech::Clip, after_ms: usize) -> Vec<u8> {
        let silence = |ms: usize| vec![mulaw::SILENCE; ms * BYTES_PER_MS];
        [silence(before_ms), clip.mulaw().to_vec(), silence(after_ms)].concat()
    }

    #[test]
    fn every_caller_clip_is_one_turn() {
        for clip in speech::ALL.iter().filter(|clip| clip.name.starts_with("caller_")) {
            let edges = Vad::new(DEFAULT, 0).feed(&call(1_000, clip, 1_000));
            let [Edge::Started { audio_start_ms }, Edge::Stopped { audio_end_ms }] = edges[..] else {
                panic!("{}: {edges:?}", clip.name);
            };
            assert!((700..=800).contains(&audio_start_ms), "{}: {audio_start_ms}", clip.name);
            let end_ms = 1_000 + clip.duration_ms() + 500;
            assert!(audio_end_ms.abs_diff(end_ms) <= 120, "{}: {audio_end_ms}, not {end_ms}", clip.name);
        }
    }

    #[test]
    fn silence_and_a_click_are_not_speech() {
        let mut audio = vec![mulaw::SILENCE; 3_000 * BYTES_PER_MS];
        audio[8_000..8_160].fill(mulaw::encode(20_000));
        assert_eq!(Vad::new(DEFAULT, 0).feed(&audio), []);
    }

    #[test]
    fn a_higher_threshold_ignores_a_murmur() {
        let murmur = vec![mulaw::encode(600); 1_000 * BYTES_PER_MS];
        assert_eq!(Vad::new(DEFAULT, 0).feed(&murmur).len(), 1);
        assert_eq!(Vad::new(VadSettings { threshold: 0.7, ..DEFAULT }, 0).feed(&murmur), []);
    }

    #[test]
    fn padding_never_reaches_into_the_turn_before() {
        let loud = vec![mulaw::encode(9_000); 400 * BYTES_PER_MS];
        let pause = vec![mulaw::SILENCE; 500 * BYTES_PER_MS];
        let settings = VadSettings { prefix_padding_ms: 5_000, ..DEFAULT };
        let edges = Vad::new(settings, 0).feed(&[loud.clone(), pause, loud].concat());
        assert_eq!(edges[1..], [Edge::Stopped { audio_end_ms: 900 }, Edge::Started { audio_start_ms: 900 }]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn how_the_audio_was_cut_makes_no_difference(size in 1_usize..2_000) {
            let audio = call(200, &speech::CALLER_BARGE_IN, 700);
            let whole = Vad::new(DEFAULT, 0).feed(&audio);
            let mut vad = Vad::new(DEFAULT, 0);
            let cut: Vec<Edge> = audio.chunks(size).flat_map(|chunk| vad.feed(chunk)).collect();
            prop_assert_eq!(cut, whole);
        }
    }
}
