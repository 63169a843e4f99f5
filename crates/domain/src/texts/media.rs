//! What came with a text: what its bytes are, and what became of them.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// The most bytes of one medium: what WhatsApp takes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A medium in the business's bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archived {
    /// The object's key.
    pub key: String,
    /// What its bytes are.
    pub content_type: String,
    /// How many.
    pub bytes: u64,
}

/// Why a medium is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum NotKept {
    /// The carrier did not have it in all attempts.
    NotThere,
    /// It has more than [`MAX_BYTES`].
    TooLarge,
    /// Its bytes are not what the carrier says that they are, or nothing at all.
    WrongBytes,
    /// The carrier does not give it out, or its address leads where nothing is fetched.
    Refused,
}

impl NotKept {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::NotThere, Self::TooLarge, Self::WrongBytes, Self::Refused];

    /// The word by which it is shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The beginnings by which bytes are known: where they stand, what they are, and of what type.
const MAGIC: [(usize, &[u8], &str); 22] = [
    (0, b"\xFF\xD8\xFF", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1A\n", "image/png"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xFF\xFB", "audio/mpeg"),
    (0, b"\xFF\xF3", "audio/mpeg"),
    (0, b"\xFF\xF2", "audio/mpeg"),
    (0, b"\xFF\xF1", "audio/aac"),
    (0, b"\xFF\xF9", "audio/aac"),
    (0, b"#!AMR", "audio/amr"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp3g", "video/3gpp"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1A\x45\xDF\xA3", "video/webm"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\xD0\xCF\x11\xE0", "application/x-ole-storage"),
    (0, b"BEGIN:VCARD", "text/vcard"),
    (0, b"BEGIN:VCALENDAR", "text/calendar"),
];

/// What these bytes are. `None`: they are not what was announced, so that they would be shown as what they are not.
pub fn content_type(announced: Option<&str>, bytes: &[u8]) -> Option<&'static str> {
    let is =
        |(at, magic, _): &&(usize, &[u8], &str)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(magic));
    let found = MAGIC.iter().find(is).map(|(_, _, kind)| *kind);
    let family = |kind: &'static str| kind.split('/').next().unwrap_or_default();
    let announced = announced.unwrap_or_default().to_ascii_lowercase();
    let promised = ["image", "audio", "video"].into_iter().find(|family| announced.starts_with(family));
    match (promised, found) {
        _ if bytes.is_empty() => None,
        (None, Some(found)) => Some(found),
        // Sound alone comes in the containers of films.
        (Some("audio"), Some("video/mp4" | "video/3gpp")) => Some("audio/mp4"),
        (Some("audio"), Some("video/webm")) => Some("audio/webm"),
        (Some("video"), Some("audio/ogg")) => Some("video/ogg"),
        (Some(promised), Some(found)) => (family(found) == promised).then_some(found),
        (Some(_), None) => None,
        (None, None) => Some("application/octet-stream"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Demand 13 of texts: wrong bytes are not kept under another name.
    #[test]
    fn bytes_are_what_they_begin_with() {
        let jpeg = b"\xFF\xD8\xFF\xE0....";
        let wav = b"RIFF....WAVEfmt ";
        let html = b"<html><script>";
        assert_eq!(content_type(Some("image/jpeg"), jpeg), Some("image/jpeg"));
        assert_eq!(content_type(Some("image/png"), jpeg), Some("image/jpeg"), "a picture nevertheless");
        assert_eq!(content_type(Some("audio/ogg; codecs=opus"), jpeg), None);
        assert_eq!(content_type(Some("image/jpeg"), html), None);
        assert_eq!(content_type(Some("audio/wav"), wav), Some("audio/wav"));
        assert_eq!(content_type(Some("audio/mp4"), b"....ftypisom"), Some("audio/mp4"));
        assert_eq!(
            content_type(Some("text/html"), html),
            Some("application/octet-stream"),
            "never as a page"
        );
        assert_eq!(content_type(None, b"%PDF-1.7"), Some("application/pdf"));
        assert_eq!(content_type(Some("application/pdf"), b""), None);
    }
}
