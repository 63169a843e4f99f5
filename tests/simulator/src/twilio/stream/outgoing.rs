//! What Twilio sends: `connected`, `start`, then `media`, `dtmf` and `mark`, and `stop` (Twilio Media
//! Streams docs, "messages from Twilio"). Counters and times are strings there.

use std::collections::VecDeque;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::SinkExt;
use futures_util::stream::SplitSink;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::Socket;
use crate::twilio::line::{FRAME_MS, Heard};
use crate::twilio::spec::Injected;

type Sink = SplitSink<Socket, Message>;

/// Twilio's side of one stream.
pub(super) struct Outgoing<'a> {
    stream_sid: &'a str,
    /// Messages sent since and including `start`.
    sequence: u64,
    chunk: u64,
    /// Frames spoken, sent or not.
    frames: u64,
    inject: VecDeque<(Duration, Injected)>,
}

impl<'a> Outgoing<'a> {
    pub(super) fn new(stream_sid: &'a str, mut inject: Vec<(Duration, Injected)>) -> Self {
        inject.sort_by_key(|(after, _)| *after);
        Self { stream_sid, sequence: 0, chunk: 0, frames: 0, inject: inject.into() }
    }

    /// Sends `connected` and `start`.
    pub(super) async fn greet(
        &mut self,
        sink: &mut Sink,
        account_sid: &str,
        call_sid: &str,
        parameters: &[(String, String)],
    ) -> Result<(), Error> {
        let connected = json!({ "event": "connected", "protocol": "Call", "version": "1.0.0" });
        sink.send(Message::text(connected.to_string())).await?;
        let custom: Map<String, Value> =
            parameters.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        let start = json!({
            "streamSid": self.stream_sid,
            "accountSid": account_sid,
            "callSid": call_sid,
            "tracks": ["inbound"],
            "mediaFormat": { "encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1 },
            "customParameters": custom,
        });
        self.send(sink, "start", start).await
    }

    /// Sends what the caller does until the server can no longer be written to.
    pub(super) async fn follow(&mut self, sink: &mut Sink, mut heard: mpsc::Receiver<Heard>) {
        let started = Instant::now();
        loop {
            let injection_due = match self.inject.front() {
                Some((after, _)) => started + *after,
                None => started + Duration::from_secs(u64::from(u32::MAX)),
            };
            let sent = tokio::select! {
                Some(heard) = heard.recv() => self.pass_on(sink, heard).await,
                () = tokio::time::sleep_until(injection_due) => self.send_injected(sink).await,
                else => return,
            };
            if sent.is_err() {
                return;
            }
        }
    }

    /// Sends `stop`.
    pub(super) async fn stop(
        &mut self,
        sink: &mut Sink,
        account_sid: &str,
        call_sid: &str,
    ) -> Result<(), Error> {
        self.send(sink, "stop", json!({ "accountSid": account_sid, "callSid": call_sid })).await
    }

    async fn pass_on(&mut self, sink: &mut Sink, heard: Heard) -> Result<(), Error> {
        match heard {
            Heard::Frame(frame) => {
                self.frames += 1;
                let Some(audio) = frame else { return Ok(()) };
                self.chunk += 1;
                let media = json!({
                    "track": "inbound",
                    "chunk": self.chunk.to_string(),
                    "timestamp": (self.frames * FRAME_MS).to_string(),
                    "payload": STANDARD.encode(audio),
                });
                self.send(sink, "media", media).await
            }
            Heard::Digit(digit) => {
                self.send(sink, "dtmf", json!({ "track": "inbound_track", "digit": digit.to_string() })).await
            }
            Heard::Mark(name) => self.send(sink, "mark", json!({ "name": name })).await,
        }
    }

    async fn send(&mut self, sink: &mut Sink, event: &str, body: Value) -> Result<(), Error> {
        self.sequence += 1;
        let mut message = Map::new();
        message.insert("event".to_owned(), event.into());
        message.insert("sequenceNumber".to_owned(), self.sequence.to_string().into());
        message.insert("streamSid".to_owned(), self.stream_sid.into());
        message.insert(event.to_owned(), body);
        sink.send(Message::text(Value::Object(message).to_string())).await
    }

    async fn send_injected(&mut self, sink: &mut Sink) -> Result<(), Error> {
        match self.inject.pop_front() {
            Some((_, Injected::Text(text))) => {
                sink.send(Message::text(text.replace("{streamSid}", self.stream_sid))).await
            }
            Some((_, Injected::Binary(bytes))) => sink.send(Message::binary(bytes)).await,
            None => Ok(()),
        }
    }
}
