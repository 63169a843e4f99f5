//! The caller's audio on its way to the model.
//!
//! It is kept while the model connects, filled with silence where Twilio left gaps, and bounded by the time that has
//! passed: a caller who sends more is a flood. Silence that we put in does not count as theirs.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::audio;
use crate::input::CallerAudio;

/// What is kept while the model connects. Older audio is dropped first: the latest words matter most.
const KEPT_AUDIO_MAX: Duration = Duration::from_secs(5);
/// The memory bound of the same, bookkeeping included.
const KEPT_BYTES_MAX: usize = 64 * 1024;
const KEPT_OVERHEAD_BYTES: usize = size_of::<Kept>();
/// A frame this much later than expected leaves a gap. Half a frame of Twilio's usual 20 ms.
const GAP_TOLERANCE: Duration = Duration::from_millis(10);
/// The longest silence put in for one gap. The model's turn detection needs far less to see a turn end.
const GAP_PADDING_MAX: Duration = Duration::from_secs(10);
/// This many frames in a row from the past are a stream that started its clock again, not duplicates.
const CLOCK_RESET_FRAMES: u32 = 25;
/// How long a line may give no sign of life: neither a frame nor the answer to a ping. Twilio sends a frame every
/// 20 ms, and nothing at all for a caller on hold; but a line that answers pings is there.
const LIFE_WAIT: Duration = Duration::from_secs(30);
/// How far ahead of real time a stream may get: what a stalled network delivers at once.
const AHEAD_MAX: Duration = Duration::from_secs(15);

/// What to do with a frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// Pass it on, behind this much silence.
    Forward { gap: Duration },
    /// Empty, a duplicate, or from the past.
    Dropped,
    /// Far more audio than time has passed: a flood, not a caller.
    Flood,
}

/// The caller's line to us.
#[derive(Debug, Default)]
pub(crate) struct CallerLine {
    began: Option<Instant>,
    /// Without a sign of life by then the caller is lost.
    lives_until: Option<Instant>,
    /// The presentation time of the last frame and the one expected next.
    last: Option<Duration>,
    expected: Duration,
    received: Duration,
    /// Silence put in so far.
    padding: Duration,
    from_the_past: u32,
    /// Silence put in before Twilio's timestamps showed the gap.
    padded_ahead: Duration,
    kept: VecDeque<Kept>,
    kept_audio: Duration,
    kept_bytes: usize,
    frames: Frames,
}

/// What became of the caller's frames.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Frames {
    pub(crate) received: u64,
    pub(crate) forwarded: u64,
    pub(crate) dropped: u64,
    /// Silence that was put in.
    pub(crate) padded: Duration,
}

/// One piece of what is kept.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Base64 of one frame.
    Frame(Vec<u8>),
    Gap(Duration),
}

impl CallerLine {
    /// The line gave a sign of life.
    pub(crate) fn lives(&mut self, now: Instant) {
        self.lives_until = Some(now + LIFE_WAIT);
    }

    pub(crate) const fn lives_until(&self) -> Option<Instant> {
        self.lives_until
    }

    pub(crate) const fn frames(&self) -> Frames {
        self.frames
    }

    /// Judges and counts a frame that is to go to the model at once.
    pub(crate) fn forward(&mut self, now: Instant, frame: &CallerAudio<'_>) -> Accepted {
        let accepted = self.accept(now, frame);
        self.frames.received += 1;
        match accepted {
            Accepted::Forward { gap } => {
                self.frames.padded += gap;
                self.frames.forwarded += 1;
            }
            Accepted::Dropped | Accepted::Flood => self.frames.dropped += 1,
        }
        accepted
    }

    /// Judges and counts a frame, and keeps it until there is a model. False for a flood.
    pub(crate) fn keep_frame(&mut self, now: Instant, frame: &CallerAudio<'_>) -> bool {
        let accepted = self.accept(now, frame);
        self.frames.received += 1;
        self.frames.dropped += match accepted {
            Accepted::Forward { gap } => self.keep(gap, frame.payload),
            Accepted::Dropped | Accepted::Flood => 1,
        };
        accepted != Accepted::Flood
    }

    /// A frame came before it was known which call it belongs to.
    pub(crate) fn drop_frame(&mut self) {
        self.frames.received += 1;
        self.frames.dropped += 1;
    }

    /// The oldest piece kept, for the model.
    pub(crate) fn forward_kept(&mut self) -> Option<Kept> {
        let piece = self.take_kept()?;
        match &piece {
            Kept::Frame(_) => self.frames.forwarded += 1,
            Kept::Gap(gap) => self.frames.padded += *gap,
        }
        Some(piece)
    }

    /// There will be no model for what is kept.
    pub(crate) fn drop_kept(&mut self) {
        while let Some(piece) = self.take_kept() {
            self.frames.dropped += u64::from(matches!(piece, Kept::Frame(_)));
        }
    }

