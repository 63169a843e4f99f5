//! The hot path downwards: one pass over a `response.output_audio.delta`, no allocation, no decoding.
//!
//! The scanner knows one thing only, a flat object of plain strings and whole numbers. Whatever else a
//! frame holds (an escape, a nested value, a key twice, another event) it gives up on, and
//! [`ServerEvent::parse`](super::ServerEvent::parse) decides. So it cannot be fooled by a `"delta":"`
//! inside some text: it never searches, it reads every token in order.

use std::str;

use memchr::memchr2;

use super::audio;
use super::server_event::MAX_EVENT_BYTES;

/// An audio delta, borrowed from the frame. `delta` has been checked to be base64.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FastDelta<'a> {
    /// The response.
    pub response_id: &'a str,
    /// The item.
    pub item_id: &'a str,
    /// Which part of its content.
    pub content_index: u32,
    /// The audio, base64.
    pub delta: &'a [u8],
}

impl std::fmt::Debug for FastDelta<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FastDelta")
            .field("response_id", &self.response_id)
            .field("item_id", &self.item_id)
            .field("content_index", &self.content_index)
            .field("delta_bytes", &self.delta.len())
            .finish()
    }
}

/// Reads an audio delta whose shape is the usual one, in any key order. `None` is not a verdict on the
/// frame: it means "use the full parser". When it gives `Some`, the full parser gives the same.
pub fn audio_delta(frame: &[u8]) -> Option<FastDelta<'_>> {
    if frame.len() > MAX_EVENT_BYTES {
        return None;
    }
    let (mut kind, mut response_id, mut item_id) = (None, None, None);
    let (mut content_index, mut delta) = (None, None);

    let mut scan = Scanner { rest: frame };
    scan.expect(b'{')?;
    loop {
        let key = scan.string()?;
        scan.expect(b':')?;
        match key {
            b"type" => {
                once(&mut kind, scan.string().filter(|kind| *kind == b"response.output_audio.delta")?)?
            }
            b"response_id" => once(&mut response_id, scan.text()?)?,
            b"item_id" => once(&mut item_id, scan.text()?)?,
            b"content_index" => once(&mut content_index, scan.number()?)?,
            b"delta" => once(&mut delta, scan.string()?)?,
            unknown => {
                is_printable(unknown).then_some(())?;
                scan.skip_scalar()?;
            }
        }
        match scan.token()? {
            b',' => {}
            b'}' => break,
            _ => return None,
        }
    }
    if scan.token().is_some() {
        return None;
    }

    kind?;
    Some(FastDelta {
        response_id: response_id?,
        item_id: item_id?,
        // The server may leave it out, and there is only one part.
        content_index: content_index.unwrap_or_default(),
        delta: delta.filter(|payload| audio::is_base64(payload))?,
    })
}

/// Fills a field; a key that comes twice is left to the full parser.
fn once<T>(field: &mut Option<T>, value: T) -> Option<()> {
    match field.replace(value) {
        None => Some(()),
        Some(_) => None,
    }
}

/// JSON forbids control characters in strings, and what is not ASCII is not worth checking here.
fn is_printable(inside: &[u8]) -> bool {
    inside.iter().fold(true, |printable, byte| printable & matches!(byte, b' '..=b'~'))
}

struct Scanner<'a> {
    rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    /// The next byte that is not white space.
    fn token(&mut self) -> Option<u8> {
        while let [first, rest @ ..] = self.rest {
            self.rest = rest;
            if !matches!(first, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*first);
            }
        }
        None
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.token()? == byte).then_some(())
    }

    /// A string without escapes, quotes removed; what is inside has not been checked.
    fn string(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let end = memchr2(b'"', b'\\', self.rest)?;
        let (inside, quote) = self.rest.split_at(end);
        self.rest = quote.strip_prefix(b"\"")?;
        Some(inside)
    }

    /// A string of printable ASCII, which is what ids are.
    fn text(&mut self) -> Option<&'a str> {
        let inside = self.string().filter(|inside| is_printable(inside))?;
        str::from_utf8(inside).ok()
    }

    /// A whole number as JSON writes it: digits, no leading zero.
    fn number(&mut self) -> Option<u32> {
        let first = self.token()?;
        if !first.is_ascii_digit() {
            return None;
        }
        let mut value = u32::from(first - b'0');
        while let [digit @ b'0'..=b'9', rest @ ..] = self.rest {
            if value == 0 {
                return None;
            }
            value = value.checked_mul(10)?.checked_add(u32::from(digit - b'0'))?;
            self.rest = rest;
        }
        Some(value)
    }

    fn skip_scalar(&mut self) -> Option<()> {
        match self.rest.iter().find(|byte| !byte.is_ascii_whitespace())? {
            b'"' => self.string().filter(|inside| is_printable(inside)).map(drop),
            _ => self.number().map(drop),
        }
    }
}

#[cfg(test)]
mod tests;
