use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{OptionalSetting, SessionConfig, Setting, Voice};
use crate::PrivateText;
use crate::wire::{self, optional};

/// The effective session that `session.created` and `session.updated` carry, as far as it is used.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct SessionEcho {
    /// `sess_...`; what to quote to OpenAI's support.
    #[serde(default, deserialize_with = "optional")]
    pub id: Option<String>,
    /// When the server will end the session (60 minutes after it began), seconds since the Unix epoch.
    #[serde(default, deserialize_with = "wire::seconds")]
    pub expires_at: Option<i64>,
    /// The model's id.
    #[serde(default, deserialize_with = "optional")]
    pub model: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    instructions: Option<PrivateText>,
    #[serde(default, deserialize_with = "optional")]
    audio: AudioEcho,
    #[serde(default, deserialize_with = "wire::list")]
    tools: Vec<ToolEcho>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
struct AudioEcho {
    #[serde(default, deserialize_with = "optional")]
    input: InputEcho,
    #[serde(default, deserialize_with = "optional")]
    output: OutputEcho,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
struct InputEcho {
    #[serde(default, deserialize_with = "optional")]
    format: Option<FormatEcho>,
    #[serde(default, deserialize_with = "optional")]
    transcription: Option<TranscriptionEcho>,
    #[serde(default, deserialize_with = "optional")]
    turn_detection: Option<TurnDetectionEcho>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
struct OutputEcho {
    #[serde(default, deserialize_with = "optional")]
    format: Option<FormatEcho>,
    #[serde(default, deserialize_with = "voice_name")]
    voice: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct FormatEcho {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct TranscriptionEcho {
    #[serde(default, deserialize_with = "optional")]
    model: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct TurnDetectionEcho {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "optional")]
    create_response: Option<bool>,
    #[serde(default, deserialize_with = "optional")]
    interrupt_response: Option<bool>,
}

/// MCP tools have no name of their own.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct ToolEcho {
    #[serde(default, deserialize_with = "optional")]
    name: Option<String>,
}

/// A voice comes as a name or as `{"id": ...}`.
fn voice_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match optional::<_, Option<Value>>(deserializer)? {
        Some(Value::String(name)) => Some(name),
        Some(Value::Object(voice)) => voice.get("id").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    })
}

/// One field that is not what was asked. Never holds the instructions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field's path in the session.
    pub field: &'static str,
    /// What a call can do without, if it is that.
    pub optional: Option<OptionalSetting>,
    /// What was asked for.
    pub asked: String,
    /// What the server answered.
    pub echoed: String,
}

/// The session is not the one that was asked for. Talking through it would be wrong: the caller might hear
/// static or another business's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct EchoMismatch {
    /// Every field that differs.
    pub differences: Vec<Difference>,
}

impl fmt::Display for EchoMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("session.updated is not what was asked for; do not send audio:")?;
        for (at, Difference { field, asked, echoed, .. }) in self.differences.iter().enumerate() {
            let separator = if at == 0 { "" } else { ";" };
            write!(f, "{separator} {field} asked {asked}, got {echoed}")?;
        }
        Ok(())
    }
}

