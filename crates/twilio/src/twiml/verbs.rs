use super::element::Element;
use super::{MAX_PARAMETER_CHARACTERS, TwimlError};
use crate::Party;
use crate::address::{is_plain, is_web, is_websocket};

/// One instruction.
#[derive(Clone)]
pub enum Verb {
    /// Hand the audio over to a stream.
    Connect(Connect),
    /// Calls another person and joins the two calls.
    Dial(Dial),
    /// End the call.
    Hangup,
    /// Silence.
    Pause(Pause),
    /// Play a file.
    Play(Play),
    /// Take a message.
    Record(Record),
    /// Go on with the instructions at another address.
    Redirect(Redirect),
    /// Refuse an unanswered call, at no cost to the caller.
    Reject(Reject),
    /// Speak.
    Say(Say),
    /// Record the call from here on.
    StartRecording(StartRecording),
}

/// `<Connect>`: the call waits until the stream ends, then Twilio asks `action`; without one it goes
/// on to the next verb, and without that it hangs up.
#[derive(Clone)]
pub struct Connect {
    /// Where to ask once the stream has ended.
    pub action: Option<String>,
    /// The only stream of the call.
    pub stream: Stream,
}

/// `<Stream>`: both directions of the call's audio over a WebSocket.
#[derive(Clone)]
pub struct Stream {
    /// A `wss:` address. Twilio drops a query, so what the socket must know is in `parameters`.
    pub url: String,
    /// A name for the stream in callbacks.
    pub name: Option<String>,
    /// Where to report that the stream started, stopped or failed.
    pub status_callback: Option<String>,
    /// Names and values that arrive in the stream's first message.
    pub parameters: Vec<(String, String)>,
}

/// `<Say>`: text as speech.
#[derive(Clone, Default)]
pub struct Say {
    /// What is said.
    pub text: String,
    /// Twilio's name of a voice, `Polly.Vicki-Neural` for instance.
    pub voice: Option<String>,
    /// A language tag, `de-DE` for instance.
    pub language: Option<String>,
}

/// `<Play>`: an mp3 or wav file.
#[derive(Clone)]
pub struct Play {
    /// Its address.
    pub url: String,
}

/// `<Pause>`.
#[derive(Clone, Copy)]
pub struct Pause {
    /// Whole seconds.
    pub length_s: u32,
}

/// `<Record>`: voicemail. The recording is not trimmed, so that its times are the call's.
#[derive(Clone)]
pub struct Record {
    /// Where to ask once the message is over.
    pub action: Option<String>,
    /// Whether a beep says that recording begins.
    pub play_beep: bool,
    /// Seconds of silence that end the message.
    pub timeout_s: u32,
    /// The longest message in seconds.
    pub max_length_s: u32,
    /// Where to report the recording.
    pub recording_status_callback: Option<String>,
}

/// `<Start><Recording>`: both sides, each on a channel of its own, from here to the end of the call, whatever instructions
/// follow. Recording begins before the next verb is carried out. Silence is kept, so that the file's times are the
/// call's. Every step is reported: that it has begun, that the media is there, that there will be no media.
#[derive(Clone)]
pub struct StartRecording {
    /// Where to report the recording.
    pub recording_status_callback: String,
}

/// `<Dial>`: another number, joined with the caller when it answers.
#[derive(Clone)]
pub struct Dial {
    /// Where to report the outcome and ask how to go on.
    pub action: Option<String>,
    /// How long to let it ring, in seconds.
    pub timeout_s: u32,
    /// The number to show: one of the account's, or the caller's.
    pub caller_id: Option<String>,
    /// Whom to call.
    pub number: Number,
}

/// `<Number>` inside a `<Dial>`.
#[derive(Clone)]
pub struct Number {
    /// In international form.
    pub number: String,
    /// Instructions for the called side before the two are joined.
    pub url: Option<String>,
    /// Where to report the leg's progress.
    pub status_callback: Option<String>,
}

/// `<Redirect>`.
#[derive(Clone)]
pub struct Redirect {
    /// Where the next instructions are.
    pub url: String,
}

/// `<Reject>` and what the caller hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reject {
    /// An announcement that the number is not in service.
    Rejected,
    /// The engaged tone.
    Busy,
}

