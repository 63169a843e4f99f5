//! `POST /v1/audio/transcriptions`: a recording in, its text out.
//!
//! The request is multipart/form-data; here are its parts, and whoever sends it adds the bytes.

use serde::{Deserialize, Deserializer};

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

/// A container that OpenAI accepts. It goes by the file's name and content type, so both must be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudioContainer {
    Flac,
    M4a,
    Mp3,
    Mp4,
    Ogg,
    Wav,
    Webm,
}

impl AudioContainer {
    /// From a content type, parameters and case ignored: `audio/x-wav`, `audio/ogg; codecs=opus`.
    pub fn from_content_type(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        Some(match essence.as_str() {
            "audio/flac" | "audio/x-flac" => Self::Flac,
            "audio/m4a" | "audio/x-m4a" => Self::M4a,
            "audio/mpeg" | "audio/mp3" => Self::Mp3,
            "audio/mp4" | "video/mp4" => Self::Mp4,
            "audio/ogg" => Self::Ogg,
            "audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => Self::Wav,
            "audio/webm" | "video/webm" => Self::Webm,
            _ => return None,
        })
    }
}

/// Name and type of the `file` part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilePart {
    /// Says the container and nothing about the call.
    pub file_name: &'static str,
    pub content_type: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error("the recording is empty: there is nothing to transcribe")]
    Empty,
    #[error("the recording has {bytes} bytes, over the limit of {MAX_FILE_BYTES}: split it")]
    TooLarge { bytes: u64 },
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
    pub text: PrivateText,
    /// ISO 639-1 codes of what was spoken, where the model tells.
    #[serde(default, deserialize_with = "language_codes")]
    pub languages: Vec<String>,
    #[serde(default, deserialize_with = "optional")]
    pub usage: Option<TranscriptionUsage>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("OpenAI's transcription is not a JSON object with a `text` (column {column}): retry or report it")]
pub struct TranscriptionShape {
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
    Tokens {
        input_audio: u64,
        input_text: u64,
        output: u64,
    },
    Duration {
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

/// `[{"code": "de"}, ...]` as documented, or plain codes.
pub(crate) fn language_codes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Language {
        Object { code: String },
        Code(String),
    }

    let languages: Vec<Language> = wire::list(deserializer)?;
    Ok(languages.into_iter().map(|(Language::Object { code } | Language::Code(code))| code).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpt_transcribe_gets_its_lists_as_repeated_fields() {
        let request = TranscriptionRequest::new("gpt-transcribe")
            .languages(["de", "en"])
            .keywords(["Harbour", "Bicycle"])
            .prompt("A workshop.");
        assert_eq!(
            request.fields(),
            [
                ("model", "gpt-transcribe"),
                ("response_format", "json"),
                ("languages[]", "de"),
                ("languages[]", "en"),
                ("keywords[]", "Harbour"),
                ("keywords[]", "Bicycle"),
                ("prompt", "A workshop."),
            ]
        );
    }

    #[test]
    fn one_language_or_several_but_never_both_fields() {
        for expected in [&["de"][..], &["de", "en"], &[]] {
            for model in ["gpt-transcribe", "gpt-4o-mini-transcribe"] {
                let request = TranscriptionRequest::new(model).languages(expected).keywords(["x"]);
                let has = |name| request.fields().iter().any(|(field, _)| *field == name);
                assert!(!(has("language") && has("languages[]")), "{model} {expected:?}");
                assert_eq!(has("keywords[]"), model == "gpt-transcribe");
            }
        }
    }

    /// Fault 43.
    #[test]
    fn a_file_is_refused_one_byte_over_the_limit() {
        assert!(FilePart::new(AudioContainer::Wav, MAX_FILE_BYTES).is_ok());
        assert_eq!(
            FilePart::new(AudioContainer::Wav, MAX_FILE_BYTES + 1),
            Err(FileError::TooLarge { bytes: MAX_FILE_BYTES + 1 })
        );
        assert_eq!(FilePart::new(AudioContainer::Mp3, 0), Err(FileError::Empty));
    }

    #[test]
    fn the_file_part_names_its_container() {
        let container = AudioContainer::from_content_type("Audio/X-WAV; rate=8000").unwrap();
        let part = FilePart::new(container, 44).unwrap();
        assert_eq!((part.file_name, part.content_type), ("audio.wav", "audio/wav"));
        assert_eq!(AudioContainer::from_content_type("text/html"), None);
    }

    /// Fault 45.
    #[test]
    fn silence_is_an_empty_text_and_not_an_error() {
        let silent = Transcription::parse(br#"{"text":"","languages":null,"usage":null}"#).unwrap();
        assert!(silent.text.is_empty() && silent.languages.is_empty());
    }

    #[test]
    fn usage_comes_in_seconds_in_tokens_or_in_something_new() {
        let usage = |usage: &str| {
            Transcription::parse(
                format!(r#"{{"text":"t","languages":[{{"code":"de"}}],"usage":{usage}}}"#).as_bytes(),
            )
            .unwrap()
            .usage
        };
        assert_eq!(
            usage(r#"{"type":"duration","seconds":61.5}"#),
            Some(TranscriptionUsage::Duration { seconds: 61.5 })
        );
        assert_eq!(
            usage(
                r#"{"type":"tokens","input_tokens":14,"output_tokens":45,"total_tokens":59,
                    "input_token_details":{"audio_tokens":13,"text_tokens":1}}"#
            ),
            Some(TranscriptionUsage::Tokens { input_audio: 13, input_text: 1, output: 45 })
        );
        assert_eq!(usage(r#"{"type":"characters","count":9}"#), Some(TranscriptionUsage::Other));
    }

    #[test]
    fn a_body_of_another_shape_is_not_quoted() {
        let error = Transcription::parse(br#"{"text":{"secret":1}}"#).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
        assert!(Transcription::parse(b"<html>").is_err());
    }
}
