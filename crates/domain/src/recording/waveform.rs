//! How loud each side of a recording is over its length: small enough to be kept beside it and drawn.
//!
//! The peaks are taken while the recording's bytes pass, in pieces of any length, and in memory that does not grow with it: when
//! there is no room for another peak, each two become one that lasts twice as long.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Codec, RecordingSource, WavFormat};
use crate::Speaker;

/// The most peaks of one channel.
pub const MAX_PEAKS: usize = 400;
/// How long the peaks of a short recording are.
const SHORTEST_PEAK_MS: u32 = 20;
const CHANNELS: usize = 2;
const BYTES_PER_SAMPLE: usize = 2;

/// The peaks of a recording of two channels. At least half of [`MAX_PEAKS`] if it is longer than eight seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waveform {
    /// What one peak stands for; the last one may stand for less.
    pub milliseconds_per_peak: u32,
    /// Of each channel the loudest sample of each stretch, linear: 255 is the loudest that can be. Both are equally long.
    pub channels: [Peaks; CHANNELS],
}

impl Waveform {
    /// The peaks of `speaker`, in a recording that came from `source`.
    pub fn of(&self, speaker: Speaker, source: RecordingSource) -> &[u8] {
        let is_theirs = |&channel: &usize| source.speaker(CHANNELS as u16, channel) == Some(speaker);
        (0..CHANNELS).find(is_theirs).map_or(&[], |channel| &self.channels[channel].0)
    }
}

/// Written as text, base64: a row of the store and no more.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Peaks(pub Vec<u8>);

impl Serialize for Peaks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Peaks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// Takes the peaks of a WAV file as its bytes come.
#[derive(Debug)]
pub struct PeakMeter {
    /// Bytes in front of the next sample.
    skipped: u64,
    /// Bytes of samples that are still to come.
    left: u64,
    /// A sample of every channel, as far as its bytes have come.
    frame: [u8; CHANNELS * BYTES_PER_SAMPLE],
    held: usize,
    sample_rate_hz: u64,
    /// How far the last peak reaches, in thousandths of a sample.
    reaches: u64,
    milliseconds_per_peak: u32,
    peaks: [Vec<u8>; CHANNELS],
    /// The loudest of the last stretch, which is not over. `None` if it has not begun.
    last: Option<[u8; CHANNELS]>,
}

impl PeakMeter {
    /// For a file of this format whose samples lie at `samples`, in bytes. `None` for one channel, where the speakers cannot be
    /// told apart, and for samples that are not linear with 16 bits, which Twilio does not send.
    pub fn of(format: &WavFormat, samples: std::ops::Range<u64>) -> Option<Self> {
        let &WavFormat { codec, channels, sample_rate_hz, bits_per_sample, .. } = format;
        let is_known = codec == Codec::Pcm
            && usize::from(channels) == CHANNELS
            && usize::from(bits_per_sample) == BYTES_PER_SAMPLE * 8;
        is_known.then(|| Self {
            skipped: samples.start,
            left: samples.end.saturating_sub(samples.start),
            frame: Default::default(),
            held: 0,
            sample_rate_hz: sample_rate_hz.into(),
            reaches: 0,
            milliseconds_per_peak: SHORTEST_PEAK_MS,
            peaks: std::array::from_fn(|_| Vec::with_capacity(MAX_PEAKS)),
            last: None,
        })
    }

    /// The next bytes of the file, its first ones first.
    pub fn push(&mut self, mut bytes: &[u8]) {
        let skipped = bytes.len().min(usize::try_from(self.skipped).unwrap_or(usize::MAX));
        self.skipped -= skipped as u64;
        bytes = &bytes[skipped..];
        let taken = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= taken as u64;
        bytes = &bytes[..taken];
        if self.held > 0 {
            let missing = bytes.len().min(self.frame.len() - self.held);
            let (rest, more) = bytes.split_at(missing);
            self.frame[self.held..self.held + missing].copy_from_slice(rest);
            self.held += missing;
            bytes = more;
            if self.held < self.frame.len() {
                return;
            }
            self.held = 0;
            self.sound(self.frame);
        }
        let (frames, rest) = bytes.as_chunks();
        for frame in frames {
            self.sound(*frame);
        }
        self.frame[..rest.len()].copy_from_slice(rest);
        self.held = rest.len();
    }

    /// What the whole file came to.
    pub fn finish(mut self) -> Waveform {
        if self.is_full() && self.last.is_some() {
            self.halve();
        }
        self.end_stretch();
        let Self { milliseconds_per_peak, peaks, .. } = self;
        Waveform { milliseconds_per_peak, channels: peaks.map(Peaks) }
    }

    fn sound(&mut self, [a, b, c, d]: [u8; CHANNELS * BYTES_PER_SAMPLE]) {
        let loudness = |sample: i16| u8::try_from(sample.unsigned_abs() >> 7).unwrap_or(u8::MAX);
        let heard = [i16::from_le_bytes([a, b]), i16::from_le_bytes([c, d])].map(loudness);
        let last = self.last.get_or_insert_default();
        *last = std::array::from_fn(|channel| last[channel].max(heard[channel]));
        self.reaches += 1_000;
        let length = u64::from(self.milliseconds_per_peak) * self.sample_rate_hz;
        if self.reaches < length {
            return;
        }
        if self.is_full() {
            // The stretch goes on: it is half of what a peak is from here on.
            self.halve();
        } else {
            self.reaches -= length;
            self.end_stretch();
        }
    }

    fn end_stretch(&mut self) {
        let Some(last) = self.last.take() else { return };
        for (peaks, last) in self.peaks.iter_mut().zip(last) {
            peaks.push(last);
        }
    }

    fn is_full(&self) -> bool {
        self.peaks[0].len() == MAX_PEAKS
    }

    /// Makes room: each two peaks become one.
    fn halve(&mut self) {
        self.milliseconds_per_peak *= 2;
        for peaks in &mut self.peaks {
            for n in 0..peaks.len() / 2 {
                peaks[n] = peaks[2 * n].max(peaks[2 * n + 1]);
            }
            peaks.truncate(MAX_PEAKS / 2);
        }
    }
}

#[cfg(test)]
mod tests;
