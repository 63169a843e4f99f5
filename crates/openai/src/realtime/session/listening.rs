use serde::Serialize;

use crate::{LanguageHint, PrivateText, models};

/// Who decides that the caller has finished.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TurnDetection {
    /// By loudness and silence.
    ServerVad(ServerVad),
    /// By what was said.
    SemanticVad(SemanticVad),
    /// By loudness and silence, with the server's own figures.
    #[serde(rename = "server_vad")]
    Plain(PlainVad),
}

impl TurnDetection {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::ServerVad(_) | Self::Plain(_) => "server_vad",
            Self::SemanticVad(_) => "semantic_vad",
        }
    }

    pub(super) fn create_response(&self) -> bool {
        match self {
            Self::ServerVad(vad) => vad.create_response,
            Self::SemanticVad(vad) => vad.create_response,
            Self::Plain(vad) => vad.create_response,
        }
    }

    pub(super) fn interrupt_response(&self) -> bool {
        match self {
            Self::ServerVad(vad) => vad.interrupt_response,
            Self::SemanticVad(vad) => vad.interrupt_response,
            Self::Plain(vad) => vad.interrupt_response,
        }
    }
}

/// Every figure is sent explicitly: documentation and live sessions disagree about the default silence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServerVad {
    /// Loudness that counts as speech, 0 to 1. Noisy lines want 0.6 to 0.7.
    pub threshold: f64,
    /// Audio kept from before the speech was detected, milliseconds.
    pub prefix_padding_ms: u32,
    /// Silence that ends a turn, milliseconds.
    pub silence_duration_ms: u32,
    /// The server answers each turn by itself.
    pub create_response: bool,
    /// The server cancels its response when the caller speaks.
    pub interrupt_response: bool,
    /// Silence after a response until the server prompts the caller, 5,000 to 30,000 ms. It repeats for as long as
    /// there is silence, so the code that sets it counts the prompts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout_ms: Option<u32>,
}

impl Default for ServerVad {
    fn default() -> Self {
        Self {
            threshold: 0.5,
            prefix_padding_ms: 300,
            silence_duration_ms: 500,
            create_response: true,
            interrupt_response: true,
            idle_timeout_ms: None,
        }
    }
}

/// The words decide when the caller has finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SemanticVad {
    /// How soon a pause counts as the end.
    pub eagerness: Eagerness,
    /// Whether the server answers by itself.
    pub create_response: bool,
    /// Whether the server stops a response when the caller speaks.
    pub interrupt_response: bool,
}

impl Default for SemanticVad {
    fn default() -> Self {
        Self { eagerness: Eagerness::Auto, create_response: true, interrupt_response: true }
    }
}

/// Turn detection of which only what it does is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlainVad {
    /// Whether the server answers by itself.
    pub create_response: bool,
    /// Whether the server stops a response when the caller speaks.
    pub interrupt_response: bool,
}

/// Longest wait for an unfinished sentence: low 8 s, medium 4 s, high 2 s; auto is medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Eagerness {
    /// It waits longest.
    Low,
    /// Between the two.
    Medium,
    /// It answers soonest.
    High,
    /// The API's choice, which is medium.
    Auto,
}

/// Filters the caller's audio before turn detection and the model hear it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NoiseReduction {
    /// Handset or headset.
    NearField,
    /// Speakerphone, car, room.
    FarField,
}

/// Has the caller's turns written down by a separate model, asynchronously; the voice model itself hears
/// audio and never sees this text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputTranscription {
    pub(super) model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    languages: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keywords: Vec<PrivateText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<PrivateText>,
}

impl InputTranscription {
    /// Transcription by `model`, with the languages detected.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            language: None,
            languages: Vec::new(),
            keywords: Vec::new(),
            prompt: None,
        }
    }

    /// The languages to expect; see [`LanguageHint::for_model`].
    pub fn languages<S: AsRef<str>>(mut self, expected: impl IntoIterator<Item = S>) -> Self {
        let hint = LanguageHint::for_model(&self.model, expected);
        self.language = hint.single().map(str::to_owned);
        self.languages = hint.list().to_vec();
        self
    }

    /// Names and terms to listen for. Left out for models that do not take them.
    pub fn keywords<S: Into<String>>(mut self, keywords: impl IntoIterator<Item = S>) -> Self {
        if models::takes_hint_lists(&self.model) {
            self.keywords = keywords.into_iter().map(|word| PrivateText::from(word.into())).collect();
        }
        self
    }

    /// The same transcription by another model, if this is not that one; without the hints that it does not take.
    pub(super) fn fall_back(&mut self, model: &str) -> bool {
        if self.model == model {
            return false;
        }
        model.clone_into(&mut self.model);
        if !models::takes_hint_lists(model) {
            self.languages.clear();
            self.keywords.clear();
        }
        true
    }

    /// These say whether there was any.
    pub(super) fn drop_languages(&mut self) -> bool {
        !std::mem::take(&mut self.languages).is_empty() | self.language.take().is_some()
    }

    pub(super) fn drop_keywords(&mut self) -> bool {
        !std::mem::take(&mut self.keywords).is_empty()
    }

    pub(super) fn drop_prompt(&mut self) -> bool {
        self.prompt.take().is_some()
    }

    /// Context in prose. Left out for gpt-realtime-whisper, which rejects it.
    pub fn prompt(mut self, prompt: impl Into<String>) -> Self {
        if !self.model.starts_with("gpt-realtime-whisper") {
            self.prompt = Some(PrivateText::from(prompt.into()));
        }
        self
    }
}
