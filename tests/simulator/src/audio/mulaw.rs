//! G.711 mu-law (ITU-T G.711, PCMU of RFC 3551).
//!
//! A byte holds a sign, a three-bit segment and a four-bit step, all inverted. Segments double in width,
//! so quantisation noise follows the level of the speech.

/// Bytes of mu-law in one millisecond at 8 kHz.
pub const BYTES_PER_MS: usize = 8;

/// The byte for a sample of zero.
pub const SILENCE: u8 = 0xFF;

/// Added before the segment search, so that every segment starts at a power of two.
const BIAS: i32 = 0x84;

/// The largest magnitude that still fits the highest segment after [`BIAS`] is added.
const CLIP: i32 = 32_635;

const DECODED: [i16; 256] = decode_table();

/// One linear 16-bit sample as a mu-law byte.
pub const fn encode(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = (sample as i32).abs();
    let biased = (if magnitude > CLIP { CLIP } else { magnitude }) + BIAS;
    let segment = 24 - biased.leading_zeros() as i32;
    let step = (biased >> (segment + 3)) & 0x0F;
    !(sign | (segment << 4) | step) as u8
}

/// One mu-law byte as a linear 16-bit sample.
pub const fn decode(byte: u8) -> i16 {
    DECODED[byte as usize]
}

/// Linear samples as mu-law bytes, one for one.
pub fn encode_all(samples: &[i16]) -> Vec<u8> {
    samples.iter().map(|&sample| encode(sample)).collect()
}

/// Mu-law bytes as linear samples, one for one.
pub fn decode_all(bytes: &[u8]) -> Vec<i16> {
    bytes.iter().map(|&byte| decode(byte)).collect()
}

/// Root mean square of the decoded samples; 0.0 for no bytes.
pub fn rms(bytes: &[u8]) -> f64 {
    if bytes.is_empty() {
        return 0.0;
    }
    let energy: f64 = bytes.iter().map(|&byte| f64::from(decode(byte)).powi(2)).sum();
    (energy / bytes.len() as f64).sqrt()
}

/// Length of mu-law audio in whole milliseconds, rounded down.
pub const fn duration_ms(bytes: &[u8]) -> u64 {
    (bytes.len() / BYTES_PER_MS) as u64
}

const fn decode_table() -> [i16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let inverted = !(byte as i32);
        let segment = (inverted >> 4) & 0x07;
        let magnitude = ((((inverted & 0x0F) << 3) + BIAS) << segment) - BIAS;
        table[byte] = (if inverted & 0x80 != 0 { -magnitude } else { magnitude }) as i16;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_points_of_the_standard() {
        assert_eq!(encode(0), SILENCE);
        assert_eq!(encode(i16::MAX), 0x80);
        assert_eq!(encode(i16::MIN), 0x00);
        assert_eq!(decode(0x80), 32_124);
        assert_eq!(decode(0x00), -32_124);
        assert_eq!(decode(SILENCE), 0);
    }

    #[test]
    fn every_byte_survives_a_round_trip_but_negative_zero() {
        for byte in 0..=u8::MAX {
            let expected = if byte == 0x7F { SILENCE } else { byte };
            assert_eq!(encode(decode(byte)), expected, "byte {byte:#04x}");
        }
    }

    #[test]
    fn silence_has_no_energy_and_speech_has() {
        assert_eq!(rms(&[SILENCE; 160]), 0.0);
        assert!(rms(&encode_all(&[8_000; 160])) > 7_500.0);
    }

    proptest! {
        /// Half a step of the segment the sample lies in bounds the error.
        #[test]
        fn quantisation_error_stays_within_half_a_step(sample in -32_124_i16..=32_124) {
            let error = (i32::from(decode(encode(sample))) - i32::from(sample)).abs();
            let allowed = (i32::from(sample).abs() + BIAS) / 32 + 1;
            prop_assert!(error <= allowed, "{sample} came back {error} away");
        }
    }
}