    /// Judges a frame by its timestamp (Twilio Media Streams: presentation time from the stream's start, with
    /// gaps).
    fn accept(&mut self, now: Instant, frame: &CallerAudio<'_>) -> Accepted {
        let duration = audio::duration_of(frame.payload);
        if duration.is_zero() {
            return Accepted::Dropped;
        }
        let at = Duration::from_millis(frame.timestamp_ms.into());
        let mut gap = Duration::ZERO;
        match self.last {
            Some(last) if at <= last => {
                self.from_the_past += 1;
                if self.from_the_past < CLOCK_RESET_FRAMES {
                    return Accepted::Dropped;
                }
            }
            Some(_) => {
                let late = at.saturating_sub(self.expected);
                if late > GAP_TOLERANCE {
                    gap = late.saturating_sub(self.padded_ahead).min(GAP_PADDING_MAX);
                    self.padded_ahead = Duration::ZERO;
                }
            }
            None => {}
        }
        let began = *self.began.get_or_insert(now);
        let allowed = now.saturating_duration_since(began) + AHEAD_MAX;
        self.received += duration;
        if self.received > allowed {
            return Accepted::Flood;
        }
        // A clock that jumps ahead of real time is no audio, so it is no flood. It gets the silence there was time for.
        gap = gap.min(allowed.saturating_sub(self.received + self.padding));
        self.padding += gap;
        self.from_the_past = 0;
        self.last = Some(at);
        self.expected = at + duration;
        Accepted::Forward { gap }
    }

    /// Silence was sent although no timestamp showed a gap yet; the gap that follows is shorter by it.
    pub(crate) fn padded(&mut self, silence: Duration) {
        self.frames.padded += silence;
        self.padded_ahead += silence;
        self.padding += silence;
    }

    /// Keeps a frame until the model is there; returns how many older frames had to go. The silence of gaps does not
    /// count: it never costs a frame.
    fn keep(&mut self, gap: Duration, payload: &[u8]) -> u64 {
        if !gap.is_zero() {
            self.push(Kept::Gap(gap));
        }
        self.push(Kept::Frame(payload.to_vec()));
        let mut dropped = 0;
        while self.kept_audio > KEPT_AUDIO_MAX || self.kept_bytes > KEPT_BYTES_MAX {
            match self.take_kept() {
                Some(Kept::Frame(_)) => dropped += 1,
                Some(Kept::Gap(_)) => {}
                None => break,
            }
        }
        dropped
    }

    pub(crate) fn has_kept(&self) -> bool {
        !self.kept.is_empty()
    }

    /// The oldest piece kept.
    fn take_kept(&mut self) -> Option<Kept> {
        let piece = self.kept.pop_front()?;
        self.kept_audio = self.kept_audio.saturating_sub(piece.audio());
        self.kept_bytes = self.kept_bytes.saturating_sub(piece.bytes());
        if self.kept.is_empty() {
            // Never needed again: a call lives long and this lived for its first second.
            self.kept = VecDeque::new();
        }
        Some(piece)
    }

    fn push(&mut self, piece: Kept) {
        self.kept_audio += piece.audio();
        self.kept_bytes += piece.bytes();
        self.kept.push_back(piece);
    }
}

impl Kept {
    /// How long the caller is heard in it. Silence that we put in is not theirs.
    fn audio(&self) -> Duration {
        match self {
            Self::Frame(payload) => audio::duration_of(payload),
            Self::Gap(_) => Duration::ZERO,
        }
    }

    fn bytes(&self) -> usize {
        KEPT_OVERHEAD_BYTES
            + match self {
                Self::Frame(payload) => payload.len(),
                Self::Gap(_) => 0,
            }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::origin;

    const FRAME: &[u8] = &[b'/'; 216];

    fn frame(timestamp_ms: u32) -> CallerAudio<'static> {
        CallerAudio { timestamp_ms, payload: &FRAME[..214] }
    }

    fn forward(gap_ms: u64) -> Accepted {
        Accepted::Forward { gap: Duration::from_millis(gap_ms) }
    }

    /// Fault 54.
    #[test]
    fn gaps_are_padded_and_the_past_is_dropped() {
        let now = origin();
        let mut line = CallerLine::default();
        assert_eq!(line.accept(now, &frame(500)), forward(0), "a stream may start late");
        assert_eq!(line.accept(now, &frame(520)), forward(0));
        assert_eq!(line.accept(now, &frame(520)), Accepted::Dropped);
        assert_eq!(line.accept(now, &frame(500)), Accepted::Dropped);
        assert_eq!(line.accept(now, &frame(545)), forward(0), "jitter is not a gap");
        assert_eq!(line.accept(now, &frame(1_565)), forward(1_000));
        assert_eq!(line.accept(now, &frame(60_000)), forward(10_000), "no gap is padded without end");
    }

