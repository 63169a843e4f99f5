use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::payload::is_base64;
use super::{MAX_MESSAGE_BYTES, MAX_PAYLOAD_BYTES, MessageError};
use crate::Sid;

/// A message from Twilio. They come as `connected`, `start`, then the rest, then `stop`, which is
/// missing when the network dies.
#[derive(Clone, PartialEq, Eq)]
pub enum Inbound<'a> {
    /// The socket speaks Media Streams; which call it is comes next.
    Connected,
    /// Once per stream.
    Start(Start),
    /// Audio.
    Media(Media<'a>),
    /// The caller pressed a key.
    Dtmf {
        /// The stream.
        stream_sid: Cow<'a, str>,
        /// `0` to `9`, `*`, `#`; `A` to `D` from some networks.
        digit: char,
    },
    /// Audio sent before this mark was played, or discarded by a `clear`.
    Mark {
        /// The stream.
        stream_sid: Cow<'a, str>,
        /// The name it was sent with.
        name: Cow<'a, str>,
    },
    /// The call or the stream is over.
    Stop {
        /// The stream.
        stream_sid: Cow<'a, str>,
    },
    /// An event that Twilio did not document when this was written; to be ignored.
    Unknown(Cow<'a, str>),
}

/// The stream introduces itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Start {
    /// The stream.
    pub stream_sid: Sid,
    /// The account or subaccount.
    pub account_sid: Sid,
    /// The call. Compare it with the one that the stream's token was made for.
    pub call_sid: Sid,
    /// The directions that will be sent: `inbound`.
    pub tracks: Vec<String>,
    /// What the audio is.
    pub format: MediaFormat,
    /// The `<Parameter>`s of the TwiML, the token among them.
    pub custom_parameters: BTreeMap<String, String>,
}

/// Audio and its place in the stream.
#[derive(Clone, PartialEq, Eq)]
pub struct Media<'a> {
    /// The stream.
    pub stream_sid: Cow<'a, str>,
    /// Who speaks.
    pub track: Track,
    /// Position among the stream's audio messages, from 1.
    pub chunk: u64,
    /// Since the stream began, in milliseconds. Twilio may leave gaps.
    pub timestamp_ms: u32,
    /// mu-law at 8 kHz in Base64, checked.
    pub payload: Cow<'a, str>,
}

/// A direction of the call's audio, seen from Twilio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Track {
    /// The caller.
    Inbound,
    /// What the caller hears; only on one-way streams.
    Outbound,
}

/// What the audio of a stream is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MediaFormat {
    /// A MIME type.
    pub encoding: String,
    /// In hertz.
    pub sample_rate: u32,
    /// 1 for speech.
    pub channels: u8,
}

impl MediaFormat {
    /// True for the only format that Media Streams are documented to have, and the only one that
    /// the rest of the system can pass on.
    pub fn is_mulaw_8k(&self) -> bool {
        self.encoding == "audio/x-mulaw" && self.sample_rate == 8000 && self.channels == 1
    }
}

/// Reads one text message.
///
/// # Errors
/// [`MessageError`]. An event that is not known is [`Inbound::Unknown`] and no error.
pub fn parse(message: &str) -> Result<Inbound<'_>, MessageError> {
    if message.len() > MAX_MESSAGE_BYTES {
        return Err(MessageError::TooLarge { bytes: message.len() });
    }
    let Tag { event } = read(message)?;
    Ok(match event.as_ref() {
        "connected" => Inbound::Connected,
        "start" => Inbound::Start(start(read(message)?)?),
        "media" => Inbound::Media(media(read(message)?)?),
        "dtmf" => {
            let WireDtmf { stream_sid, dtmf } = read(message)?;
            Inbound::Dtmf { stream_sid, digit: dtmf.digit }
        }
        "mark" => {
            let WireMark { stream_sid, mark } = read(message)?;
            Inbound::Mark { stream_sid, name: mark.name }
        }
        "stop" => {
            let WireStop { stream_sid } = read(message)?;
            Inbound::Stop { stream_sid }
        }
        _ => Inbound::Unknown(event),
    })
}

