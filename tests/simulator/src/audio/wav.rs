//! WAV files in: 16-bit mono PCM at 8 or 16 kHz, as files and as streams that were saved to one.

use std::io::Cursor;

use hound::{SampleFormat, WavReader};
use thiserror::Error;

use super::{mulaw, resample};

/// The rate of everything this module returns, in Hz.
pub const RATE_HZ: u32 = 8_000;

/// The longest file read, in samples: one hour at 16 kHz.
pub const MAX_SAMPLES: u32 = 16_000 * 3_600;

/// A size beyond this that also runs past the end of the file was written by a stream that did not know its length.
const LARGEST_TRUE_SIZE: usize = 2 * MAX_SAMPLES as usize;

/// Samples below this cannot be heard on a telephone line: mu-law's first segment.
const AUDIBLE: i16 = 32;

/// Why a file cannot be spoken on a telephone line.
#[derive(Debug, Error)]
pub enum WavError {
    #[error("not a readable WAV file: {0}; export it again as 16-bit PCM")]
    Malformed(#[from] hound::Error),
    #[error("{0} channels; mix the file down to mono")]
    Channels(u16),
    #[error("{bits}-bit {format} samples; convert the file to 16-bit PCM")]
    Samples { bits: u16, format: &'static str },
    #[error("{0} Hz; convert the file to 8000 or 16000 Hz")]
    Rate(u32),
    #[error("{0} samples is longer than an hour; cut the file")]
    TooLong(u32),
    #[error("no samples; there is nothing to say in it")]
    Empty,
}

/// Reads a WAV file as linear samples at 8 kHz.
///
/// # Errors
/// [`WavError`] says what is unsupported and how to convert the file.
pub fn read(bytes: &[u8]) -> Result<Vec<i16>, WavError> {
    let with_true_sizes = with_true_sizes(bytes);
    let mut reader = WavReader::new(Cursor::new(with_true_sizes.as_deref().unwrap_or(bytes)))?;
    let spec = reader.spec();
    match (spec.sample_format, spec.bits_per_sample) {
        (SampleFormat::Int, 16) => {}
        (SampleFormat::Int, bits) => return Err(WavError::Samples { bits, format: "integer" }),
        (SampleFormat::Float, bits) => return Err(WavError::Samples { bits, format: "float" }),
    }
    if spec.channels != 1 {
        return Err(WavError::Channels(spec.channels));
    }
    let factor = match spec.sample_rate {
        RATE_HZ => 1,
        16_000 => 2,
        other => return Err(WavError::Rate(other)),
    };
    match reader.len() {
        0 => return Err(WavError::Empty),
        samples if samples > MAX_SAMPLES => return Err(WavError::TooLong(samples)),
        _ => {}
    }
    let samples = reader.samples::<i16>().collect::<Result<Vec<_>, _>>()?;
    Ok(resample::decimate(&samples, factor))
}

/// Whether nothing of these mu-law bytes can be heard.
pub fn is_silent(mulaw: &[u8]) -> bool {
    mulaw.iter().all(|&byte| mulaw::decode(byte).unsigned_abs() < AUDIBLE.unsigned_abs())
}

/// The same file with a format and a data chunk, whose size is that of the samples that are there; `None` if the file
/// has no two such chunks. What the samples are is for the reader to judge.
///
/// A stream writes its sizes before it knows them: 0, the largest number, or any other beyond the end, and it means "to
/// the end", as SoX and FFmpeg read it.
fn with_true_sizes(bytes: &[u8]) -> Option<Vec<u8>> {
    if !matches!(bytes.get(..4)?, b"RIFF" | b"RF64") || bytes.get(8..12)? != b"WAVE" {
        return None;
    }
    let (mut at, mut format) = (12, None);
    loop {
        let chunk = Chunk::at(bytes, at)?;
        match chunk.id {
            b"fmt " => format = Some(bytes.get(at..at + 8 + chunk.size)?),
            b"data" => return Some(file(format?, chunk.samples(bytes)?)),
            _ => {}
        }
        at = chunk.next(bytes)?;
    }
}

struct Chunk<'a> {
    id: &'a [u8],
    /// As the chunk says.
    size: usize,
    /// Where its content begins.
    content: usize,
}

impl<'a> Chunk<'a> {
    fn at(bytes: &'a [u8], at: usize) -> Option<Self> {
        let head = bytes.get(at..at + 8)?;
        let (id, size) = head.split_at(4);
        let size = u32::from_le_bytes(size.try_into().ok()?);
        Some(Self { id, size: usize::try_from(size).ok()?, content: at + 8 })
    }

