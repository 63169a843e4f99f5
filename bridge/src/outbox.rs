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
/// The number of waiting messages that may lie in memory shared by calls. A peer that reads never has more. For a peer
/// that does not, the rest is copied, so that it keeps no shared block alive.
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
    waiting: Waiting,
    /// Silence of our own making, which has the same bounds for itself.
    padding: Waiting,
}

/// How much waits. Length of payloads: rounding to milliseconds happens once, at the bound.
#[derive(Debug, Clone, Copy, Default)]
struct Waiting {
    audio_chars: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Queued {
    message: Message,
    size: Waiting,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Control,
    /// Audio, and what means something only together with it: a barge-in discards it.
    Playback,
    /// Silence of our own making.
    Padding,
}

/// The peer reads too slowly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{audio_ms} ms of audio in {bytes} bytes wait for a peer that does not read")]
pub(crate) struct Overflow {
    pub(crate) audio_ms: u64,
    pub(crate) bytes: usize,
}

impl Waiting {
    fn plus(self, more: Self) -> Self {
        Self { audio_chars: self.audio_chars + more.audio_chars, bytes: self.bytes + more.bytes }
    }

    fn minus(self, less: Self) -> Self {
        Self { audio_chars: self.audio_chars - less.audio_chars, bytes: self.bytes - less.bytes }
    }

    fn within(self, bounds: Bounds) -> Result<Self, Overflow> {
        let audio_ms = self.audio_chars * 3 / BASE64_CHARS_PER_3_MS;
        if audio_ms > bounds.max_audio_ms || self.bytes > bounds.max_bytes {
            return Err(Overflow { audio_ms, bytes: self.bytes });
        }
        Ok(self)
    }
}

impl Outbox {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { bounds, queue: VecDeque::new(), waiting: Waiting::default(), padding: Waiting::default() }
    }

    /// Queues a message that carries `payload_chars` of base64 audio.
    pub(crate) fn push_audio(&mut self, frame: &[u8], payload_chars: usize) -> Result<(), Overflow> {
        self.push_text(frame, payload_chars, Kind::Playback)
    }

    /// Queues silence that stands for time which has passed. It never makes an outbox overflow: a peer that reads
    /// takes it in a moment, and for one that does not what is too much of it is left out.
    pub(crate) fn push_padding(&mut self, frame: &[u8], payload_chars: usize) {
        let size = Waiting { audio_chars: payload_chars as u64, bytes: frame.len() };
        if let Ok(padding) = self.padding.plus(size).within(self.bounds) {
            self.padding = padding;
            self.enqueue(frame, size, Kind::Padding);
        }
    }

    /// Queues a message that means something only together with the audio before it, such as a mark.
    pub(crate) fn push_playback(&mut self, frame: &[u8]) -> Result<(), Overflow> {
        self.push_text(frame, 0, Kind::Playback)
    }

    pub(crate) fn push_control(&mut self, frame: &[u8]) -> Result<(), Overflow> {
        self.push_text(frame, 0, Kind::Control)
    }

    /// Queues a WebSocket control message; these are too small to count.
    pub(crate) fn push_message(&mut self, message: Message) {
        self.queue.push_back(Queued { message, size: Waiting::default(), kind: Kind::Control });
    }

    fn push_text(&mut self, frame: &[u8], payload_chars: usize, kind: Kind) -> Result<(), Overflow> {
        let size = Waiting { audio_chars: payload_chars as u64, bytes: frame.len() };
        self.waiting = self.waiting.plus(size).within(self.bounds)?;
        self.enqueue(frame, size, kind);
        Ok(())
    }

    fn enqueue(&mut self, frame: &[u8], size: Waiting, kind: Kind) {
        let shared = self.queue.len() < SHARED_MESSAGES_MAX;
        let cut = if shared { scratch::cut(frame) } else { Bytes::copy_from_slice(frame) };
        let message = match Utf8Bytes::try_from(cut) {
            Ok(text) => Message::Text(text),
            // Our writers emit JSON, which is UTF-8; a binary message would be refused by both peers, loudly.
            Err(_) => Message::Binary(Bytes::copy_from_slice(frame)),
        };
        self.queue.push_back(Queued { message, size, kind });
    }

