//! What a WAV file says of itself, and whether that is the recording that was announced.

use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// What a WAV file's header says and its length confirms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WavFormat {
    /// How a sample is coded.
    #[serde(default)]
    pub codec: Codec,
    /// One, or two: caller and agent.
    pub channels: u16,
    /// Samples a second.
    pub sample_rate_hz: u32,
    /// Bits of one sample of one channel.
    pub bits_per_sample: u16,
    /// Length of the audio, milliseconds.
    pub duration_ms: u64,
}

/// How a sample is written: the format tag of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    /// 1: linear samples.
    #[default]
    Pcm,
    /// 6: A-law.
    Alaw,
    /// 7: mu-law.
    Mulaw,
    /// Another codec, by its number in the `fmt ` chunk.
    Other(u16),
}

impl Codec {
    const fn of_tag(tag: u16) -> Self {
        match tag {
            1 => Self::Pcm,
            6 => Self::Alaw,
            7 => Self::Mulaw,
            other => Self::Other(other),
        }
    }

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Why a body is not the recording it was announced as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAudio {
    /// No bytes at all.
    #[error("the body is empty")]
    Empty,
    /// The file begins like something else, which is named.
    #[error("the body is {0}, not a WAV file")]
    WrongMagic(&'static str),
    /// A WAV file whose header is not as it should be.
    #[error("the WAV header is broken: {0}")]
    Header(&'static str),
    /// The file is shorter than its header or the sender says.
    #[error("the file ends after {actual} of {declared} bytes")]
    CutShort {
        /// Bytes that were announced.
        declared: u64,
        /// Bytes that there are.
        actual: u64,
    },
    /// The audio is longer or shorter than Twilio announced.
    #[error("the audio lasts {actual_ms} ms but {announced_ms} ms were announced")]
    Duration {
        /// Length of the audio, milliseconds.
        actual_ms: u64,
        /// Length that Twilio announced, milliseconds.
        announced_ms: u64,
    },
}

impl NotAudio {
    /// Whether the body was a file of some kind, as against an error page or nothing: if the same comes again, it is
    /// what there is.
    pub fn is_of_a_file(&self) -> bool {
        match self {
            Self::Empty => false,
            Self::WrongMagic(kind) => !PAGES.contains(kind),
            Self::Header(_) | Self::CutShort { .. } | Self::Duration { .. } => true,
        }
    }
}

/// What servers answer with in place of a file.
const PAGES: [&str; 3] = ["XML", "HTML", "JSON"];

/// Twilio rounds durations to whole seconds; more than this apart is another recording or a cut one.
pub const DURATION_TOLERANCE_MS: u64 = 2_000;

/// How many bytes of a file [`wav_header`] may need to see.
pub const WAV_HEADER_MAX_BYTES: usize = 4_096;

/// The largest file that can be a recording: four hours of stereo at 8 kHz and 16 bits. A header that claims more is
/// one of a writer that did not know the length when it wrote it.
pub const MAX_RECORDING_BYTES: u64 = 4 * 3_600 * 8_000 * 2 * 2;

/// Reads the header of a WAV file from its first bytes: the format and the length of the audio.
///
/// `file_bytes` is the length of the whole file, `announced` how long Twilio said that it lasts. A `data` chunk may
/// claim more than the file holds. A claim that no recording reaches (0x7FFFFFFF, 0x7FFFF000, 2,000,000,000,
/// 0xFFFFFFFF), or 0, is a stream's placeholder and means "to the end". A smaller one is believed, and the download
/// cut short, unless what is there is as long as was announced and what is claimed is not.
pub fn wav_header(head: &[u8], file_bytes: u64, announced: Option<Duration>) -> Result<WavFormat, NotAudio> {
    wav_layout(head, file_bytes, announced).map(|(format, _)| format)
}

/// The same with the place of the samples in the file.
pub fn wav_layout(
    head: &[u8],
    file_bytes: u64,
    announced: Option<Duration>,
) -> Result<(WavFormat, Range<u64>), NotAudio> {
    if file_bytes == 0 {
        return Err(NotAudio::Empty);
    }
    let riff = head.get(..12).ok_or(NotAudio::Header("shorter than its own header"))?;
    if &riff[..4] != b"RIFF" || &riff[8..12] != b"WAVE" {
        return Err(NotAudio::WrongMagic(kind_of(head)));
    }
    let mut format: Option<Format> = None;
    let mut at = 12usize;
    loop {
        let chunk = head.get(at..at + 8).ok_or(NotAudio::Header("no data chunk near the start"))?;
        let (id, size) = chunk.split_at(4);
        let size = u32::from_le_bytes([size[0], size[1], size[2], size[3]]);
        let body = at + 8;
        match id {
            b"fmt " => format = Some(Format::read(head.get(body..).unwrap_or_default(), size)?),
            b"data" => {
                let format = format.ok_or(NotAudio::Header("data before its format"))?;
                let held = file_bytes.saturating_sub(body as u64);
                let bytes = format.data_bytes(size, held, announced)?;
                let duration_ms = format.lasts_ms(bytes);
                if duration_ms == 0 {
                    return Err(NotAudio::Empty);
                }
                return Ok((format.told(duration_ms), body as u64..body as u64 + bytes));
            }
            _ => {}
        }
        // Chunks are padded to even lengths.
        at = body.saturating_add(size as usize).saturating_add(size as usize & 1);
    }
}

/// The chunk `fmt `.
struct Format {
    codec: Codec,
    channels: u16,
    sample_rate_hz: u32,
    bits_per_sample: u16,
    /// Bytes of one sample of every channel.
    block: u16,
}

impl Format {
    /// The tag of a format that names its codec in the extension behind it.
    const EXTENSIBLE: u16 = 0xFFFE;
    /// Where in the chunk that name begins, as the first field of a GUID.
    const SUB_FORMAT: usize = 24;

    /// Reads the chunk's `size` bytes at the start of `body`.
    fn read(body: &[u8], size: u32) -> Result<Self, NotAudio> {
        let chunk = &body[..body.len().min(size as usize)];
        let f = chunk.get(..16).ok_or(NotAudio::Header("the format chunk is too short"))?;
        let u16_at = |i: usize| u16::from_le_bytes([f[i], f[i + 1]]);
        let tag = match chunk.get(Self::SUB_FORMAT..Self::SUB_FORMAT + 2) {
            Some(named) if u16_at(0) == Self::EXTENSIBLE => u16::from_le_bytes([named[0], named[1]]),
            Some(_) | None => u16_at(0),
        };
        let format = Self {
            codec: Codec::of_tag(tag),
            channels: u16_at(2),
            sample_rate_hz: u32::from_le_bytes([f[4], f[5], f[6], f[7]]),
            block: u16_at(12),
            bits_per_sample: u16_at(14),
        };
        if format.channels == 0 || format.sample_rate_hz == 0 || format.block == 0 {
            return Err(NotAudio::Header("a format without channels, rate or block size"));
        }
        Ok(format)
    }

    fn lasts_ms(&self, bytes: u64) -> u64 {
        bytes / u64::from(self.block) * 1_000 / u64::from(self.sample_rate_hz)
    }

    /// How many of the `held` bytes behind the header of the data are samples.
    fn data_bytes(&self, claimed: u32, held: u64, announced: Option<Duration>) -> Result<u64, NotAudio> {
        let declared = u64::from(claimed);
        let placeholder = declared == 0 || declared > MAX_RECORDING_BYTES;
        if placeholder {
            return Ok(held);
        }
        if declared <= held {
            return Ok(declared);
        }
        let as_announced = |bytes| announced.is_some_and(|announced| agrees(self.lasts_ms(bytes), announced));
        if as_announced(held) && !as_announced(declared) {
            return Ok(held);
        }
        Err(NotAudio::CutShort { declared, actual: held })
    }

    const fn told(&self, duration_ms: u64) -> WavFormat {
        let &Self { codec, channels, sample_rate_hz, bits_per_sample, .. } = self;
        WavFormat { codec, channels, sample_rate_hz, bits_per_sample, duration_ms }
    }
}

/// Checks the length that was announced against the length that arrived. A length of zero was not known when it was
/// announced: what is there has a length of its own.
pub fn check_duration(format: &WavFormat, announced: Option<Duration>) -> Result<(), NotAudio> {
    match announced {
        Some(announced) if !announced.is_zero() && !agrees(format.duration_ms, announced) => {
            Err(NotAudio::Duration { actual_ms: format.duration_ms, announced_ms: millis(announced) })
        }
        Some(_) | None => Ok(()),
    }
}

fn agrees(actual_ms: u64, announced: Duration) -> bool {
    actual_ms.abs_diff(millis(announced)) <= DURATION_TOLERANCE_MS
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn kind_of(head: &[u8]) -> &'static str {
    let start = head.iter().position(|b| !b.is_ascii_whitespace()).map_or(&[][..], |i| &head[i..]);
    if start.starts_with(b"<?xml") || start.starts_with(b"<TwilioResponse") {
        "XML"
    } else if start.starts_with(b"<") {
        "HTML"
    } else if start.starts_with(b"{") {
        "JSON"
    } else if start.starts_with(b"ID3") || begins_mp3_frame(start) {
        "MP3"
    } else {
        "something unknown"
    }
}

/// The header of an MPEG audio frame of layer III, of any of its versions and with or without a checksum: eleven set
/// bits, then version and layer, then a bit rate and a sampling rate that exist (ISO 11172-3 and 13818-3).
fn begins_mp3_frame(start: &[u8]) -> bool {
    let &[0xFF, second, third, ..] = start else { return false };
    let (version, layer) = (second >> 3 & 3, second >> 1 & 3);
    second >= 0xE0 && version != 1 && layer == 1 && third >> 4 != 0xF && third >> 2 & 3 != 3
}

#[cfg(test)]
mod tests;
