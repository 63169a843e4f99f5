//! What a WAV file says of itself, and whether that is the recording that was announced.

use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a WAV file's header says and its length confirms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WavFormat {
    #[serde(default)]
    pub codec: Codec,
    pub channels: u16,
    pub sample_rate_hz: u32,
    pub bits_per_sample: u16,
    pub duration_ms: u64,
}

/// How a sample is written: the format tag of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    /// 1: linear samples.
    #[default]
    Pcm,
    /// 6: A-law.
    Alaw,
    /// 7: mu-law.
    Mulaw,
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

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pcm => "pcm",
            Self::Alaw => "alaw",
            Self::Mulaw => "mulaw",
            Self::Other(_) => "other",
        }
    }
}

/// Why a body is not the recording it was announced as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAudio {
    #[error("the body is empty")]
    Empty,
    #[error("the body is {0}, not a WAV file")]
    WrongMagic(&'static str),
    #[error("the WAV header is broken: {0}")]
    Header(&'static str),
    #[error("the file ends after {actual} of {declared} bytes")]
    CutShort { declared: u64, actual: u64 },
    #[error("the audio lasts {actual_ms} ms but {announced_ms} ms were announced")]
    Duration { actual_ms: u64, announced_ms: u64 },
}

/// Twilio rounds durations to whole seconds; more than this apart is another recording or a cut one.
pub const DURATION_TOLERANCE_MS: u64 = 2_000;

/// How many bytes of a file [`wav_header`] may need to see.
pub const WAV_HEADER_MAX_BYTES: usize = 4_096;

/// Reads the header of a WAV file from its first bytes: the format and where the audio lies.
///
/// `file_bytes` is the length of the whole file. A `data` chunk that claims more than the file holds is a
/// download cut short; Twilio's streaming placeholder sizes (0 and 0xFFFFFFFF) mean "to the end".
pub fn wav_header(head: &[u8], file_bytes: u64) -> Result<WavFormat, NotAudio> {
    wav_layout(head, file_bytes).map(|(format, _)| format)
}

/// The same with the place of the samples in the file.
pub fn wav_layout(head: &[u8], file_bytes: u64) -> Result<(WavFormat, Range<u64>), NotAudio> {
    if file_bytes == 0 {
        return Err(NotAudio::Empty);
    }
    let riff = head.get(..12).ok_or(NotAudio::Header("shorter than its own header"))?;
    if &riff[..4] != b"RIFF" || &riff[8..12] != b"WAVE" {
        return Err(NotAudio::WrongMagic(kind_of(head)));
    }
    let mut format: Option<(u16, u16, u32, u16, u16)> = None;
    let mut at = 12usize;
    loop {
        let chunk = head.get(at..at + 8).ok_or(NotAudio::Header("no data chunk near the start"))?;
        let (id, size) = chunk.split_at(4);
        let size = u32::from_le_bytes([size[0], size[1], size[2], size[3]]);
        let body = at + 8;
        match id {
            b"fmt " => {
                let f = head.get(body..body + 16).ok_or(NotAudio::Header("the format chunk is too short"))?;
                let u16_at = |i: usize| u16::from_le_bytes([f[i], f[i + 1]]);
                let rate = u32::from_le_bytes([f[4], f[5], f[6], f[7]]);
                format = Some((u16_at(0), u16_at(2), rate, u16_at(12), u16_at(14)));
            }
            b"data" => {
                let (tag, channels, sample_rate_hz, block, bits_per_sample) =
                    format.ok_or(NotAudio::Header("data before its format"))?;
                if channels == 0 || sample_rate_hz == 0 || block == 0 {
                    return Err(NotAudio::Header("a format without channels, rate or block size"));
                }
                let held = file_bytes.saturating_sub(body as u64);
                let declared = if size == 0 || size == u32::MAX { held } else { u64::from(size) };
                if declared > held {
                    return Err(NotAudio::CutShort { declared, actual: held });
                }
                let duration_ms = declared / u64::from(block) * 1_000 / u64::from(sample_rate_hz);
                if duration_ms == 0 {
                    return Err(NotAudio::Empty);
                }
                let codec = Codec::of_tag(tag);
                let samples = body as u64..body as u64 + declared;
                let format = WavFormat { codec, channels, sample_rate_hz, bits_per_sample, duration_ms };
                return Ok((format, samples));
            }
            _ => {}
        }
        // Chunks are padded to even lengths.
        at = body.saturating_add(size as usize).saturating_add(size as usize & 1);
    }
}

/// Checks the length that was announced against the length that arrived.
pub fn check_duration(format: &WavFormat, announced: Option<Duration>) -> Result<(), NotAudio> {
    let Some(announced) = announced else { return Ok(()) };
    let announced_ms = u64::try_from(announced.as_millis()).unwrap_or(u64::MAX);
    if format.duration_ms.abs_diff(announced_ms) > DURATION_TOLERANCE_MS {
        return Err(NotAudio::Duration { actual_ms: format.duration_ms, announced_ms });
    }
    Ok(())
}

fn kind_of(head: &[u8]) -> &'static str {
    let start = head.iter().position(|b| !b.is_ascii_whitespace()).map_or(&[][..], |i| &head[i..]);
    if start.starts_with(b"<?xml") || start.starts_with(b"<TwilioResponse") {
        "XML"
    } else if start.starts_with(b"<") {
        "HTML"
    } else if start.starts_with(b"{") {
        "JSON"
    } else if start.starts_with(b"ID3") || start.starts_with(&[0xFF, 0xFB]) {
        "MP3"
    } else {
        "something unknown"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(seconds: u32, channels: u16) -> Vec<u8> {
        let data = vec![0u8; (seconds * 8_000 * 2 * u32::from(channels)) as usize];
        let mut file = Vec::new();
        file.extend(b"RIFF");
        file.extend((36 + data.len() as u32).to_le_bytes());
        file.extend(b"WAVEfmt ");
        file.extend(16u32.to_le_bytes());
        file.extend(1u16.to_le_bytes());
        file.extend(channels.to_le_bytes());
        file.extend(8_000u32.to_le_bytes());
        file.extend((8_000 * 2 * u32::from(channels)).to_le_bytes());
        file.extend((2 * channels).to_le_bytes());
        file.extend(16u16.to_le_bytes());
        file.extend(b"data");
        file.extend((data.len() as u32).to_le_bytes());
        file.extend(data);
        file
    }

    fn read(file: &[u8]) -> Result<WavFormat, NotAudio> {
        wav_header(&file[..file.len().min(WAV_HEADER_MAX_BYTES)], file.len() as u64)
    }

    #[test]
    fn a_stereo_wav_tells_its_format_and_length() {
        let format = read(&wav(3, 2)).unwrap();
        assert_eq!((format.channels, format.sample_rate_hz, format.duration_ms), (2, 8_000, 3_000));
        assert_eq!(format.codec, Codec::Pcm);
        assert_eq!(check_duration(&format, Some(Duration::from_secs(3))), Ok(()));
    }

    /// Fault 31. Historic failure: a 404's XML was stored as the recording.
    #[test]
    fn xml_html_json_and_nothing_are_not_audio() {
        assert_eq!(read(b"<?xml version=\"1.0\"?><TwilioResponse/>  "), Err(NotAudio::WrongMagic("XML")));
        assert_eq!(read(b"<html><body>busy</body></html>"), Err(NotAudio::WrongMagic("HTML")));
        assert_eq!(read(b"{\"code\":20404,\"status\":404}"), Err(NotAudio::WrongMagic("JSON")));
        assert_eq!(read(b""), Err(NotAudio::Empty));
        assert_eq!(read(&wav(0, 2)), Err(NotAudio::Empty));
    }

    /// Fault 33.
    #[test]
    fn a_download_cut_short_is_noticed_by_its_own_header() {
        let file = wav(3, 2);
        assert!(matches!(read(&file[..file.len() * 6 / 10]), Err(NotAudio::CutShort { .. })));
    }

    #[test]
    fn a_length_far_from_the_announced_one_is_refused() {
        let format = read(&wav(3, 1)).unwrap();
        assert!(matches!(
            check_duration(&format, Some(Duration::from_secs(30))),
            Err(NotAudio::Duration { .. })
        ));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_header_reader_panic(head in proptest::collection::vec(0u8.., 0..200), extra in 0u64..5_000) {
            let _ = wav_header(&head, head.len() as u64 + extra);
            let mut riff = b"RIFF\0\0\0\0WAVE".to_vec();
            riff.extend(&head);
            let _ = wav_header(&riff, riff.len() as u64 + extra);
        }
    }
}
