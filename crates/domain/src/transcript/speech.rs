//! Where in a recording there is speech, and into which pieces it is cut for transcription.
//!
//! The models give text without times. So a recording is listened to turn by turn: each piece is one speaker's
//! speech between two of the other's, and its place in the recording is the time of its words. Only speech is
//! sent, which costs less, and keeps recognisers from inventing words for silence.

use std::time::Duration;

/// The unit that levels are measured in.
pub const FRAME: Duration = Duration::from_millis(20);
/// Below this level (root mean square of 16-bit samples) nothing is speech.
const MIN_LEVEL: u16 = 150;
/// Noise never raises the bar for speech beyond this.
const MAX_LEVEL: u16 = 2_000;
/// Speech is this much louder than what is heard a fifth of the time.
const OVER_FLOOR: u16 = 3;
/// A shorter pause is part of what is being said.
const MIN_PAUSE: usize = 25;
/// A shorter sound is a click.
const MIN_SOUND: usize = 5;
/// Kept around speech, so that soft beginnings and ends are not cut off.
const MARGIN: usize = 8;
/// How far back from its limit a piece is searched for the quietest place to cut it at.
const CUT_SEARCH: usize = 1_500;
/// What the piece behind such a cut repeats of the one before it.
const OVERLAP: usize = 75;
/// A piece is never shorter, whatever the caller's limit is.
const MIN_PIECE: usize = CUT_SEARCH + 2 * OVERLAP;

/// The loudness of one channel over time, frame by frame.
#[derive(Debug, Clone, Default)]
pub struct Levels {
    frames: Vec<u16>,
    samples_per_frame: u32,
    sum: u64,
    samples: u32,
}

impl Levels {
    /// A meter for one channel of this sample rate.
    pub fn new(sample_rate_hz: u32) -> Self {
        let samples_per_frame = (u64::from(sample_rate_hz) * FRAME.as_millis() as u64 / 1_000).max(1);
        Self { samples_per_frame: u32::try_from(samples_per_frame).unwrap_or(u32::MAX), ..Self::default() }
    }

    /// Takes the next sample.
    pub fn push(&mut self, sample: i16) {
        self.sum += u64::from(sample.unsigned_abs()).pow(2);
        self.samples += 1;
        if self.samples == self.samples_per_frame {
            self.end_frame();
        }
    }

    /// The frames so far, the last one as far as it goes.
    pub fn finish(mut self) -> Vec<u16> {
        if self.samples > 0 {
            self.end_frame();
        }
        self.frames
    }

    fn end_frame(&mut self) {
        let level = (self.sum / u64::from(self.samples)).isqrt();
        self.frames.push(u16::try_from(level).unwrap_or(u16::MAX));
        (self.sum, self.samples) = (0, 0);
    }
}

/// Frames `start..end` of one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: usize,
    end: usize,
    /// It repeats the end of the span before it, from which it had to be cut.
    continues: bool,
}

/// One piece of one channel to be transcribed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// The channel, counted from 0.
    pub channel: usize,
    /// Where it begins in the recording.
    pub start: Duration,
    /// Where it ends in the recording.
    pub end: Duration,
    /// How much of it is speech.
    pub speech: Duration,
    /// It repeats the end of the piece before it on its channel, with which its text is to be stitched.
    pub continues: bool,
}

/// How a recording may be cut.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest piece.
    pub longest: Duration,
    /// The most pieces. More turns than that are put together, so that their order gets coarser.
    pub most: usize,
}

/// The pieces of a recording in the order in which they begin. `channels` are each channel's levels.
pub fn pieces(channels: &[Vec<u16>], limits: Limits) -> Vec<Piece> {
    let longest = frames(limits.longest).max(MIN_PIECE);
    let mut spoken: Vec<(usize, Span)> = Vec::new();
    for (channel, levels) in channels.iter().enumerate() {
        let spans = spans(levels).into_iter().flat_map(|span| cut(levels, span, longest));
        spoken.extend(spans.map(|span| (channel, span)));
    }
    spoken.sort_by_key(|(channel, span)| (span.start, *channel));
    let mut joined = turns(&spoken, longest);
    // A conversation of very many short turns: neighbours of one channel are put together across the other's.
    let mut within = frames(Duration::from_secs(15));
    while joined.len() > limits.most && within < longest {
        within = (within * 2).min(longest);
        joined = stretches(&spoken, channels.len(), within);
    }
    joined
}

