//! The identity of a piece of audio, hidden in its sound.
//!
//! Any byte is a sample of mu-law, so the first 24 samples (3 ms) say which piece this is. 24 bytes are 32
//! characters of Base64 without padding: they are read without decoding what follows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Mu-law at 8 kHz: samples, which are bytes, of a millisecond.
pub(crate) const BYTES_PER_MS: u32 = 8;

const MAGIC: [u8; 4] = [0x9d, 0x31, 0xe7, 0x5a];
const BYTES: usize = 24;
const CHARS: usize = BYTES / 3 * 4;
/// A quiet sample that is not silence.
const FILLER: u8 = 0x7d;

/// What a piece of audio says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pulse {
    pub(crate) call: u32,
    /// Which of the model's responses it belongs to; 0 for the caller's audio.
    pub(crate) response: u32,
    /// Position in the call's audio of this direction, from 0.
    pub(crate) sequence: u32,
    /// On the generator's monotonic clock.
    pub(crate) sent_ns: u64,
}

impl Pulse {
    /// Base64 of so much audio, which begins with this pulse. Audio shorter than the pulse is as long as it.
    pub(crate) fn payload(&self, audio_ms: u32) -> String {
        let mut samples = Vec::with_capacity((audio_ms * BYTES_PER_MS) as usize);
        samples.extend_from_slice(&MAGIC);
        samples.extend_from_slice(&self.call.to_be_bytes());
        samples.extend_from_slice(&self.response.to_be_bytes());
        samples.extend_from_slice(&self.sequence.to_be_bytes());
        samples.extend_from_slice(&self.sent_ns.to_be_bytes());
        samples.resize(samples.len().max((audio_ms * BYTES_PER_MS) as usize), FILLER);
        STANDARD.encode(samples)
    }

    /// The pulse at the beginning of Base64 audio; `None` for audio that is not ours, such as padding.
    pub(crate) fn find(payload: &str) -> Option<Self> {
        let mut samples = [0u8; BYTES];
        let decoded = STANDARD.decode_slice(payload.get(..CHARS)?, &mut samples).ok()?;
        let (magic, rest) = samples.split_first_chunk::<4>()?;
        if decoded != BYTES || *magic != MAGIC {
            return None;
        }
        let (call, rest) = rest.split_first_chunk()?;
        let (response, rest) = rest.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        Some(Self {
            call: u32::from_be_bytes(*call),
            response: u32::from_be_bytes(*response),
            sequence: u32::from_be_bytes(*sequence),
            sent_ns: u64::from_be_bytes(*rest.first_chunk()?),
        })
    }
}

/// How long Base64 audio plays, in milliseconds.
pub(crate) fn audio_ms(payload: &str) -> u32 {
    let padding = payload.bytes().rev().take_while(|byte| *byte == b'=').count();
    let bytes = (payload.len() / 4 * 3).saturating_sub(padding);
    u32::try_from(bytes).unwrap_or(u32::MAX) / BYTES_PER_MS
}

/// The text of a string field that has no escapes, found by its name; `None` without such a field.
///
/// Good for messages whose field names occur once, which those of both providers that carry audio do.
pub(crate) fn text_field<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = json;
    loop {
        let (_, after) = rest.split_once('"')?;
        rest = after;
        if let Some(value) = rest
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('"'))
            .and_then(|rest| rest.trim_start().strip_prefix(':'))
            .and_then(|rest| rest.trim_start().strip_prefix('"'))
        {
            return value.split_once('"').map(|(value, _)| value);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn silence_and_short_or_foreign_audio_have_no_pulse() {
        for payload in ["", "////", &"/".repeat(216), "not base64 at all, but as long as it has to be"] {
            assert_eq!(Pulse::find(payload), None, "{payload}");
        }
    }

    #[test]
    fn a_field_is_found_whatever_comes_first_and_however_it_is_spaced() {
        let python = r#"{"event": "media", "streamSid": "MZ1", "media": {"payload": "AAAA"}}"#;
        assert_eq!(text_field(python, "payload"), Some("AAAA"));
        assert_eq!(
            text_field(r#"{"audio":"/w==","type":"input_audio_buffer.append"}"#, "audio"),
            Some("/w==")
        );
        assert_eq!(text_field(r#"{"session":{"audio":{"input":{}}}}"#, "audio"), None);
        assert_eq!(text_field("", "audio"), None);
    }

    proptest! {
        #[test]
        fn a_pulse_is_recovered_from_audio_of_any_length(
            call: u32, response: u32, sequence: u32, sent_ns: u64, audio_ms in 3u32..500,
        ) {
            let pulse = Pulse { call, response, sequence, sent_ns };
            let payload = pulse.payload(audio_ms);
            prop_assert_eq!(Pulse::find(&payload), Some(pulse));
            prop_assert_eq!(super::audio_ms(&payload), audio_ms);
        }
    }
}