impl SessionConfig {
    /// Compares what the server says it applied with what this update asked for. Fields that the update
    /// left alone are not compared. Returns the optional settings that the server did not apply.
    ///
    /// # Errors
    /// When it did not apply something essential. Lists every difference, so that one log line tells all.
    pub fn verify_echo(&self, echo: &SessionEcho) -> Result<Vec<OptionalSetting>, EchoMismatch> {
        let mut found = Differences(Vec::new());
        let (asked_in, asked_out) = (&self.audio.input, &self.audio.output);
        let (input, output) = (&echo.audio.input, &echo.audio.output);

        for (field, asked, echoed) in [
            ("audio.input.format", asked_in.format, &input.format),
            ("audio.output.format", asked_out.format, &output.format),
        ] {
            if asked.is_some() {
                found.compare(field, Some("audio/pcmu"), echoed.as_ref().map(|format| format.kind.as_str()));
            }
        }
        if let Some(Voice::Named(asked) | Voice::Custom { id: asked }) = &asked_out.voice {
            found.compare("audio.output.voice", Some(asked), output.voice.as_deref());
        }
        self.compare_listening(input, &mut found);
        if let Some(asked) = &self.tools {
            let names = |names: &mut dyn Iterator<Item = &str>| {
                let mut names: Vec<_> = names.collect();
                names.sort_unstable();
                format!("[{}]", names.join(", "))
            };
            found.compare(
                "tools",
                Some(&names(&mut asked.iter().map(|tool| tool.name.as_str()))),
                Some(&names(&mut echo.tools.iter().map(|tool| tool.name.as_deref().unwrap_or("(unnamed)")))),
            );
        }
        if let Some(asked) = &self.instructions
            && echo.instructions.as_ref().map_or("", PrivateText::as_str) != asked.as_str()
        {
            let echoed = echo.instructions.as_ref().map_or("", PrivateText::as_str);
            found.add(
                "instructions",
                format!("{} bytes", asked.as_str().len()),
                format!("{} other bytes", echoed.len()),
            );
        }

        let optional: Option<Vec<_>> = found.0.iter().map(|difference| difference.optional).collect();
        optional.ok_or(EchoMismatch { differences: found.0 })
    }

    fn compare_listening(&self, echo: &InputEcho, found: &mut Differences) {
        let asked = &self.audio.input;
        let echoed = echo.transcription.as_ref().and_then(|transcription| transcription.model.as_deref());
        match &asked.transcription {
            Setting::Unchanged => {}
            Setting::Off => found.compare("audio.input.transcription.model", None, echoed),
            Setting::On(asked) => {
                found.compare("audio.input.transcription.model", Some(&asked.model), echoed)
            }
        }

        let echoed = echo.turn_detection.as_ref();
        let kind = echoed.map(|detection| detection.kind.as_str());
        match &asked.turn_detection {
            Setting::Unchanged => {}
            Setting::Off => found.compare("audio.input.turn_detection.type", None, kind),
            Setting::On(asked) => {
                found.compare("audio.input.turn_detection.type", Some(asked.kind()), kind);
                for (field, asked, echoed) in [
                    (
                        "audio.input.turn_detection.create_response",
                        asked.create_response(),
                        echoed.and_then(|detection| detection.create_response),
                    ),
                    (
                        "audio.input.turn_detection.interrupt_response",
                        asked.interrupt_response(),
                        echoed.and_then(|detection| detection.interrupt_response),
                    ),
                ] {
                    found.compare(field, Some(flag(asked)), echoed.map(flag));
                }
            }
        }
    }
}

struct Differences(Vec<Difference>);

impl Differences {
    fn compare(&mut self, field: &'static str, asked: Option<&str>, echoed: Option<&str>) {
        if asked != echoed {
            self.add(field, asked.unwrap_or("none").to_owned(), echoed.unwrap_or("none").to_owned());
        }
    }

    fn add(&mut self, field: &'static str, asked: String, echoed: String) {
        let optional = optional_setting(field, &asked, &echoed);
        self.0.push(Difference { field, optional, asked, echoed });
    }
}

/// A call can do with another voice, another transcription or another kind of turn detection than it asked for.
fn optional_setting(field: &str, asked: &str, echoed: &str) -> Option<OptionalSetting> {
    // What was switched off and is on is not a nicety that is missing.
    match field {
        _ if asked == "none" => None,
        "audio.output.voice" => Some(OptionalSetting::Voice),
        "audio.input.transcription.model" => Some(OptionalSetting::TranscriptionModel),
        "audio.input.turn_detection.type" if echoed != "none" => Some(OptionalSetting::TurnDetection),
        _ => None,
    }
}

fn flag(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
