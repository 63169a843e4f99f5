//! A message of a media stream: whatever it is, neither parser panics, and the fast one says nothing that the other
//! does not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use twilio::media_stream::{Inbound, Track, decoded_bytes, fast, parse};

pub(crate) fn check(message: &[u8]) {
    let quick = fast::media(message);
    let Ok(text) = std::str::from_utf8(message) else {
        assert!(quick.is_none(), "what is not UTF-8 is no message");
        return;
    };
    let full = parse(text);
    if let Ok(Inbound::Media(media)) = &full {
        let bytes = STANDARD.decode(media.payload.as_bytes()).expect("a payload that was checked");
        assert_eq!(bytes.len(), decoded_bytes(media.payload.as_bytes()));
        assert!(!bytes.is_empty());
    }
    let Some(quick) = quick else { return };
    let Ok(Inbound::Media(media)) = full else { panic!("only the fast parser takes this") };
    assert_eq!(media.track, Track::Inbound);
    assert_eq!(media.stream_sid.as_bytes(), quick.stream_sid);
    assert_eq!(media.payload.as_bytes(), quick.payload);
    assert_eq!((media.timestamp_ms, media.chunk), (quick.timestamp_ms, quick.chunk));
}
