//! `POST /v1/audio/transcriptions`: a recording in, its text out.
//!
//! The request is multipart/form-data; here are its parts. The HTTP client adds the bytes.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use strum::{IntoStaticStr, VariantArray};

use crate::http_error::HttpError;
use crate::wire::{self, optional};
use crate::{LanguageHint, PrivateText, models};

/// Largest file that OpenAI accepts (25 MiB); beyond it the answer is 413 or 400.
pub const MAX_FILE_BYTES: u64 = 26_214_400;

/// What to transcribe with. Asks for `json`, the one format that every model offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranscriptionRequest {
    model: String,
    languages: LanguageHint,
    keywords: Vec<PrivateText>,
    prompt: Option<PrivateText>,
}

impl TranscriptionRequest {
    /// A request to this model, without hints.
    pub fn new(model: impl Into<String>) -> Self {
        Self { model: model.into(), languages: LanguageHint::Detect, keywords: Vec::new(), prompt: None }
    }

    /// The languages to expect; see [`LanguageHint::for_model`].
    #[must_use]
    pub fn languages<S: AsRef<str>>(mut self, expected: impl IntoIterator<Item = S>) -> Self {
        self.languages = LanguageHint::for_model(&self.model, expected);
        self
    }

    /// Names and terms to listen for. Left out for models that do not take them.
    #[must_use]
    pub fn keywords<S: Into<String>>(mut self, keywords: impl IntoIterator<Item = S>) -> Self {
        if models::takes_hint_lists(&self.model) {
            self.keywords = keywords.into_iter().map(|word| PrivateText::from(word.into())).collect();
        }
        self
    }

    /// Context in prose, in the language of the recording.
    #[must_use]
    pub fn prompt(mut self, prompt: impl Into<String>) -> Self {
        self.prompt = Some(PrivateText::from(prompt.into()));
        self
    }

    /// The text parts in order, as name and value. Names that end in `[]` may repeat.
    pub fn fields(&self) -> Vec<(&'static str, &str)> {
        let mut fields = vec![("model", self.model.as_str()), ("response_format", "json")];
        fields.extend(self.languages.single().map(|code| ("language", code)));
        fields.extend(self.languages.list().iter().map(|code| ("languages[]", code.as_str())));
        fields.extend(self.keywords.iter().map(|word| ("keywords[]", word.as_str())));
        fields.extend(self.prompt.iter().map(|prompt| ("prompt", prompt.as_str())));
        fields
    }
}

/// What a request may do without: it makes a transcription better, and is not worth losing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Nicety {
    /// The languages that may be spoken.
    Languages,
    /// Terms that may be spoken.
    Keywords,
    /// What the recording is about.
    Prompt,
}

impl Nicety {
    const ALL: &[Self] = Self::VARIANTS;

    /// The name in the API, and the label in logs and metrics.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether a parameter's or an error code's name is about it: `language`, `languages[]`,
    /// `invalid_language_format`.
    fn is_named_in(self, name: &str) -> bool {
        name.contains(self.as_str().trim_end_matches('s'))
    }
}

impl TranscriptionRequest {
    /// Which of its niceties a model refused with this error: those that it names, or all of them when it names
    /// nothing. None when the fault lies elsewhere.
    pub fn refused(&self, error: &HttpError) -> Vec<Nicety> {
        if !error.refuses_request() {
            return Vec::new();
        }
        let given = Nicety::ALL.iter().copied().filter(|nicety| self.has(*nicety));
        let named = [&error.error.param, &error.error.code].into_iter().flatten();
        let named: Vec<&String> = named.filter(|name| !name.is_empty()).collect();
        let by_name: Vec<Nicety> =
            given.clone().filter(|nicety| named.iter().any(|name| nicety.is_named_in(name))).collect();
        let names_another = error.error.param.as_deref().is_some_and(|param| !param.is_empty());
        if by_name.is_empty() && !names_another { given.collect() } else { by_name }
    }

    /// The same request without one of its niceties.
    #[must_use]
    pub fn without(mut self, nicety: Nicety) -> Self {
        match nicety {
            Nicety::Languages => self.languages = LanguageHint::Detect,
            Nicety::Keywords => self.keywords.clear(),
            Nicety::Prompt => self.prompt = None,
        }
        self
    }

    fn has(&self, nicety: Nicety) -> bool {
        match nicety {
            Nicety::Languages => self.languages != LanguageHint::Detect,
            Nicety::Keywords => !self.keywords.is_empty(),
            Nicety::Prompt => self.prompt.is_some(),
        }
    }
}

/// A container that OpenAI accepts. It goes by the file's name and content type, so both must be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudioContainer {
    /// FLAC.
    Flac,
    /// AAC in an MP4 file, audio only.
    M4a,
    /// MP3.
    Mp3,
    /// AAC in an MP4 file.
    Mp4,
    /// Vorbis or Opus in an Ogg file.
    Ogg,
    /// WAV.
    Wav,
    /// Opus in a WebM file.
    Webm,
}

