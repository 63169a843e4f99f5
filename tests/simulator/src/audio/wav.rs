//! WAV files in: 16-bit mono PCM at 8 or 16 kHz.

use std::io::Cursor;

use hound::{SampleFormat, WavReader};
use thiserror::Error;

use super::{mulaw, resample};

/// The rate of everything this module returns, in Hz.
pub const RATE_HZ: u32 = 8_000;

/// The longest file read, in samples: one hour at 16 kHz.
pub const MAX_SAMPLES: u32 = 16_000 * 3_600;

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
}

/// Reads a WAV file as linear samples at 8 kHz.
///
/// # Errors
/// [`WavError`] says what is unsupported and how to convert the file.
pub fn read(bytes: &[u8]) -> Result<Vec<i16>, WavError> {
    let mut reader = WavReader::new(Cursor::new(bytes))?;
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
    if reader.len() > MAX_SAMPLES {
        return Err(WavError::TooLong(reader.len()));
    }
    let samples = reader.samples::<i16>().collect::<Result<Vec<_>, _>>()?;
    Ok(resample::decimate(&samples, factor))
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

    #[test]
    fn a_truncated_file_is_an_error_and_not_a_short_clip() {
        let whole = wav(spec(1, 8_000), &[7; 800]);
        assert!(matches!(read(&whole[..whole.len() / 2]), Err(WavError::Malformed(_))));
    }
}