    #[test]
    fn a_gap_that_was_filled_while_it_lasted_is_not_filled_twice() {
        let now = origin();
        let mut line = CallerLine::default();
        line.accept(now, &frame(0));
        line.padded(Duration::from_secs(1));
        assert_eq!(line.accept(now, &frame(1_520)), forward(500));
        assert_eq!(line.accept(now, &frame(2_540)), forward(1_000));
    }

    #[test]
    fn a_stream_that_starts_its_clock_again_is_heard_again() {
        let now = origin();
        let mut line = CallerLine::default();
        line.accept(now, &frame(100_000));
        let verdicts: Vec<_> =
            (0..CLOCK_RESET_FRAMES + 1).map(|n| line.accept(now, &frame(n * 20))).collect();
        let (last, dropped) = verdicts.split_last().unwrap();
        assert_eq!(*last, forward(0));
        assert_eq!(dropped.iter().filter(|v| **v == Accepted::Dropped).count(), dropped.len() - 1);
    }

    /// Fault 52.
    #[test]
    fn audio_far_ahead_of_real_time_is_a_flood() {
        let now = origin();
        let mut line = CallerLine::default();
        let burst = (0..1_000).map(|n| line.accept(now, &frame(n * 20)));
        assert_eq!(burst.filter(|v| *v == Accepted::Flood).count(), 1_000 - 750);
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_oldest_goes_first() {
        let mut line = CallerLine::default();
        let mut dropped = 0;
        for n in 0..300u16 {
            let mut payload = FRAME.to_vec();
            payload[..2].copy_from_slice(&n.to_be_bytes());
            dropped += line.keep(Duration::ZERO, &payload[..214]);
        }
        assert_eq!(dropped, 50);
        assert!(line.kept_audio <= KEPT_AUDIO_MAX && line.kept_bytes <= KEPT_BYTES_MAX);
        let Some(Kept::Frame(oldest)) = line.take_kept() else { panic!("audio was kept") };
        assert_eq!(oldest[..2], 50u16.to_be_bytes());
    }

    /// Case C16.
    #[test]
    fn a_clock_that_jumps_again_and_again_is_no_flood() {
        let now = origin();
        let mut line = CallerLine::default();
        let mut padded = Duration::ZERO;
        for jump in 0..100 {
            match line.accept(now, &frame(jump * 12_000)) {
                Accepted::Forward { gap } => padded += gap,
                other => panic!("jump {jump}: {other:?}"),
            }
        }
        assert!(padded <= AHEAD_MAX, "{padded:?} of silence in no time at all");
    }

    /// Case C16.
    #[test]
    fn a_gap_never_costs_the_words_before_it() {
        let mut line = CallerLine::default();
        for n in 0..250u32 {
            let gap = if n % 50 == 49 { GAP_PADDING_MAX } else { Duration::ZERO };
            assert_eq!(line.keep(gap, &FRAME[..214]), 0, "frame {n}");
        }
        let frames = std::iter::from_fn(|| line.take_kept()).filter(|kept| matches!(kept, Kept::Frame(_)));
        assert_eq!(frames.count(), 250);
    }

    proptest! {
        /// Case C16. Frames come as fast as they play or slower, their clock does what it likes.
        #[test]
        fn a_line_in_real_time_is_never_a_flood_and_silence_never_runs_ahead(
            steps in prop::collection::vec((20..60_000u64, -5_000..60_000i64, prop::option::of(0..3_000u64)), 1..200)
        ) {
            let (start, mut elapsed, mut stamp) = (origin(), Duration::ZERO, 0i64);
            let (mut line, mut received, mut padding) = (CallerLine::default(), Duration::ZERO, Duration::ZERO);
            for (real, stream, speech_padding) in steps {
                let stamped = frame(u32::try_from(stamp.max(0)).unwrap());
                match line.accept(start + elapsed, &stamped) {
                    Accepted::Forward { gap } => {
                        prop_assert!(gap <= GAP_PADDING_MAX);
                        received += Duration::from_millis(20);
                        padding += gap;
                        prop_assert!(received + padding <= elapsed + AHEAD_MAX || gap.is_zero());
                    }
                    Accepted::Dropped => {}
                    Accepted::Flood => prop_assert!(false, "a flood of one frame in {:?}", real),
                }
                if let Some(millis) = speech_padding {
                    line.padded(Duration::from_millis(millis));
                    padding += Duration::from_millis(millis);
                }
                elapsed += Duration::from_millis(real);
                stamp = (stamp + stream).clamp(0, i64::from(u32::MAX));
            }
        }
    }

    #[test]
    fn tiny_frames_cannot_fill_the_memory() {
        let mut line = CallerLine::default();
        for _ in 0..100_000 {
            line.keep(Duration::ZERO, b"//==");
        }
        assert!(line.kept_bytes <= KEPT_BYTES_MAX);
        assert!(line.kept.len() * (KEPT_OVERHEAD_BYTES + 4) <= KEPT_BYTES_MAX);
    }
}