/// Name and type of the `file` part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilePart {
    /// Says the container and nothing about the call.
    pub file_name: &'static str,
    /// The format's media type.
    pub content_type: &'static str,
}

/// Why a file cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It is empty.
    #[error("the recording is empty: there is nothing to transcribe")]
    Empty,
    /// It is longer than a request may be.
    #[error("the recording has {bytes} bytes, over the limit of {MAX_FILE_BYTES}: split it")]
    TooLarge {
        /// Its length.
        bytes: u64,
    },
}

impl FilePart {
    /// # Errors
    /// When OpenAI would refuse a file of this size; better before the upload than after.
    pub fn new(container: AudioContainer, bytes: u64) -> Result<Self, FileError> {
        match bytes {
            0 => return Err(FileError::Empty),
            1..=MAX_FILE_BYTES => {}
            _ => return Err(FileError::TooLarge { bytes }),
        }
        let (file_name, content_type) = match container {
            AudioContainer::Flac => ("audio.flac", "audio/flac"),
            AudioContainer::M4a => ("audio.m4a", "audio/mp4"),
            AudioContainer::Mp3 => ("audio.mp3", "audio/mpeg"),
            AudioContainer::Mp4 => ("audio.mp4", "audio/mp4"),
            AudioContainer::Ogg => ("audio.ogg", "audio/ogg"),
            AudioContainer::Wav => ("audio.wav", "audio/wav"),
            AudioContainer::Webm => ("audio.webm", "audio/webm"),
        };
        Ok(Self { file_name, content_type })
    }
}

/// The transcribed text. Empty for a silent recording.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Transcription {
    /// The words.
    pub text: PrivateText,
    /// ISO 639-1 codes of what was spoken, where the model tells.
    #[serde(default, deserialize_with = "language_codes")]
    pub languages: Vec<String>,
    /// What the recognition used.
    #[serde(default, deserialize_with = "optional")]
    pub usage: Option<TranscriptionUsage>,
}

/// The body is not an answer of the transcription API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("OpenAI's transcription is not a JSON object with a `text` (column {column}): retry or report it")]
pub struct TranscriptionShape {
    /// Where reading ended.
    pub column: usize,
}

impl Transcription {
    /// # Errors
    /// When the body of a 200 is not a transcription. The error does not quote it.
    pub fn parse(body: &[u8]) -> Result<Self, TranscriptionShape> {
        serde_json::from_slice(body).map_err(|error| TranscriptionShape { column: error.column() })
    }
}

/// What a transcription cost. Models are billed in tokens or in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(from = "WireUsage")]
pub enum TranscriptionUsage {
    /// Tokens, for models that are paid by them.
    Tokens {
        /// Tokens of audio.
        input_audio: u64,
        /// Tokens of the hints.
        input_text: u64,
        /// Tokens of the words.
        output: u64,
    },
    /// Seconds of audio, for models that are paid by them.
    Duration {
        /// How long the audio was.
        seconds: f64,
    },
    /// A unit that did not exist when this was written.
    Other,
}

#[derive(Deserialize)]
struct WireUsage {
    #[serde(rename = "type", default, deserialize_with = "optional")]
    kind: String,
    #[serde(default, deserialize_with = "optional")]
    seconds: f64,
    #[serde(default, deserialize_with = "wire::whole")]
    output_tokens: u64,
    #[serde(default, deserialize_with = "optional")]
    input_token_details: WireInputTokens,
}

#[derive(Default, Deserialize)]
struct WireInputTokens {
    #[serde(default, deserialize_with = "wire::whole")]
    audio_tokens: u64,
    #[serde(default, deserialize_with = "wire::whole")]
    text_tokens: u64,
}

impl From<WireUsage> for TranscriptionUsage {
    fn from(wire: WireUsage) -> Self {
        match wire.kind.as_str() {
            "tokens" => Self::Tokens {
                input_audio: wire.input_token_details.audio_tokens,
                input_text: wire.input_token_details.text_tokens,
                output: wire.output_tokens,
            },
            "duration" if wire.seconds >= 0.0 => Self::Duration { seconds: wire.seconds },
            _ => Self::Other,
        }
    }
}

/// `[{"code": "de"}, ...]` as documented, plain codes, or one of either; nothing for anything else.
pub(crate) fn language_codes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Language {
        Object { code: String },
        Code(String),
    }

    let raw = <&'de RawValue>::deserialize(deserializer)?;
    let several: Option<Vec<&'de RawValue>> = wire::lenient(raw);
    let languages = several.unwrap_or_else(|| vec![raw]).into_iter().filter_map(wire::lenient);
    let codes = languages.map(|(Language::Object { code } | Language::Code(code))| code);
    Ok(codes.filter(|code| !code.trim().is_empty()).collect())
}

#[cfg(test)]
mod tests;