    /// Where the next chunk begins: behind a byte of padding if the size is odd, which some writers leave out.
    fn next(&self, bytes: &[u8]) -> Option<usize> {
        const KNOWN: [&[u8]; 6] = [b"fmt ", b"data", b"LIST", b"fact", b"bext", b"PEAK"];
        let end = self.content.checked_add(self.size)?;
        let unpadded = bytes.get(end..end.checked_add(4)?).is_some_and(|id| KNOWN.contains(&id));
        Some(if self.size % 2 == 1 && !unpadded { end + 1 } else { end })
    }

    /// The samples of a data chunk. One that says less than is there has other chunks behind it; one that says too much
    /// for any file says nothing.
    fn samples(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let there = bytes.get(self.content..)?;
        let streamed = match self.size {
            0 => !is_chunks(bytes, self.content),
            size => size > there.len() && size > LARGEST_TRUE_SIZE,
        };
        // A stream may have been cut off within a sample.
        if streamed { there.get(..there.len() & !1) } else { there.get(..self.size) }
    }
}

/// Whether nothing but whole chunks is there to the end.
fn is_chunks(bytes: &[u8], mut at: usize) -> bool {
    while at < bytes.len() {
        let Some(chunk) = Chunk::at(bytes, at).filter(|chunk| chunk.id.iter().all(u8::is_ascii_graphic))
        else {
            return false;
        };
        let Some(next) = chunk.next(bytes).filter(|_| chunk.content + chunk.size <= bytes.len()) else {
            return false;
        };
        at = next;
    }
    true
}

fn file(format: &[u8], samples: &[u8]) -> Vec<u8> {
    let size = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes();
    let mut file = b"RIFF".to_vec();
    file.extend(size(4 + format.len() + 8 + samples.len()));
    file.extend(b"WAVE");
    file.extend(format);
    file.extend(b"data");
    file.extend(size(samples.len()));
    file.extend(samples);
    file
}

/// Reads a WAV file as mu-law at 8 kHz.
///
/// # Errors
/// As [`read`].
pub fn read_mulaw(bytes: &[u8]) -> Result<Vec<u8>, WavError> {
    read(bytes).map(|samples| mulaw::encode_all(&samples))
}

#[cfg(test)]
mod tests {
    use hound::{WavSpec, WavWriter};

    use super::*;