fn read<'a, T: Deserialize<'a>>(message: &'a str) -> Result<T, MessageError> {
    serde_json::from_str(message).map_err(|error| MessageError::Malformed { column: error.column() })
}

fn start(wire: WireStart<'_>) -> Result<Start, MessageError> {
    let body = wire.start;
    if wire.stream_sid != body.stream_sid {
        return Err(MessageError::Identity);
    }
    Ok(Start {
        stream_sid: Sid::stream(&body.stream_sid).map_err(|_| MessageError::Identity)?,
        account_sid: Sid::account(&body.account_sid).map_err(|_| MessageError::Identity)?,
        call_sid: Sid::call(&body.call_sid).map_err(|_| MessageError::Identity)?,
        tracks: body.tracks,
        format: body.media_format,
        custom_parameters: body.custom_parameters,
    })
}

fn media(wire: WireMedia<'_>) -> Result<Media<'_>, MessageError> {
    let body = wire.media;
    if body.payload.len() > MAX_PAYLOAD_BYTES || !is_base64(body.payload.as_bytes()) {
        return Err(MessageError::Payload);
    }
    Ok(Media {
        stream_sid: wire.stream_sid,
        track: body.track,
        chunk: body.chunk.try_into()?,
        timestamp_ms: u32::try_from(u64::try_from(body.timestamp)?)
            .map_err(|_| MessageError::Malformed { column: 0 })?,
        payload: body.payload,
    })
}

/// Events only: the rest is audio, keys pressed and the stream's token.
impl fmt::Debug for Inbound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connected => "Connected",
            Self::Start(_) => "Start",
            Self::Media(_) => "Media",
            Self::Dtmf { .. } => "Dtmf",
            Self::Mark { .. } => "Mark",
            Self::Stop { .. } => "Stop",
            Self::Unknown(_) => "Unknown",
        })
    }
}

#[derive(Deserialize)]
struct Tag<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireStart<'a> {
    #[serde(borrow)]
    stream_sid: Cow<'a, str>,
    #[serde(borrow)]
    start: WireStartBody<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireStartBody<'a> {
    #[serde(borrow)]
    stream_sid: Cow<'a, str>,
    #[serde(borrow)]
    account_sid: Cow<'a, str>,
    #[serde(borrow)]
    call_sid: Cow<'a, str>,
    #[serde(default)]
    tracks: Vec<String>,
    media_format: MediaFormat,
    #[serde(default)]
    custom_parameters: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireMedia<'a> {
    #[serde(borrow)]
    stream_sid: Cow<'a, str>,
    #[serde(borrow)]
    media: WireMediaBody<'a>,
}

#[derive(Deserialize)]
struct WireMediaBody<'a> {
    track: Track,
    #[serde(borrow)]
    chunk: WireNumber<'a>,
    #[serde(borrow)]
    timestamp: WireNumber<'a>,
    #[serde(borrow)]
    payload: Cow<'a, str>,
}

/// Twilio writes numbers as strings, but for those in `mediaFormat`.
#[derive(Deserialize)]
#[serde(untagged)]
enum WireNumber<'a> {
    Number(u64),
    #[serde(borrow)]
    Text(Cow<'a, str>),
}

impl TryFrom<WireNumber<'_>> for u64 {
    type Error = MessageError;

    fn try_from(number: WireNumber<'_>) -> Result<Self, MessageError> {
        match number {
            WireNumber::Number(number) => Ok(number),
            WireNumber::Text(text) => text.parse().map_err(|_| MessageError::Malformed { column: 0 }),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDtmf<'a> {
    #[serde(borrow)]
    stream_sid: Cow<'a, str>,
    dtmf: WireDigit,
}

#[derive(Deserialize)]
struct WireDigit {
    digit: char,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireMark<'a> {
    #[serde(borrow)]
    stream_sid: Cow<'a, str>,
    #[serde(borrow)]
    mark: WireName<'a>,
}

#[derive(Deserialize)]
struct WireName<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireStop<'a> {
    #[serde(borrow)]
    stream_sid: Cow<'a, str>,
}