    pub(crate) fn pop(&mut self) -> Option<Message> {
        let Queued { message, size, kind } = self.queue.pop_front()?;
        match kind {
            Kind::Padding => self.padding = self.padding.minus(size),
            Kind::Control | Kind::Playback => self.waiting = self.waiting.minus(size),
        }
        Some(message)
    }

    /// Drops what a `clear` would make the line drop anyway.
    pub(crate) fn discard_playback(&mut self) {
        let waiting = &mut self.waiting;
        self.queue.retain(|queued| {
            let kept = queued.kind != Kind::Playback;
            if !kept {
                *waiting = waiting.minus(queued.size);
            }
            kept
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
        outbox.push_padding(b"three", 3);
        outbox.push_control(b"four").unwrap();
        assert_eq!(texts(&mut outbox), ["one", "two", "three", "four"]);
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

    /// Pushes audio messages (30 ms, 10 bytes) until the outbox is full, and counts them.
    fn fill(outbox: &mut Outbox) -> usize {
        (0..).take_while(|_| outbox.push_audio(b"ten bytes!", 320).is_ok()).count()
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
    }

    #[test]
    fn a_clear_gives_back_all_the_room_that_the_audio_took_and_no_more() {
        for (bounds, fits) in [((300, 100_000), 10), ((100_000, 100), 10)] {
            let mut outbox = outbox(bounds.0, bounds.1);
            for round in 0..3 {
                assert_eq!(fill(&mut outbox), fits, "{bounds:?}, round {round}");
                outbox.discard_playback();
                assert!(outbox.is_empty());
            }
        }
        let mut outbox = outbox(100_000, 100);
        outbox.push_control(b"ten bytes!").unwrap();
        assert_eq!(fill(&mut outbox), 9);
        outbox.discard_playback();
        assert_eq!(fill(&mut outbox), 9, "what is not discarded still takes its room");
    }

    /// Case C16.
    #[test]
    fn silence_takes_no_room_from_the_callers_words_and_has_a_bound_of_its_own() {
        let mut outbox = outbox(300, 100_000);
        for _ in 0..1_000 {
            outbox.push_padding(b"silence", 320);
        }
        assert_eq!(fill(&mut outbox), 10);
        assert_eq!(texts(&mut outbox).iter().filter(|text| *text == "silence").count(), 10);
        outbox.push_padding(b"silence", 320);
        assert_eq!(texts(&mut outbox), ["silence"], "room again after the peer has read");
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Audio(usize),
        Padding(usize),
        Control,
        Read(usize),
        Clear,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (1..2_000usize).prop_map(Step::Audio),
            4 => (1..4_000usize).prop_map(Step::Padding),
            1 => Just(Step::Control),
            1 => (1..8usize).prop_map(Step::Read),
            1 => Just(Step::Clear),
        ]
    }

    proptest! {
        /// Case C16. Whatever comes in which order, silence decides nothing about what is not silence.
        #[test]
        fn with_silence_and_without_it_the_same_overflows(steps in prop::collection::vec(step(), 0..120)) {
            let (mut with, mut without) = (outbox(1_000, 2_000), outbox(1_000, 2_000));
            let words = |outbox: &mut Outbox, most| {
                let mut left = most;
                let mut read = vec![];
                while left > 0 && let Some(message) = outbox.pop() {
                    let text = message.to_text().unwrap().to_owned();
                    if text != "silence" {
                        left -= 1;
                        read.push(text);
                    }
                }
                read
            };
            for step in steps {
                match step {
                    Step::Audio(chars) => {
                        prop_assert_eq!(with.push_audio(b"audio", chars), without.push_audio(b"audio", chars));
                    }
                    Step::Padding(chars) => with.push_padding(b"silence", chars),
                    Step::Control => prop_assert_eq!(with.push_control(b"c"), without.push_control(b"c")),
                    Step::Read(most) => prop_assert_eq!(words(&mut with, most), words(&mut without, most)),
                    Step::Clear => {
                        with.discard_playback();
                        without.discard_playback();
                    }
                }
                let silence: u64 = with.queue.iter().filter(|q| q.kind == Kind::Padding).map(|q| q.size.audio_chars).sum();
                prop_assert!(silence * 3 / BASE64_CHARS_PER_3_MS <= 1_000);
            }
            prop_assert_eq!(words(&mut with, usize::MAX), words(&mut without, usize::MAX));
        }
    }
}
