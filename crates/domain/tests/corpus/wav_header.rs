//! The head of a file that should be a recording. The first four bytes of an input say how much of the file follows.

use domain::recording::{WAV_HEADER_MAX_BYTES, wav_header};

pub(crate) fn check(input: &[u8]) {
    let Some((unseen, head)) = input.split_first_chunk::<4>() else { return };
    let file_bytes = head.len() as u64 + u64::from(u32::from_le_bytes(*unseen));
    let head = &head[..head.len().min(WAV_HEADER_MAX_BYTES)];
    let Ok(format) = wav_header(head, file_bytes, None) else { return };
    assert!(format.channels > 0 && format.sample_rate_hz > 0);
    assert!(format.duration_ms > 0);
    // A block is at least a byte.
    let longest = u128::from(file_bytes) * 1_000 / u128::from(format.sample_rate_hz);
    assert!(u128::from(format.duration_ms) <= longest, "longer than the file");
}
