//! How the agent of a business sounds and listens.

use serde::{Deserialize, Serialize};

/// How the agent sounds and listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Voice {
    /// A Realtime model id. Models are retired within months, so it is data.
    pub model: String,
    /// A Realtime voice name, such as `marin`.
    pub voice: String,
    /// ISO 639-1 codes of the languages callers speak; the first is the one the agent opens in.
    pub languages: Vec<String>,
    /// The model that writes the caller's words down; without it the caller's side has no realtime transcript.
    pub transcription_model: Option<String>,
    /// Names and terms that transcription should expect.
    pub keywords: Vec<String>,
    /// Who decides when the caller has finished.
    pub turn_detection: TurnDetection,
}

impl Voice {
    /// The language that the agent opens in, English if none is named.
    pub fn language(&self) -> &str {
        self.languages.first().map_or("en", String::as_str)
    }
}

/// Server-side voice activity detection, in the Realtime API's own terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum TurnDetection {
    /// The audio's level decides.
    Server {
        /// From 0 to 1; a higher one needs louder speech.
        threshold: f32,
        /// Audio before the speech that belongs to it, milliseconds.
        prefix_padding_ms: u32,
        /// Silence that ends the speech, milliseconds.
        silence_duration_ms: u32,
    },
    /// The words decide.
    Semantic {
        /// How soon a pause counts as the end.
        eagerness: Eagerness,
    },
}

// A threshold is a configured number that is never NaN, so equality is total here.
impl Eq for TurnDetection {}

/// How soon semantic turn detection takes a pause for the end of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Eagerness {
    /// It waits longest.
    Low,
    /// Between the two.
    Medium,
    /// It answers soonest.
    High,
    /// The model's choice; the API treats it as medium.
    Auto,
}

impl Default for TurnDetection {
    /// A threshold above the API's 0.5: line noise must not cut the agent off.
    fn default() -> Self {
        Self::Server { threshold: 0.6, prefix_padding_ms: 300, silence_duration_ms: 500 }
    }
}
