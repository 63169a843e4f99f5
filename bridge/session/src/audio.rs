//! Audio as time. Both sides speak mu-law at 8 kHz, one byte a sample, so a payload's length is its duration
//! and nothing needs decoding.

use std::time::Duration;

const MICROS_PER_SAMPLE: u64 = 125;

/// How long a base64 payload of mu-law at 8 kHz plays.
pub(crate) fn duration_of(base64: &[u8]) -> Duration {
    let padding = base64.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    let samples = (base64.len() - padding) as u64 * 3 / 4;
    Duration::from_micros(samples * MICROS_PER_SAMPLE)
}

/// Whole milliseconds, rounded down; anything longer than 49 days saturates.
pub(crate) fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_twilio_frame_of_216_characters_plays_20_milliseconds() {
        let mut frame = vec![b'/'; 214];
        frame.extend_from_slice(b"==");
        assert_eq!(duration_of(&frame), Duration::from_millis(20));
    }

    #[test]
    fn padding_is_not_sound() {
        assert_eq!(duration_of(b""), Duration::ZERO);
        assert_eq!(duration_of(b"//=="), Duration::from_micros(125));
        assert_eq!(duration_of(b"///="), Duration::from_micros(250));
        assert_eq!(duration_of(b"////"), Duration::from_micros(375));
        assert_eq!(duration_of(b"===="), Duration::from_micros(125), "at most two of them are padding");
    }
}
