//! An event of the model: whatever it is, neither parser panics, and the fast one says nothing that the other does
//! not.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use openai::realtime::audio::{decoded_bytes, is_base64};
use openai::realtime::server_event::MAX_UNKNOWN_KIND_BYTES;
use openai::realtime::{ServerEvent, fast};

/// Ignores the spare bits behind the last byte: they are no audio.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

pub(crate) fn check(frame: &[u8]) {
    let full = ServerEvent::parse(frame);
    if let Ok(ServerEvent::Unknown { kind }) = &full {
        assert!(kind.len() <= MAX_UNKNOWN_KIND_BYTES);
    }
    assert_eq!(is_base64(frame), LENIENT.decode(frame).is_ok(), "what Base64 is");
    let Some(quick) = fast::audio_delta(frame) else { return };
    let Ok(ServerEvent::OutputAudioDelta(event)) = full else { panic!("only the fast parser takes this") };
    assert_eq!((event.response_id.as_ref(), event.item_id.as_ref()), (quick.response_id, quick.item_id));
    assert_eq!(event.content_index, quick.content_index);
    assert_eq!(event.delta.as_bytes(), quick.delta);
    assert_eq!(LENIENT.decode(quick.delta).map(|bytes| bytes.len()), Ok(decoded_bytes(quick.delta)));
}