/// Neighbouring speech of one channel, as long as the other is silent.
fn turns(spoken: &[(usize, Span)], longest: usize) -> Vec<Piece> {
    let mut joined: Vec<Open> = Vec::new();
    for &(channel, span) in spoken {
        match joined.last_mut() {
            Some(last) if last.channel == channel && last.takes(span, longest) => last.take(span),
            Some(_) | None => joined.push(Open::new(channel, span)),
        }
    }
    joined.iter().map(Open::piece).collect()
}

/// Each channel's speech by itself, in stretches of at most `within` frames.
fn stretches(spoken: &[(usize, Span)], channels: usize, within: usize) -> Vec<Piece> {
    let mut joined: Vec<Open> = Vec::new();
    for channel in 0..channels {
        let first = joined.len();
        for &(_, span) in spoken.iter().filter(|(of, _)| *of == channel) {
            match joined[first..].last_mut() {
                Some(last) if last.takes(span, within) => last.take(span),
                Some(_) | None => joined.push(Open::new(channel, span)),
            }
        }
    }
    joined.sort_by_key(|open| (open.start, open.channel));
    joined.iter().map(Open::piece).collect()
}

/// A piece that may still grow.
struct Open {
    channel: usize,
    start: usize,
    end: usize,
    speech: usize,
    continues: bool,
}

impl Open {
    fn new(channel: usize, span: Span) -> Self {
        let Span { start, end, continues } = span;
        Self { channel, start, end, speech: end - start, continues }
    }

    fn takes(&self, span: Span, longest: usize) -> bool {
        !span.continues && span.end - self.start <= longest
    }

    fn take(&mut self, span: Span) {
        self.speech += span.end - span.start.max(self.end);
        self.end = span.end;
    }

    fn piece(&self) -> Piece {
        Piece {
            channel: self.channel,
            start: time(self.start),
            end: time(self.end),
            speech: time(self.speech),
            continues: self.continues,
        }
    }
}

/// Where a channel holds speech, with margins.
fn spans(levels: &[u16]) -> Vec<Span> {
    let bar = bar(levels);
    let mut sounds: Vec<Span> = Vec::new();
    for (at, _) in levels.iter().enumerate().filter(|(_, level)| **level >= bar) {
        match sounds.last_mut() {
            Some(last) if at - last.end < MIN_PAUSE => last.end = at + 1,
            Some(_) | None => sounds.push(Span { start: at, end: at + 1, continues: false }),
        }
    }
    sounds.retain(|sound| sound.end - sound.start >= MIN_SOUND);
    sounds
        .into_iter()
        .map(|sound| Span {
            start: sound.start.saturating_sub(MARGIN),
            end: (sound.end + MARGIN).min(levels.len()),
            continues: false,
        })
        .collect()
}

fn bar(levels: &[u16]) -> u16 {
    let mut sorted = levels.to_vec();
    let fifth = sorted.len() / 5;
    if sorted.is_empty() {
        return MIN_LEVEL;
    }
    let (_, floor, _) = sorted.select_nth_unstable(fifth);
    floor.saturating_mul(OVER_FLOOR).clamp(MIN_LEVEL, MAX_LEVEL)
}

/// Speech without a pause that is longer than a piece may be is cut where it is quietest, with an overlap.
fn cut(levels: &[u16], span: Span, longest: usize) -> Vec<Span> {
    let (mut parts, mut start) = (Vec::new(), span.start);
    while span.end - start > longest {
        let continues = start > span.start;
        let limit = start + longest;
        let from = limit - CUT_SEARCH;
        let quietest = (from..limit).min_by_key(|at| levels[*at]).unwrap_or(from);
        parts.push(Span { start, end: quietest + 1, continues });
        start = quietest.saturating_sub(OVERLAP).max(start + 1);
    }
    parts.push(Span { start, end: span.end, continues: start > span.start });
    parts
}

fn frames(time: Duration) -> usize {
    usize::try_from(time.as_millis() / FRAME.as_millis()).unwrap_or(usize::MAX)
}

fn time(frames: usize) -> Duration {
    FRAME.saturating_mul(u32::try_from(frames).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
