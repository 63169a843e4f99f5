//! When the agent is audible, as the person listening would say.

use super::line::{FRAME_MS, FRAME_SAMPLES};
use crate::audio::mulaw;

/// A sample louder than this, of 32,767, is sound. Line noise stays far below.
const AUDIBLE_PEAK: u16 = 256;

/// A pause shorter than this, in milliseconds, belongs to the sentence.
const SPEECH_HANGOVER_MS: u64 = 200;

/// A change of who hears what, with its millisecond on the line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Started {
        at_ms: u64,
    },
    /// Known only after the hangover; `at_ms` is the end of the last sound.
    Stopped {
        at_ms: u64,
    },
}

/// Follows the agent's channel frame by frame.
pub(crate) struct Ear {
    now_ms: u64,
    speaking_since_ms: Option<u64>,
    last_sound_ms: Option<u64>,
}

impl Ear {
    pub(crate) const fn new() -> Self {
        Self { now_ms: 0, speaking_since_ms: None, last_sound_ms: None }
    }

    /// Listens to the next frame.
    pub(crate) fn hear(&mut self, frame: &[u8; FRAME_SAMPLES]) -> Option<Change> {
        let start_ms = self.now_ms;
        self.now_ms += FRAME_MS;
        let Some(last) = frame.iter().rposition(|&byte| is_audible(byte)) else {
            let since = self.last_sound_ms?;
            if self.speaking_since_ms.is_some() && self.now_ms - since >= SPEECH_HANGOVER_MS {
                self.speaking_since_ms = None;
                return Some(Change::Stopped { at_ms: since });
            }
            return None;
        };
        self.last_sound_ms = Some(start_ms + ((last + 1) / mulaw::BYTES_PER_MS) as u64);
        if self.speaking_since_ms.is_some() {
            return None;
        }
        let first = frame.iter().position(|&byte| is_audible(byte)).unwrap_or(last);
        let at_ms = start_ms + (first / mulaw::BYTES_PER_MS) as u64;
        self.speaking_since_ms = Some(at_ms);
        Some(Change::Started { at_ms })
    }

    /// How long the agent has been speaking, counting short pauses; `None` when it is not.
    pub(crate) fn speaking_ms(&self) -> Option<u64> {
        self.speaking_since_ms.map(|since| self.now_ms - since)
    }

    /// How long nothing has been heard; the whole call when nothing ever was.
    pub(crate) fn quiet_ms(&self) -> u64 {
        self.now_ms - self.last_sound_ms.unwrap_or(0)
    }

    /// When sound was last heard.
    pub(crate) const fn last_sound_ms(&self) -> Option<u64> {
        self.last_sound_ms
    }
}

pub(crate) const fn is_audible(byte: u8) -> bool {
    mulaw::decode(byte).unsigned_abs() > AUDIBLE_PEAK
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: [u8; FRAME_SAMPLES] = [mulaw::SILENCE; FRAME_SAMPLES];

    fn with_sound(from: usize, to: usize) -> [u8; FRAME_SAMPLES] {
        std::array::from_fn(|at| if (from..to).contains(&at) { 0x10 } else { mulaw::SILENCE })
    }

    #[test]
    fn speech_is_placed_to_the_millisecond_within_its_frames() {
        let mut ear = Ear::new();
        assert_eq!(ear.hear(&QUIET), None);
        assert_eq!(ear.hear(&with_sound(40, 160)), Some(Change::Started { at_ms: 25 }));
        assert_eq!(ear.hear(&with_sound(0, 80)), None);
        let changes: Vec<_> = (0..11).filter_map(|_| ear.hear(&QUIET)).collect();
        assert_eq!(changes, [Change::Stopped { at_ms: 50 }]);
    }

    #[test]
    fn a_short_pause_does_not_end_speech() {
        let mut ear = Ear::new();
        ear.hear(&with_sound(0, 160));
        assert!((0..9).all(|_| ear.hear(&QUIET).is_none()));
        assert_eq!(ear.hear(&with_sound(0, 160)), None);
        assert_eq!(ear.speaking_ms(), Some(220));
    }
}