    fn wav(spec: WavSpec, samples: &[i16]) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
        for &sample in samples {
            writer.write_sample(sample).unwrap();
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    fn spec(channels: u16, sample_rate: u32) -> WavSpec {
        WavSpec { channels, sample_rate, bits_per_sample: 16, sample_format: SampleFormat::Int }
    }

    #[test]
    fn eight_kilohertz_is_read_as_it_is() {
        let samples = [0, 100, -100, 32_000];
        assert_eq!(read(&wav(spec(1, 8_000), &samples)).unwrap(), samples);
    }

    #[test]
    fn sixteen_kilohertz_is_halved() {
        assert_eq!(read(&wav(spec(1, 16_000), &[0; 3_200])).unwrap().len(), 1_600);
    }

    #[test]
    fn mu_law_of_a_file_has_a_byte_per_sample() {
        assert_eq!(read_mulaw(&wav(spec(1, 8_000), &[0; 80])).unwrap(), [mulaw::SILENCE; 80]);
    }

    #[test]
    fn unsupported_files_say_what_to_do() {
        let message = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
        assert!(message(&wav(spec(2, 8_000), &[0; 8])).contains("mono"));
        assert!(message(&wav(spec(1, 44_100), &[0; 8])).contains("44100 Hz"));
        assert!(message(b"ID3\x04 an mp3").contains("16-bit PCM"));
        let float = WavSpec { sample_format: SampleFormat::Float, bits_per_sample: 32, ..spec(1, 8_000) };
        assert!(message(&wav(float, &[])).contains("32-bit float"));
    }

    /// The head of a streamed file, with these sizes, over three tenths of a second of a tone.
    fn streamed(riff: u32, data: u32, before_data: &[u8]) -> Vec<u8> {
        let whole = wav(spec(1, 8_000), &[4_000; 2_400]);
        let mut bytes = [&whole[..36], before_data, &whole[36..]].concat();
        bytes[4..8].copy_from_slice(&riff.to_le_bytes());
        let at = 40 + before_data.len();
        bytes[at..at + 4].copy_from_slice(&data.to_le_bytes());
        bytes
    }

    /// Case C19.
    #[test]
    fn a_size_that_a_stream_wrote_means_to_the_end_of_the_file() {
        for size in [
            0,
            u32::MAX,
            u32::MAX - 36,
            0x8000_0000,
            0x7FFF_FFFF,
            0x7FFF_FFFF - 36,
            0x7FFF_F000,
            2_000_000_000,
            0xFFFF_FF00,
        ] {
            for riff in [size, 0, size.wrapping_add(36)] {
                let read = read(&streamed(riff, size, &[]));
                assert_eq!(read.map(|samples| samples.len()).ok(), Some(2_400), "{riff:x} {size:x}");
            }
        }
        let mut cut_in_a_sample = streamed(u32::MAX, u32::MAX, &[]);
        cut_in_a_sample.pop();
        assert_eq!(read(&cut_in_a_sample).unwrap().len(), 2_399);
    }

    /// Case C19.
    #[test]
    fn a_chunk_of_odd_size_is_passed_over_with_its_padding_or_without() {
        let list = |pad: &[u8]| [b"LIST\x1b\0\0\0INFOISFT\x0f\0\0\0Lavf58.76.100\0\0", pad].concat();
        for chunk in [list(b"\0"), list(b""), b"JUNK\x03\0\0\0abc\0".to_vec(), b"id3 \x01\0\0\0x\0".to_vec()]
        {
            for size in [4_800, 0, u32::MAX] {
                assert_eq!(read(&streamed(5_000, size, &chunk)).unwrap().len(), 2_400, "{chunk:?} {size:x}");
            }
        }
        let mut followed = streamed(4_836, 4_800, &[]);
        followed.extend(list(b"\0"));
        assert_eq!(read(&followed).unwrap().len(), 2_400, "what follows the samples is none");
    }

    /// Case C19.
    #[test]
    fn the_extensible_format_is_the_format_it_names() {
        let mut fmt =
            b"fmt \x28\0\0\0\xfe\xff\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0\x16\0\x10\0\x04\0\0\0"
                .to_vec();
        fmt.extend(b"\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71");
        let bytes = [&b"RIFF\xff\xff\xff\xffWAVE"[..], &fmt, b"data\xff\xff\xff\xff", &[1, 2, 3, 4]].concat();
        assert_eq!(read(&bytes).unwrap(), [0x0201, 0x0403]);
    }

    /// Case C19.
    #[test]
    fn a_file_without_sound_is_told_apart_from_one_with() {
        assert!(matches!(read(&wav(spec(1, 8_000), &[])), Err(WavError::Empty)));
        let mut only_a_list = wav(spec(1, 8_000), &[]);
        only_a_list.extend(b"LIST\x04\0\0\0INFO");
        assert!(matches!(read(&only_a_list), Err(WavError::Empty)));
        assert!(is_silent(&read_mulaw(&wav(spec(1, 8_000), &[0, 3, -3, 8])).unwrap()));
        assert!(!is_silent(&read_mulaw(&wav(spec(1, 8_000), &[0, 400, -400])).unwrap()));
    }

    #[test]
    fn a_truncated_file_is_an_error_and_not_a_short_clip() {
        let whole = wav(spec(1, 8_000), &[7; 800]);
        assert!(matches!(read(&whole[..whole.len() / 2]), Err(WavError::Malformed(_))));
    }
}
