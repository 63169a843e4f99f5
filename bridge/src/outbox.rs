//! Messages that wait for a peer to read them, bounded in audio and bytes.
//!
//! One per socket, so a peer that stalls fills its own outbox and nothing else: the other direction goes on
//! until the bound is reached, and then the call ends with a reason instead of running ever later. Audio is
//! never dropped from the middle; only a barge-in discards it.

use std::collections::VecDeque;

use bytes::Bytes;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::scratch;

/// Base64 characters in a millisecond of mu-law at 8 kHz: 8 bytes, times 4, by 3.
const BASE64_CHARS_PER_3_MS: u64 = 32;
/// So many waiting messages may lie in memory that calls share. A peer that reads never has more; of one that does not,
/// the rest is copied, so that it keeps no more alive than it is owed.
const SHARED_MESSAGES_MAX: usize = 16;

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) max_audio_ms: u64,
    pub(crate) max_bytes: usize,
}

#[derive(Debug)]
pub(crate) struct Outbox {
    bounds: Bounds,
    queue: VecDeque<Queued>,
    /// Length of the queued payloads: rounding to milliseconds happens once, at the bound.
    audio_chars: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Queued {
    message: Message,
    bytes: usize,
    audio_chars: u64,
    /// Belongs to what the line would play: a barge-in discards it.
    playback: bool,
}

/// The peer reads too slowly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{audio_ms} ms of audio in {bytes} bytes wait for a peer that does not read")]
pub(crate) struct Overflow {
    pub(crate) audio_ms: u64,
    pub(crate) bytes: usize,
}

impl Outbox {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { bounds, queue: VecDeque::new(), audio_chars: 0, bytes: 0 }
    }

    /// Queues a message that carries `payload_chars` of base64 audio.
    pub(crate) fn push_audio(&mut self, frame: &[u8], payload_chars: usize) -> Result<(), Overflow> {
        self.push_text(frame, payload_chars as u64, true)
    }

    /// Queues a message that means something only together with the audio before it, such as a mark.
    pub(crate) fn push_playback(&mut self, frame: &[u8]) -> Result<(), Overflow> {
        self.push_text(frame, 0, true)
    }

    pub(crate) fn push_control(&mut self, frame: &[u8]) -> Result<(), Overflow> {
        self.push_text(frame, 0, false)
    }

    /// Queues a WebSocket control message; these are too small to count.
    pub(crate) fn push_message(&mut self, message: Message) {
        self.queue.push_back(Queued { message, bytes: 0, audio_chars: 0, playback: false });
    }

    fn push_text(&mut self, frame: &[u8], audio_chars: u64, playback: bool) -> Result<(), Overflow> {
        let (queued_chars, bytes) = (self.audio_chars + audio_chars, self.bytes + frame.len());
        let audio_ms = queued_chars * 3 / BASE64_CHARS_PER_3_MS;
        if audio_ms > self.bounds.max_audio_ms || bytes > self.bounds.max_bytes {
            return Err(Overflow { audio_ms, bytes });
        }
        let shared = self.queue.len() < SHARED_MESSAGES_MAX;
        let cut = if shared { scratch::cut(frame) } else { Bytes::copy_from_slice(frame) };
        let message = match Utf8Bytes::try_from(cut) {
            Ok(text) => Message::Text(text),
            // Our writers emit JSON, which is UTF-8; a binary message would be refused by both peers, loudly.
            Err(_) => Message::Binary(Bytes::copy_from_slice(frame)),
        };
        (self.audio_chars, self.bytes) = (queued_chars, bytes);
        self.queue.push_back(Queued { message, bytes: frame.len(), audio_chars, playback });
        Ok(())
    }

    pub(crate) fn pop(&mut self) -> Option<Message> {
        let queued = self.queue.pop_front()?;
        self.audio_chars -= queued.audio_chars;
        self.bytes -= queued.bytes;
        Some(queued.message)
    }

    /// Drops what a `clear` would make the line drop anyway.
    pub(crate) fn discard_playback(&mut self) {
        self.queue.retain(|queued| !queued.playback);
        self.audio_chars = self.queue.iter().map(|queued| queued.audio_chars).sum();
        self.bytes = self.queue.iter().map(|queued| queued.bytes).sum();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(max_audio_ms: u64, max_bytes: usize) -> Outbox {
        Outbox::new(Bounds { max_audio_ms, max_bytes })
    }

    fn texts(outbox: &mut Outbox) -> Vec<String> {
        std::iter::from_fn(|| outbox.pop()).map(|message| message.to_text().unwrap().to_owned()).collect()
    }

    #[test]
    fn messages_leave_in_the_order_they_came() {
        let mut outbox = outbox(1_000, 1_000);
        outbox.push_control(b"one").unwrap();
        outbox.push_audio(b"two", 3).unwrap();
        outbox.push_control(b"three").unwrap();
        assert_eq!(texts(&mut outbox), ["one", "two", "three"]);
        assert!(outbox.is_empty());
    }

    /// Fault 55.
    #[test]
    fn a_stalled_peer_overflows_at_the_audio_bound_and_keeps_what_was_queued() {
        // Twilio's 20 ms: 160 bytes are 216 characters, of which the padding stands for no sound.
        let mut outbox = outbox(100, 100_000);
        let frames = (0..).take_while(|_| outbox.push_audio(b"frame", 216).is_ok()).count();
        assert_eq!(frames, 4, "4 x 20.25 ms fit into 100 ms, 5 do not");
        assert_eq!(texts(&mut outbox).len(), 4);
        assert!(outbox.push_audio(b"frame", 216).is_ok(), "room again after the peer has read");
    }

    #[test]
    fn messages_without_audio_are_bounded_too() {
        let mut outbox = outbox(100, 10);
        outbox.push_control(b"12345").unwrap();
        assert_eq!(outbox.push_control(b"678901"), Err(Overflow { audio_ms: 0, bytes: 11 }));
    }

    #[test]
    fn a_clear_overtakes_the_audio_that_waits_but_nothing_else() {
        let mut outbox = outbox(1_000, 1_000);
        outbox.push_control(b"older clear").unwrap();
        outbox.push_audio(b"audio", 320).unwrap();
        outbox.push_playback(b"mark").unwrap();
        outbox.discard_playback();
        outbox.push_control(b"clear").unwrap();
        assert_eq!(texts(&mut outbox), ["older clear", "clear"]);
        assert!(outbox.push_audio(b"audio", 10_000).is_ok(), "discarded audio no longer counts");
    }
}
