//! Audio as it stands on the wire: base64 of G.711 mu-law, 8 kHz mono, one byte a sample. Twilio and OpenAI
//! use the same bytes, so a payload is checked and passed on, never decoded.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error};

/// Base64 that has been checked; safe to splice into JSON and to hand to Twilio. May be empty.
#[derive(Clone, PartialEq, Eq)]
pub struct AudioPayload<'a>(Cow<'a, str>);

impl AudioPayload<'_> {
    /// The base64 text as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for AudioPayload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes of audio>", decoded_bytes(self.as_bytes()))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for AudioPayload<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(transparent)]
        struct Encoded<'a>(#[serde(borrow)] Cow<'a, str>);

        let Encoded(text) = Encoded::deserialize(deserializer)?;
        if is_base64(text.as_bytes()) {
            Ok(AudioPayload(text))
        } else {
            Err(D::Error::custom("audio is not base64"))
        }
    }
}

/// Whether this is standard base64 with padding: the alphabet, whole groups of four, at most two `=` and
/// only at the end. The empty payload is.
pub fn is_base64(payload: &[u8]) -> bool {
    if !payload.len().is_multiple_of(4) {
        return false;
    }
    let body = match payload {
        [body @ .., b'=', b'='] | [body @ .., b'='] => body,
        body => body,
    };
    // No early exit and no table: this form is compiled to vector instructions.
    body.iter()
        .fold(true, |valid, byte| valid & (byte.is_ascii_alphanumeric() | matches!(*byte, b'+' | b'/')))
}

/// Bytes that a checked payload holds once decoded.
pub fn decoded_bytes(payload: &[u8]) -> usize {
    let padding = payload.iter().rev().take(2).filter(|byte| **byte == b'=').count();
    (payload.len() / 4 * 3).saturating_sub(padding)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
    use proptest::prelude::*;

    use super::*;

    // Unused bits of the last group may be anything: no decoder of telephone audio looks at them.
    const REFERENCE: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );

    #[test]
    fn twenty_milliseconds_is_one_twilio_frame() {
        let payload = REFERENCE.encode([0xFF; 160]);
        assert_eq!(payload.len(), 216);
        assert_eq!(decoded_bytes(payload.as_bytes()), 160);
    }

    #[test]
    fn debug_never_prints_audio() {
        let payload: AudioPayload<'_> = serde_json::from_str(r#""AAECAw==""#).unwrap();
        assert_eq!(format!("{payload:?}"), "<4 bytes of audio>");
    }

    #[test]
    fn an_escaped_slash_is_still_base64() {
        let payload: AudioPayload<'_> = serde_json::from_str(r#""\/\/\/\/""#).unwrap();
        assert_eq!(payload.as_bytes(), b"////");
    }

    proptest! {
        #[test]
        fn agrees_with_a_decoder(payload in "[A-Za-z0-9+/=\\-_ ]{0,12}") {
            let decoded = REFERENCE.decode(&payload);
            prop_assert_eq!(is_base64(payload.as_bytes()), decoded.is_ok(), "{}", payload);
            if let Ok(decoded) = decoded {
                prop_assert_eq!(decoded_bytes(payload.as_bytes()), decoded.len());
            }
        }

        #[test]
        fn accepts_whatever_was_encoded(audio in proptest::collection::vec(any::<u8>(), 0..500)) {
            let payload = REFERENCE.encode(&audio);
            prop_assert!(is_base64(payload.as_bytes()));
            prop_assert_eq!(decoded_bytes(payload.as_bytes()), audio.len());
        }
    }
}