impl Verb {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Connect(_) => "Connect",
            Self::Dial(_) => "Dial",
            Self::Hangup => "Hangup",
            Self::Pause(_) => "Pause",
            Self::Play(_) => "Play",
            Self::Record(_) => "Record",
            Self::Redirect(_) => "Redirect",
            Self::Reject(_) => "Reject",
            Self::Say(_) => "Say",
            Self::StartRecording(_) => "Start",
        }
    }

    pub(super) fn element(&self) -> Result<Element<'_>, TwimlError> {
        let element = Element::new(self.name());
        Ok(match self {
            Self::Connect(connect) => element
                .optional("action", optional_url("Connect action", &connect.action)?)
                .child(connect.stream.element()?),
            Self::Dial(dial) => element
                .optional("action", optional_url("Dial action", &dial.action)?)
                .attribute("timeout", dial.timeout_s.to_string())
                .optional(
                    "callerId",
                    dial.caller_id.as_deref().map(|id| number("Dial callerId", id)).transpose()?,
                )
                .child(dial.number.element()?),
            Self::Hangup => element,
            Self::Pause(pause) => element.attribute("length", pause.length_s.to_string()),
            Self::Play(play) => element.text(url("Play", &play.url)?),
            Self::Record(record) => {
                let callback =
                    optional_url("Record recordingStatusCallback", &record.recording_status_callback)?;
                element
                    .optional("action", optional_url("Record action", &record.action)?)
                    .attribute("playBeep", if record.play_beep { "true" } else { "false" })
                    .attribute("timeout", record.timeout_s.to_string())
                    .attribute("maxLength", record.max_length_s.to_string())
                    .attribute("trim", "do-not-trim")
                    .optional("recordingStatusCallback", callback)
            }
            Self::Redirect(redirect) => element.text(url("Redirect", &redirect.url)?),
            Self::Reject(Reject::Rejected) => element.attribute("reason", "rejected"),
            Self::Reject(Reject::Busy) => element.attribute("reason", "busy"),
            Self::Say(say) => element
                .optional("voice", say.voice.as_deref())
                .optional("language", say.language.as_deref())
                .text(&say.text),
            Self::StartRecording(start) => element.child(start.element()?),
        })
    }
}

impl Stream {
    fn element(&self) -> Result<Element<'_>, TwimlError> {
        if self.url.contains(['?', '#']) || !is_websocket(&self.url) {
            return Err(TwimlError::StreamUrl);
        }
        let mut stream = Element::new("Stream")
            .attribute("url", &self.url)
            .optional("name", self.name.as_deref())
            .optional("statusCallback", optional_url("Stream statusCallback", &self.status_callback)?);
        for (name, value) in &self.parameters {
            if name.is_empty() || name.chars().count() + value.chars().count() >= MAX_PARAMETER_CHARACTERS {
                return Err(TwimlError::Parameter);
            }
            stream =
                stream.child(Element::new("Parameter").attribute("name", name).attribute("value", value));
        }
        Ok(stream)
    }
}

impl StartRecording {
    fn element(&self) -> Result<Element<'_>, TwimlError> {
        let callback = url("Recording recordingStatusCallback", &self.recording_status_callback)?;
        Ok(Element::new("Recording")
            .attribute("recordingStatusCallback", callback)
            .attribute("recordingStatusCallbackMethod", "POST")
            .attribute("recordingStatusCallbackEvent", "in-progress completed absent")
            .attribute("channels", "dual")
            .attribute("trim", "do-not-trim"))
    }
}

impl Number {
    fn element(&self) -> Result<Element<'_>, TwimlError> {
        Ok(Element::new("Number")
            .optional("url", optional_url("Number url", &self.url)?)
            .optional("statusCallback", optional_url("Number statusCallback", &self.status_callback)?)
            .text(number("Number", &self.number)?))
    }
}

fn number<'a>(field: &'static str, text: &'a str) -> Result<&'a str, TwimlError> {
    Party::parse(text).e164().is_some().then_some(text).ok_or(TwimlError::Number(field))
}

fn optional_url<'a>(field: &'static str, text: &'a Option<String>) -> Result<Option<&'a str>, TwimlError> {
    text.as_deref().map(|text| url(field, text)).transpose()
}

fn url<'a>(field: &'static str, text: &'a str) -> Result<&'a str, TwimlError> {
    let from_root = text.starts_with('/') && !text.starts_with("//") && is_plain(text);
    if from_root || is_web(text) { Ok(text) } else { Err(TwimlError::Url(field)) }
}

macro_rules! verbs_from {
    ($($verb:ident),*) => {
        $(impl From<$verb> for Verb {
            fn from(verb: $verb) -> Self {
                Self::$verb(verb)
            }
        })*
    };
}

verbs_from!(Connect, Dial, Pause, Play, Record, Redirect, Reject, Say, StartRecording);
