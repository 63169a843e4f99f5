//! What a session is asked to be (`session.update`) and whether it became that (`session.updated`).

mod build;
mod echo;
mod listening;
mod optional;
mod tools;

use serde::{Serialize, Serializer};

pub use build::{IDLE_TIMEOUT_MS, InvalidSession, MAX_OUTPUT_TOKENS, SessionBuilder};
pub use echo::{Difference, EchoMismatch, SessionEcho};
pub use listening::{
    Eagerness, InputTranscription, NoiseReduction, PlainVad, SemanticVad, ServerVad, TurnDetection,
};
pub use optional::OptionalSetting;
pub use tools::{Tool, ToolChoice};

use crate::PrivateText;

/// The session object of a GA `session.update`.
///
/// An update is a partial merge: what is absent here stays as it is on the server. Made by
/// [`SessionConfig::phone`] or [`SessionConfig::change`], and valid once built.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(tag = "type", rename = "realtime")]
pub struct SessionConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    output_modalities: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<PrivateText>,
    #[serde(skip_serializing_if = "is_default")]
    audio: Audio,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<Vec<Tool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ToolChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<MaxOutputTokens>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncation: Option<Truncation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
struct Audio {
    #[serde(skip_serializing_if = "is_default")]
    input: AudioInput,
    #[serde(skip_serializing_if = "is_default")]
    output: AudioOutput,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
struct AudioInput {
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<AudioFormat>,
    #[serde(skip_serializing_if = "is_default")]
    noise_reduction: Setting<NoiseReduction>,
    #[serde(skip_serializing_if = "is_default")]
    transcription: Setting<InputTranscription>,
    #[serde(skip_serializing_if = "is_default")]
    turn_detection: Setting<TurnDetection>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
struct AudioOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<AudioFormat>,
    #[serde(skip_serializing_if = "Option::is_none")]
    voice: Option<Voice>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// G.711 mu-law takes no `rate` key: with one, the server rejects the whole update and stays at 24 kHz
/// PCM, which the caller hears as static (OpenAI Realtime GA).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "type")]
enum AudioFormat {
    #[serde(rename = "audio/pcmu")]
    Pcmu,
}

/// A setting that can be left alone, switched off (`null` on the wire) or switched on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Setting<T> {
    #[default]
    Unchanged,
    Off,
    On(T),
}

impl<T: Serialize> Serialize for Setting<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unchanged | Self::Off => serializer.serialize_none(),
            Self::On(value) => value.serialize(serializer),
        }
    }
}

/// One of OpenAI's voices by name (`marin`, `cedar`, ...) or a custom voice by id. Locked from the first
/// audio on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Voice {
    /// One of the API's voices.
    Named(String),
    /// A voice that the account made.
    Custom {
        /// Its id.
        id: String,
    },
}

impl From<&str> for Voice {
    /// Custom voices are told by the prefix of their ids, `voice_`.
    fn from(voice: &str) -> Self {
        if voice.starts_with("voice_") {
            Self::Custom { id: voice.to_owned() }
        } else {
            Self::Named(voice.to_owned())
        }
    }
}

/// Ceiling on one response, tool calls included: 1 to 4096 tokens, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxOutputTokens {
    /// At most this number of tokens.
    Limit(u16),
    /// No limit but the model's own.
    Unlimited,
}

impl Serialize for MaxOutputTokens {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Limit(tokens) => serializer.serialize_u16(*tokens),
            Self::Unlimited => serializer.serialize_str("inf"),
        }
    }
}

/// What the server forgets when the conversation outgrows the context.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Truncation {
    /// The API's own way.
    Auto,
    /// An overfull conversation fails instead.
    Disabled,
    /// Keep this share (0 to 1) when truncating, so that truncation, which empties the prompt cache, is
    /// rare; and truncate at this many tokens after the instructions.
    Retain {
        /// What is kept, from 0 to 1.
        ratio: f64,
        /// The most that is kept behind the instructions, tokens.
        post_instructions_tokens: Option<u32>,
    },
}

impl Serialize for Truncation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(tag = "type", rename = "retention_ratio")]
        struct Retain {
            retention_ratio: f64,
            #[serde(skip_serializing_if = "Option::is_none")]
            token_limits: Option<TokenLimits>,
        }
        #[derive(Serialize)]
        struct TokenLimits {
            post_instructions: u32,
        }

        match *self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Disabled => serializer.serialize_str("disabled"),
            Self::Retain { ratio, post_instructions_tokens } => Retain {
                retention_ratio: ratio,
                token_limits: post_instructions_tokens
                    .map(|post_instructions| TokenLimits { post_instructions }),
            }
            .serialize(serializer),
        }
    }
}

/// How much a reasoning model thinks before it speaks. The gpt-realtime-2 family only; others reject it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effort {
    /// Hardly any.
    Minimal,
    /// Little.
    Low,
    /// The usual amount.
    Medium,
    /// Much.
    High,
    /// The most.
    Xhigh,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Reasoning {
    effort: Effort,
}

#[cfg(test)]
mod tests;
