use std::collections::HashSet;
use std::ops::RangeInclusive;

use super::{
    AudioFormat, Effort, InputTranscription, MaxOutputTokens, NoiseReduction, Reasoning, SessionConfig,
    Setting, Tool, ToolChoice, Truncation, TurnDetection, Voice,
};
use crate::PrivateText;

/// OpenAI's bounds on `idle_timeout_ms`.
pub const IDLE_TIMEOUT_MS: RangeInclusive<u32> = 5_000..=30_000;
/// OpenAI's bounds on a numeric `max_output_tokens`.
pub const MAX_OUTPUT_TOKENS: RangeInclusive<u16> = 1..=4_096;

/// What the server would reject, and with it the whole update.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidSession {
    /// The threshold of turn detection is not between 0 and 1.
    #[error("turn detection threshold is {0}: use 0 to 1")]
    Threshold(f64),
    /// The idle timeout, milliseconds, is not one that the API takes.
    #[error("idle timeout is {0} ms: use 5,000 to 30,000 ms or leave it out")]
    IdleTimeout(u32),
    /// The limit of tokens is not one that the API takes.
    #[error("max output tokens is {0}: use 1 to 4,096 or unlimited")]
    MaxOutputTokens(u16),
    /// The ratio that is kept is not between 0 and 1.
    #[error("retention ratio is {0}: use 0 to 1")]
    RetentionRatio(f64),
    /// Two tools have this name.
    #[error("tool `{0}` is listed twice: the model's call could not be attributed")]
    DuplicateTool(String),
}

impl SessionConfig {
    /// The session of a telephone call: audio out, G.711 mu-law both ways, byte for byte what Twilio
    /// sends and plays.
    pub fn phone() -> SessionBuilder {
        let mut config = Self { output_modalities: Some(["audio"]), ..Self::default() };
        config.audio.input.format = Some(AudioFormat::Pcmu);
        config.audio.output.format = Some(AudioFormat::Pcmu);
        SessionBuilder { config }
    }

    /// A change to a running session: only what is set afterwards is sent.
    pub fn change() -> SessionBuilder {
        SessionBuilder { config: Self::default() }
    }
}

/// Collects settings; [`build`](Self::build) checks them.
#[derive(Debug, Clone)]
#[must_use]
pub struct SessionBuilder {
    config: SessionConfig,
}

impl SessionBuilder {
    /// Replaces the server's default instructions; empty clears them.
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.config.instructions = Some(PrivateText::from(instructions.into()));
        self
    }

    /// The voice. It can be set only before the first audio.
    pub fn voice(mut self, voice: impl Into<Voice>) -> Self {
        self.config.audio.output.voice = Some(voice.into());
        self
    }

    /// `None` means that we commit turns by hand.
    pub fn turn_detection(mut self, detection: impl Into<Option<TurnDetection>>) -> Self {
        self.config.audio.input.turn_detection = setting(detection.into());
        self
    }

    /// Recognises the caller's words; `None`: does not.
    pub fn transcription(mut self, transcription: impl Into<Option<InputTranscription>>) -> Self {
        self.config.audio.input.transcription = setting(transcription.into());
        self
    }

    /// Reduces noise in the caller's audio; `None`: does not.
    pub fn noise_reduction(mut self, reduction: impl Into<Option<NoiseReduction>>) -> Self {
        self.config.audio.input.noise_reduction = setting(reduction.into());
        self
    }

    /// The whole set; an empty one removes every tool.
    pub fn tools(mut self, tools: Vec<Tool>) -> Self {
        self.config.tools = Some(tools);
        self
    }

    /// Whether the model may call tools.
    pub fn tool_choice(mut self, choice: ToolChoice) -> Self {
        self.config.tool_choice = Some(choice);
        self
    }

    /// The longest response.
    pub fn max_output_tokens(mut self, limit: MaxOutputTokens) -> Self {
        self.config.max_output_tokens = Some(limit);
        self
    }

    /// What happens when the conversation is longer than the model can read.
    pub fn truncation(mut self, truncation: Truncation) -> Self {
        self.config.truncation = Some(truncation);
        self
    }

    /// For reasoning models only.
    pub fn reasoning(mut self, effort: Effort) -> Self {
        self.config.reasoning = Some(Reasoning { effort });
        self
    }

    /// For reasoning models only.
    pub fn parallel_tool_calls(mut self, parallel: bool) -> Self {
        self.config.parallel_tool_calls = Some(parallel);
        self
    }

    /// # Errors
    /// On the first value that is outside what OpenAI documents.
    pub fn build(self) -> Result<SessionConfig, InvalidSession> {
        let config = self.config;
        if let Setting::On(TurnDetection::ServerVad(vad)) = &config.audio.input.turn_detection {
            if !(0.0..=1.0).contains(&vad.threshold) {
                return Err(InvalidSession::Threshold(vad.threshold));
            }
            if let Some(ms) = vad.idle_timeout_ms.filter(|ms| !IDLE_TIMEOUT_MS.contains(ms)) {
                return Err(InvalidSession::IdleTimeout(ms));
            }
        }
        if let Some(MaxOutputTokens::Limit(tokens)) = config.max_output_tokens
            && !MAX_OUTPUT_TOKENS.contains(&tokens)
        {
            return Err(InvalidSession::MaxOutputTokens(tokens));
        }
        if let Some(Truncation::Retain { ratio, .. }) = config.truncation
            && !(0.0..=1.0).contains(&ratio)
        {
            return Err(InvalidSession::RetentionRatio(ratio));
        }
        let mut names = HashSet::new();
        if let Some(twice) = config.tools.iter().flatten().find(|tool| !names.insert(tool.name.as_str())) {
            return Err(InvalidSession::DuplicateTool(twice.name.clone()));
        }
        Ok(config)
    }
}

fn setting<T>(value: Option<T>) -> Setting<T> {
    value.map_or(Setting::Off, Setting::On)
}
