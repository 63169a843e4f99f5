//! Line silence, in the pieces in which the model is given it.

use std::time::Duration;

/// One second.
const PIECE_BYTES: usize = 8_000;

/// Base64 of silence of this length, in pieces of at most one second.
pub(super) fn pieces(silence: Duration) -> impl Iterator<Item = Vec<u8>> {
    let mut left = usize::try_from(silence.as_millis()).unwrap_or(usize::MAX).saturating_mul(8);
    std::iter::from_fn(move || {
        let bytes = left.min(PIECE_BYTES);
        left -= bytes;
        (bytes > 0).then(|| mulaw(bytes))
    })
}

/// Base64 of `bytes` bytes of line silence. 0xFF is zero in mu-law (ITU-T G.711).
fn mulaw(bytes: usize) -> Vec<u8> {
    let mut payload = vec![b'/'; bytes / 3 * 4];
    payload.extend_from_slice(match bytes % 3 {
        1 => b"/w==",
        2 => b"//8=",
        _ => b"",
    });
    payload
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD as BASE64;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn silence_is_samples_of_mu_law_zero(bytes in 0usize..2_000) {
            prop_assert_eq!(BASE64.decode(mulaw(bytes)).unwrap(), vec![0xFF; bytes]);
        }

        #[test]
        fn the_pieces_are_as_long_as_the_silence(millis in 0u64..12_000) {
            let pieces: Vec<usize> = pieces(Duration::from_millis(millis))
                .map(|piece| BASE64.decode(piece).unwrap().len())
                .collect();
            prop_assert!(pieces.iter().all(|bytes| (1..=PIECE_BYTES).contains(bytes)));
            prop_assert_eq!(pieces.iter().sum::<usize>() as u64, millis * 8);
        }
    }
}
