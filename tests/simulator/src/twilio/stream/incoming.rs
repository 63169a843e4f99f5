//! What the server sends: `media`, `mark` and `clear` (Twilio Media Streams docs, "messages to Twilio").

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt;
use futures_util::stream::SplitStream;
use serde::Deserialize;
use thiserror::Error;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};

use super::Socket;
use crate::twilio::call::CallState;
use crate::twilio::events::StreamEnd;
use crate::twilio::line::ListenerId;
use crate::twilio::playout::QueueFull;

#[derive(Deserialize, Debug)]
#[serde(tag = "event", rename_all = "lowercase", deny_unknown_fields)]
enum Frame {
    Media {
        #[serde(rename = "streamSid")]
        stream_sid: String,
        media: Media,
    },
    Mark {
        #[serde(rename = "streamSid")]
        stream_sid: String,
        mark: Mark,
    },
    Clear {
        #[serde(rename = "streamSid")]
        stream_sid: String,
    },
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Media {
    payload: String,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Mark {
    name: String,
}

/// Why a message was dropped: warning 31951.
#[derive(Debug, Error)]
enum Invalid {
    #[error("the message is not one of media, mark and clear with exactly their fields: {0}")]
    Message(#[from] serde_json::Error),
    #[error("the message names another stream")]
    StreamSid,
    #[error("the payload is not base64: {0}")]
    Payload(#[from] base64::DecodeError),
    #[error(transparent)]
    Full(#[from] QueueFull),
}

/// The server's side of one stream.
pub(super) struct Incoming<'a> {
    call: &'a CallState,
    listener: ListenerId,
    stream_sid: &'a str,
    /// From when and how long nothing is read.
    stall: Option<(Duration, Duration)>,
    pub(super) dropped_messages: u32,
    warned: bool,
}

impl<'a> Incoming<'a> {
    pub(super) const fn new(
        call: &'a CallState,
        listener: ListenerId,
        stream_sid: &'a str,
        stall: Option<(Duration, Duration)>,
    ) -> Self {
        Self { call, listener, stream_sid, stall, dropped_messages: 0, warned: false }
    }

    /// Obeys the server until the connection ends.
    pub(super) async fn follow(&mut self, source: &mut SplitStream<Socket>, started: Instant) -> StreamEnd {
        loop {
            if let Some((from, length)) = self.stall
                && started.elapsed() >= from
            {
                self.stall = None;
                tokio::time::sleep_until(started + from + length).await;
            }
            match source.next().await {
                Some(Ok(Message::Text(text))) => self.text(&text),
                Some(Ok(Message::Binary(_))) => {
                    self.dropped_messages += 1;
                    self.call.debugger(31924, "binary messages are not supported");
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_)) | Err(SocketError::ConnectionClosed)) => {
                    return StreamEnd::ClosedByServer;
                }
                Some(Err(error)) => {
                    let code = match error {
                        SocketError::Protocol(ref violation) if !is_reset(violation) => 31924,
                        SocketError::Capacity(_) | SocketError::Utf8(_) => 31924,
                        _ => 31921,
                    };
                    self.call.debugger(code, format!("the connection failed: {error}"));
                    return StreamEnd::Broken;
                }
                None => {
                    self.call.debugger(31921, "the connection ended without a close frame");
                    return StreamEnd::Broken;
                }
            }
        }
    }

    fn text(&mut self, text: &str) {
        let Err(invalid) = self.obey(text) else { return };
        self.dropped_messages += 1;
        if !std::mem::replace(&mut self.warned, true) {
            self.call.debugger(31951, invalid.to_string());
        }
    }

    fn obey(&self, text: &str) -> Result<(), Invalid> {
        let frame: Frame = serde_json::from_str(text)?;
        let (Frame::Media { stream_sid, .. } | Frame::Mark { stream_sid, .. } | Frame::Clear { stream_sid }) =
            &frame;
        if stream_sid != self.stream_sid {
            return Err(Invalid::StreamSid);
        }
        match frame {
            Frame::Media { media, .. } => {
                self.call.line.stream_audio(self.listener, STANDARD.decode(media.payload)?.into())?;
            }
            Frame::Mark { mark, .. } => self.call.line.stream_mark(self.listener, mark.name)?,
            Frame::Clear { .. } => self.call.line.clear(self.listener),
        }
        Ok(())
    }
}

fn is_reset(violation: &tokio_tungstenite::tungstenite::error::ProtocolError) -> bool {
    use tokio_tungstenite::tungstenite::error::ProtocolError;
    matches!(violation, ProtocolError::ResetWithoutClosingHandshake)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(text: &str) -> bool {
        serde_json::from_str::<Frame>(text).is_ok()
    }

    #[test]
    fn the_three_messages_are_read() {
        assert!(reads(r#"{"event":"media","streamSid":"MZ1","media":{"payload":"/w=="}}"#));
        assert!(reads(r#"{"event":"mark","streamSid":"MZ1","mark":{"name":"m"}}"#));
        assert!(reads(r#"{"streamSid":"MZ1","event":"clear"}"#));
    }

    #[test]
    fn anything_missing_or_added_is_invalid() {
        for text in [
            r#"{"event":"media","streamSid":"MZ1"}"#,
            r#"{"event":"media","streamSid":"MZ1","media":{"payload":"/w==","track":"outbound"}}"#,
            r#"{"event":"media","media":{"payload":"/w=="}}"#,
            r#"{"event":"mark","streamSid":"MZ1","mark":{}}"#,
            r#"{"event":"clear","streamSid":"MZ1","all":true}"#,
            r#"{"event":"stop","streamSid":"MZ1"}"#,
            "[]",
        ] {
            assert!(!reads(text), "{text}");
        }
    }
}
