//! The caller's socket: Twilio's Media Streams messages in, session inputs out, and back. Nothing outside
//! this module knows what Twilio's messages look like.

mod tolerance;

use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use domain::{CallSid, Secret, StreamSid};
use session::Input;
use session::input::{CallerAudio, MarkId};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_tungstenite::tungstenite::error::Error as WsError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use twilio::Sid;
use twilio::media_stream::fast::{self, FastMedia};
use twilio::media_stream::{self, Inbound, MAX_MESSAGE_BYTES, Start, Track};

use self::tolerance::Tolerance;
use crate::outbox::{Bounds, Overflow};
use crate::scratch;
use crate::wire::{Received, Wire};

/// Room for several of Twilio's 382 byte frames; a longer message gets its own.
const READ_BUFFER_BYTES: usize = 2 * 1024;
/// Small enough that with the longest usual delta behind it the buffer, which doubles, stays at 8 KiB.
const WRITE_BUFFER_BYTES: usize = 3 * 1024;

/// Agent audio that may wait for the line. The model speaks faster than real time and Twilio takes it all, so
/// this is two minutes of speech on a line that does not read at all.
const OUTBOX_MAX_AUDIO_MS: u64 = 120_000;
const OUTBOX_MAX_BYTES: usize = 4 * 1024 * 1024;

/// The `<Parameter>` that carries the stream token.
const TOKEN_PARAMETER: &str = "token";

pub(crate) struct CallerSocket {
    wire: Wire<TcpStream>,
    stream: Option<StreamSid>,
    /// The account or subaccount that the start named.
    account: Option<Sid>,
    messages: Tolerance,
    oddities: Tolerance,
    rejected: u64,
    /// Agent audio that Twilio would not have taken.
    unplayable: u64,
    /// Nothing is read any more.
    ended: bool,
    /// What the peer is told at the end if the WebSocket itself was at fault.
    fault: Option<CloseCode>,
}

#[derive(Debug)]
pub(crate) enum CallerRead {
    Frame(Utf8Bytes),
    /// A ping, or the answer to ours.
    Alive,
    /// Twilio sends nothing binary.
    Binary,
    /// The connection is gone, or was closed.
    Gone,
    /// The peer broke the WebSocket protocol.
    Misbehaved,
}

/// One frame, parsed; inputs borrow from it.
pub(crate) enum CallerFrame<'a> {
    Audio(FastMedia<'a>),
    Message(Box<Inbound<'a>>),
    Unreadable,
}

/// The fast path first; what it does not know goes through the full parser.
pub(crate) fn parse(frame: &Utf8Bytes) -> CallerFrame<'_> {
    match fast::media(frame.as_str().as_bytes()) {
        Some(media) => CallerFrame::Audio(media),
        None => match media_stream::parse(frame.as_str()) {
            Ok(message) => CallerFrame::Message(Box::new(message)),
            Err(_) => CallerFrame::Unreadable,
        },
    }
}

