//! The one message that is hot: caller audio, in the compact form in which Twilio writes it.

use super::payload::is_base64;
use super::{MAX_MESSAGE_BYTES, MAX_PAYLOAD_BYTES};

/// Caller audio, borrowed from the message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FastMedia<'a> {
    /// The stream, as the message names it.
    pub stream_sid: &'a [u8],
    /// mu-law at 8 kHz in Base64, checked.
    pub payload: &'a [u8],
    /// Since the stream began, in milliseconds. Twilio may leave gaps.
    pub timestamp_ms: u32,
    /// Position among the stream's audio messages, from 1.
    pub chunk: u64,
}

/// Reads `message` if it is an inbound `media` message without white space or escapes, whose event
/// comes first; the other fields may come in any order. Nothing is allocated or decoded.
///
/// `None` means only that this function does not know: ask [`parse`](super::parse), which gives the
/// same stream, payload, timestamp and chunk wherever this gives any.
pub fn media(message: &[u8]) -> Option<FastMedia<'_>> {
    if message.len() > MAX_MESSAGE_BYTES {
        return None;
    }
    let mut rest = Rest(message);
    let (mut sequence, mut stream_sid, mut audio) = (None, None, None);
    rest.take(br#"{"event":"media","#)?;
    loop {
        if rest.take(br#""streamSid":""#).is_some() {
            once(&mut stream_sid, rest.name()?)?;
        } else if rest.take(br#""media":{"#).is_some() {
            once(&mut audio, rest.audio()?)?;
        } else {
            rest.take(br#""sequenceNumber":""#)?;
            once(&mut sequence, rest.number()?)?;
        }
        if rest.closes()? {
            break;
        }
    }
    let (stream_sid, audio) = (stream_sid?, audio?);
    rest.0.is_empty().then_some(FastMedia { stream_sid, ..audio })
}

/// What is left of the message. No step accepts a backslash, so an escape ends in `None`.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    /// The fields of `media`, after its opening brace.
    fn audio(&mut self) -> Option<FastMedia<'a>> {
        let (mut track, mut chunk, mut timestamp, mut payload) = (None, None, None, None);
        loop {
            if self.take(br#""payload":""#).is_some() {
                once(&mut payload, self.payload()?)?;
            } else if self.take(br#""timestamp":""#).is_some() {
                once(&mut timestamp, self.number()?)?;
            } else if self.take(br#""chunk":""#).is_some() {
                once(&mut chunk, self.number()?)?;
            } else {
                once(&mut track, self.take(br#""track":"inbound""#)?)?;
            }
            if self.closes()? {
                break;
            }
        }
        track?;
        Some(FastMedia {
            stream_sid: b"",
            payload: payload?,
            timestamp_ms: u32::try_from(timestamp?).ok()?,
            chunk: chunk?,
        })
    }

    /// The length is a type parameter so that each comparison is a few instructions.
    fn take<const N: usize>(&mut self, literal: &[u8; N]) -> Option<()> {
        let (start, rest) = self.0.split_first_chunk::<N>()?;
        (start == literal).then(|| self.0 = rest)
    }

    /// The comma before another field, or the closing brace; true for the brace.
    fn closes(&mut self) -> Option<bool> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        match byte {
            b'}' => Some(true),
            b',' => Some(false),
            _ => None,
        }
    }

    /// Digits and the quote behind them.
    fn number(&mut self) -> Option<u64> {
        let mut number: Option<u64> = None;
        loop {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            match byte {
                b'0'..=b'9' => {
                    let shifted = number.unwrap_or(0).checked_mul(10)?;
                    number = Some(shifted.checked_add(u64::from(byte - b'0'))?);
                }
                b'"' => return number,
                _ => return None,
            }
        }
    }

    /// Letters and digits and the quote behind them.
    fn name(&mut self) -> Option<&'a [u8]> {
        let name = self.until_quote()?;
        name.iter().fold(true, |valid, b| valid & b.is_ascii_alphanumeric()).then_some(name)
    }

    /// Base64 and the quote behind it.
    fn payload(&mut self) -> Option<&'a [u8]> {
        let payload = self.until_quote()?;
        (payload.len() <= MAX_PAYLOAD_BYTES && is_base64(payload)).then_some(payload)
    }

    fn until_quote(&mut self) -> Option<&'a [u8]> {
        let end = memchr::memchr(b'"', self.0)?;
        let (text, rest) = self.0.split_at(end);
        self.0 = &rest[1..];
        Some(text)
    }
}

fn once<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    slot.replace(value).is_none().then_some(())
}
