//! The queue between a media stream and the listener's ear.
//!
//! Twilio buffers everything a server sends and plays it at 8000 samples a second. A mark comes back when
//! the audio queued before it has been played, or at once when a `clear` throws that audio away.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};
use thiserror::Error;

use crate::audio::mulaw;

/// The most audio held unplayed: half an hour.
const MAX_QUEUED_SAMPLES: usize = 8_000 * 60 * 30;

/// The most payloads and marks held.
const MAX_QUEUED_ITEMS: usize = 200_000;

/// The queue holds more than any sane server sends.
#[derive(Debug, Error)]
#[error("the playout queue is full ({MAX_QUEUED_SAMPLES} samples or {MAX_QUEUED_ITEMS} messages)")]
pub(crate) struct QueueFull;

/// What a `clear` threw away.
pub(crate) struct Cleared<M> {
    pub(crate) samples: usize,
    /// Every outstanding mark, in order.
    pub(crate) marks: Vec<M>,
}

enum Item<M> {
    Audio(Bytes),
    Mark(M),
}

/// Audio and marks in the order they came.
pub(crate) struct Playout<M> {
    queue: VecDeque<Item<M>>,
    queued_samples: usize,
}

impl<M> Playout<M> {
    pub(crate) const fn new() -> Self {
        Self { queue: VecDeque::new(), queued_samples: 0 }
    }

    /// Queues mu-law audio of any length.
    pub(crate) fn push_audio(&mut self, audio: Bytes) -> Result<(), QueueFull> {
        if audio.is_empty() {
            return Ok(());
        }
        if self.queue.len() >= MAX_QUEUED_ITEMS || self.queued_samples + audio.len() > MAX_QUEUED_SAMPLES {
            return Err(QueueFull);
        }
        self.queued_samples += audio.len();
        self.queue.push_back(Item::Audio(audio));
        Ok(())
    }

    pub(crate) fn push_mark(&mut self, mark: M) -> Result<(), QueueFull> {
        if self.queue.len() >= MAX_QUEUED_ITEMS {
            return Err(QueueFull);
        }
        self.queue.push_back(Item::Mark(mark));
        Ok(())
    }

    /// Plays exactly `samples` into `out`, silence where the queue runs dry, and returns the marks reached.
    pub(crate) fn play(&mut self, samples: usize, out: &mut Vec<u8>) -> Vec<M> {
        let end = out.len() + samples;
        let mut reached = Vec::new();
        loop {
            match self.queue.front_mut() {
                Some(Item::Mark(_)) => {
                    if let Some(Item::Mark(mark)) = self.queue.pop_front() {
                        reached.push(mark);
                    }
                }
                Some(Item::Audio(audio)) if out.len() < end => {
                    let heard = audio.len().min(end - out.len());
                    out.extend_from_slice(&audio[..heard]);
                    audio.advance(heard);
                    self.queued_samples -= heard;
                    if audio.is_empty() {
                        self.queue.pop_front();
                    }
                }
                Some(Item::Audio(_)) | None => break,
            }
        }
        out.resize(end, mulaw::SILENCE);
        reached
    }

    /// Throws the unplayed audio away and gives every outstanding mark back.
    pub(crate) fn clear(&mut self) -> Cleared<M> {
        let samples = std::mem::take(&mut self.queued_samples);
        let marks = self
            .queue
            .drain(..)
            .filter_map(|item| match item {
                Item::Mark(mark) => Some(mark),
                Item::Audio(_) => None,
            })
            .collect();
        Cleared { samples, marks }
    }

    /// Samples to play until the next mark is reached.
    pub(crate) fn next_mark_in(&self) -> Option<usize> {
        let mut ahead = 0;
        for item in &self.queue {
            match item {
                Item::Audio(audio) => ahead += audio.len(),
                Item::Mark(_) => return Some(ahead),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn playout(items: &[(usize, &'static str)]) -> Playout<&'static str> {
        let mut playout = Playout::new();
        for (samples, mark) in items {
            playout.push_audio(Bytes::from(vec![0x10; *samples])).unwrap();
            playout.push_mark(*mark).unwrap();
        }
        playout
    }

    #[test]
    fn a_mark_is_reached_at_the_last_sample_before_it() {
        let mut playout = playout(&[(100, "a"), (60, "b")]);
        let mut out = Vec::new();
        assert_eq!(playout.next_mark_in(), Some(100));
        assert!(playout.play(99, &mut out).is_empty());
        assert_eq!(playout.play(1, &mut out), ["a"]);
        assert_eq!(playout.play(60, &mut out), ["b"]);
        assert_eq!(out, vec![0x10; 160]);
    }

    #[test]
    fn a_mark_with_nothing_before_it_is_reached_without_playing() {
        let mut playout = playout(&[(0, "now")]);
        assert_eq!(playout.play(0, &mut Vec::new()), ["now"]);
    }

    #[test]
    fn a_clear_returns_every_mark_in_order_and_leaves_silence() {
        let mut playout = playout(&[(100, "a"), (100, "b"), (0, "c")]);
        let mut out = Vec::new();
        playout.play(130, &mut out);
        let cleared = playout.clear();
        assert_eq!(cleared.samples, 70);
        assert_eq!(cleared.marks, ["b", "c"]);
        playout.play(10, &mut out);
        assert_eq!(out[130..], [mulaw::SILENCE; 10]);
    }

    proptest! {
        #[test]
        fn audio_is_never_reordered_or_lost_however_it_is_cut(
            payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..20),
            steps in prop::collection::vec(0_usize..40, 0..60),
        ) {
            let mut playout = Playout::new();
            for (index, payload) in payloads.iter().enumerate() {
                playout.push_audio(Bytes::from(payload.clone())).unwrap();
                playout.push_mark(index).unwrap();
            }
            let sent = payloads.concat();
            let mut out = Vec::new();
            let mut marks = Vec::new();
            for step in steps {
                marks.extend(playout.play(step, &mut out));
                let heard: usize = marks.iter().map(|&mark: &usize| payloads[mark].len()).sum();
                prop_assert!(heard <= out.len());
            }
            let heard = out.len().min(sent.len());
            prop_assert_eq!(&out[..heard], &sent[..heard]);
            prop_assert!(marks.is_sorted());
            prop_assert_eq!(playout.clear().samples, sent.len() - heard);
        }
    }
}