impl CallerSocket {
    /// Takes over an upgraded connection with what was already read of it.
    pub(crate) async fn accept(stream: TcpStream, read: Bytes) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(WRITE_BUFFER_BYTES)
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES));
        let socket =
            WebSocketStream::from_partially_read(stream, read.into(), Role::Server, Some(config)).await;
        let bounds = Bounds { max_audio_ms: OUTBOX_MAX_AUDIO_MS, max_bytes: OUTBOX_MAX_BYTES };
        let now = Instant::now();
        Self {
            wire: Wire::new(socket, bounds),
            stream: None,
            account: None,
            messages: Tolerance::of_messages(now),
            oddities: Tolerance::of_oddities(now),
            rejected: 0,
            unplayable: 0,
            ended: false,
            fault: None,
        }
    }

    /// Never ready again after `Gone` or `Misbehaved`.
    pub(crate) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<CallerRead> {
        if self.ended {
            return Poll::Pending;
        }
        Poll::Ready(match ready!(self.wire.poll_receive(cx)) {
            Received::Text(frame) => CallerRead::Frame(frame),
            Received::Alive => CallerRead::Alive,
            Received::Binary => CallerRead::Binary,
            Received::Closed(_) => self.give_up(),
            Received::Broken(code) => {
                self.ended = true;
                self.fault = Some(code);
                CallerRead::Misbehaved
            }
        })
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), WsError>> {
        self.wire.poll_flush(cx)
    }

    pub(crate) fn needs_flush(&self) -> bool {
        !self.ended && self.wire.needs_flush()
    }

    /// Neither reads nor writes any more.
    pub(crate) fn give_up(&mut self) -> CallerRead {
        self.ended = true;
        CallerRead::Gone
    }

    pub(crate) fn keep_alive(&mut self) {
        self.wire.ping();
    }

    /// Sends the outbox and the close code, and lets the peer read them.
    pub(crate) async fn close(self, code: u16) {
        let code = self.fault.unwrap_or_else(|| CloseCode::from(code));
        self.wire.close(code).await;
    }

    /// Whether the stream has started and is this account's; a subaccount is another one.
    pub(crate) fn is_of_account(&self, account: &str) -> bool {
        self.account.as_ref().is_some_and(|named| named.as_str() == account)
    }

    /// Messages that were refused so far.
    pub(crate) const fn rejected(&self) -> u64 {
        self.rejected
    }

    /// Pieces of agent audio that could not be handed on.
    pub(crate) const fn unplayable(&self) -> u64 {
        self.unplayable
    }

    /// What a frame says to the session, if anything.
    pub(crate) fn input<'a>(&mut self, now: Instant, frame: &'a CallerFrame<'_>) -> Option<Input<'a>> {
        self.tolerate(now, |caller| match frame {
            CallerFrame::Audio(media) => {
                let audio = CallerAudio { timestamp_ms: media.timestamp_ms, payload: media.payload };
                caller.of_our_stream(now, media.stream_sid, Input::CallerAudio(audio))
            }
            CallerFrame::Message(message) => caller.message(now, message),
            CallerFrame::Unreadable => caller.rejection(now),
        })
    }

    /// Reads a ping or pong, which shows that the peer lives.
    pub(crate) fn alive(&mut self, now: Instant) -> Option<Input<'static>> {
        self.tolerate(now, |_| Some(Input::CallerAlive))
    }

    /// Reads a binary message, of which Twilio sends none.
    pub(crate) fn binary(&mut self, now: Instant) -> Option<Input<'static>> {
        self.tolerate(now, |caller| caller.rejection(now))
    }

    /// Everything that a peer can send is counted here.
    fn tolerate<'a>(
        &mut self,
        now: Instant,
        read: impl FnOnce(&mut Self) -> Option<Input<'a>>,
    ) -> Option<Input<'a>> {
        let input = if self.messages.admit(now) { read(self) } else { Some(Input::CallerMisbehaved) };
        self.ended |= matches!(input, Some(Input::CallerMisbehaved));
        input
    }

    fn message<'a>(&mut self, now: Instant, message: &'a Inbound<'_>) -> Option<Input<'a>> {
        match message {
            Inbound::Connected | Inbound::Unknown(_) => None,
            Inbound::Start(start) => self.start(now, start),
            Inbound::Media(media) => match media.track {
                Track::Inbound => {
                    let payload = media.payload.as_bytes();
                    let audio = CallerAudio { timestamp_ms: media.timestamp_ms, payload };
                    self.of_our_stream(now, media.stream_sid.as_bytes(), Input::CallerAudio(audio))
                }
                // Two-way streams do not have it (Twilio Media Streams docs).
                Track::Outbound => self.rejection(now),
            },
            Inbound::Dtmf { stream_sid, digit } => match digit {
                '0'..='9' | '*' | '#' | 'A'..='D' => {
                    self.of_our_stream(now, stream_sid.as_bytes(), Input::Dtmf(*digit))
                }
                _ => self.rejection(now),
            },
            Inbound::Mark { stream_sid, name } => match mark_id(name) {
                Some(mark) => self.of_our_stream(now, stream_sid.as_bytes(), Input::Mark(mark)),
                None => self.rejection(now),
            },
            Inbound::Stop { stream_sid } => {
                self.of_our_stream(now, stream_sid.as_bytes(), Input::CallerStopped)
            }
        }
    }

    /// `input`, unless it came before the start or names another stream.
    fn of_our_stream<'a>(&mut self, now: Instant, stream: &[u8], input: Input<'a>) -> Option<Input<'a>> {
        let ours = self.stream.as_ref().is_some_and(|ours| ours.as_str().as_bytes() == stream);
        if ours { Some(input) } else { self.rejection(now) }
    }

    /// The first `start` says which stream this is; a second one is refused, whatever it says.
    fn start<'a>(&mut self, now: Instant, start: &Start) -> Option<Input<'a>> {
        let sids = (CallSid::parse(start.call_sid.as_str()), StreamSid::parse(start.stream_sid.as_str()));
        let (None, (Ok(call), Ok(stream))) = (&self.stream, sids) else { return self.rejection(now) };
        if !start.format.is_mulaw_8k() {
            return Some(Input::CallerMisbehaved);
        }
        self.stream = Some(stream.clone());
        self.account = Some(start.account_sid.clone());
        let token = start.custom_parameters.get(TOKEN_PARAMETER).map_or("", String::as_str);
        Some(Input::StreamStarted { call, stream, token: Secret::new(token) })
    }

    /// Counts a message that is refused.
    fn rejection<'a>(&mut self, now: Instant) -> Option<Input<'a>> {
        self.rejected += 1;
        (!self.oddities.admit(now)).then_some(Input::CallerMisbehaved)
    }

    /// Hands a delta to the line as it is, whatever its length: Twilio queues it and plays it.
    pub(crate) fn audio(&mut self, payload: &[u8]) -> Result<(), Overflow> {
        let Some(stream) = &self.stream else { return Ok(()) };
        scratch::with(|frame| {
            if media_stream::media_into(frame, stream.as_str(), payload).is_err() {
                self.unplayable += 1;
                return Ok(());
            }
            self.wire.outbox.push_audio(frame, payload.len())
        })
    }

    pub(crate) fn mark(&mut self, mark: MarkId) -> Result<(), Overflow> {
        let Some(stream) = &self.stream else { return Ok(()) };
        let MarkId { generation, sequence } = mark;
        scratch::with(|frame| {
            media_stream::mark_into(frame, stream.as_str(), &format!("g{generation}:s{sequence}"));
            self.wire.outbox.push_playback(frame)
        })
    }

    /// Makes the line forget what it has not played, and takes back what it was not given yet.
    pub(crate) fn clear(&mut self) -> Result<(), Overflow> {
        let Some(stream) = &self.stream else { return Ok(()) };
        self.wire.outbox.discard_playback();
        scratch::with(|frame| {
            media_stream::clear_into(frame, stream.as_str());
            self.wire.outbox.push_control(frame)
        })
    }
}

/// The inverse of what [`CallerSocket::mark`] writes.
fn mark_id(name: &str) -> Option<MarkId> {
    let (generation, sequence) = name.strip_prefix('g')?.split_once(":s")?;
    Some(MarkId { generation: generation.parse().ok()?, sequence: sequence.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_our_own_mark_names_are_marks() {
        assert_eq!(mark_id("g3:s14"), Some(MarkId { generation: 3, sequence: 14 }));
        for foreign in ["", "g", "g1", "g1:s", "g1:s2:s3", "1:2", "g-1:s2", "g1:s99999999999", "greeting"] {
            assert_eq!(mark_id(foreign), None, "{foreign}");
        }
    }

    proptest! {
        #[test]
        fn a_mark_comes_back_as_it_was_sent(generation: u32, sequence: u32) {
            let name = format!("g{generation}:s{sequence}");
            prop_assert_eq!(mark_id(&name), Some(MarkId { generation, sequence }));
        }
    }
}
