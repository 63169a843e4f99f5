//! Settings that a call can do without. A server that refuses one refuses the whole update, so an agent would be lost
//! for a hint: what was refused is left out instead.

use strum::{IntoStaticStr, VariantArray};

use super::listening::PlainVad;
use super::{SessionConfig, Setting, TurnDetection};
use crate::{ApiError, models};

/// A part of the session that it is a session without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum OptionalSetting {
    /// The languages that the transcription expects.
    TranscriptionLanguage,
    /// Terms that transcription should expect.
    TranscriptionKeywords,
    /// The context that transcription is given.
    TranscriptionPrompt,
    /// The transcription by this model; another one is tried, then none.
    TranscriptionModel,
    /// Noise reduction of the caller's audio.
    NoiseReduction,
    /// The figures of turn detection and its kind. That there is one, and what it does, is essential.
    TurnDetection,
    /// The agent's voice.
    Voice,
    /// Whether the model may call tools.
    ToolChoice,
    /// The longest response.
    MaxOutputTokens,
    /// What happens when the conversation grows too long.
    Truncation,
    /// How much the model thinks.
    Reasoning,
    /// Whether the model may call several tools at once.
    ParallelToolCalls,
}

impl OptionalSetting {
    /// Every setting that a call can do without.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// For logs and metrics.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Optional(OptionalSetting),
    /// A part of the session that no call can do without.
    Essential,
    /// Nothing that we sent, as far as we can tell.
    Nothing,
}

impl SessionConfig {
    /// Leaves out what the server refused, and says what that was. Where the refusal names nothing, or something that
    /// was left out already, everything optional goes. Nothing is returned when nothing helps: what is refused is
    /// essential, or there is nothing left to leave out.
    pub fn leave_out(&mut self, refusal: &ApiError) -> Vec<OptionalSetting> {
        match named(refusal) {
            Named::Optional(setting) if self.drop_setting(setting) => vec![setting],
            Named::Optional(_) | Named::Nothing => self.leave_out_all(),
            Named::Essential => vec![],
        }
    }

    /// Leaves out everything optional, and says what that was.
    pub fn leave_out_all(&mut self) -> Vec<OptionalSetting> {
        let mut left_out = OptionalSetting::ALL.to_vec();
        left_out.retain(|setting| self.drop_setting(*setting));
        // The first attempt without a model only tries another one.
        while self.drop_setting(OptionalSetting::TranscriptionModel) {}
        left_out
    }

    /// False if there was nothing to leave out.
    fn drop_setting(&mut self, setting: OptionalSetting) -> bool {
        let input = &mut self.audio.input;
        let transcription = match &mut input.transcription {
            Setting::On(transcription) => Some(transcription),
            Setting::Unchanged | Setting::Off => None,
        };
        match setting {
            OptionalSetting::TranscriptionLanguage => transcription.is_some_and(|t| t.drop_languages()),
            OptionalSetting::TranscriptionKeywords => transcription.is_some_and(|t| t.drop_keywords()),
            OptionalSetting::TranscriptionPrompt => transcription.is_some_and(|t| t.drop_prompt()),
            OptionalSetting::TranscriptionModel => {
                let Some(transcription) = transcription else { return false };
                if !transcription.fall_back(models::FALLBACK_TRANSCRIPTION) {
                    input.transcription = Setting::Off;
                }
                true
            }
            OptionalSetting::NoiseReduction => match input.noise_reduction {
                Setting::Unchanged => false,
                Setting::Off | Setting::On(_) => {
                    input.noise_reduction = Setting::Unchanged;
                    true
                }
            },
            OptionalSetting::TurnDetection => {
                let Setting::On(detection) = &mut input.turn_detection else { return false };
                let plain = TurnDetection::Plain(PlainVad {
                    create_response: detection.create_response(),
                    interrupt_response: detection.interrupt_response(),
                });
                std::mem::replace(detection, plain.clone()) != plain
            }
            OptionalSetting::Voice => self.audio.output.voice.take().is_some(),
            OptionalSetting::ToolChoice => self.tool_choice.take().is_some(),
            OptionalSetting::MaxOutputTokens => self.max_output_tokens.take().is_some(),
            OptionalSetting::Truncation => self.truncation.take().is_some(),
            OptionalSetting::Reasoning => self.reasoning.take().is_some(),
            OptionalSetting::ParallelToolCalls => self.parallel_tool_calls.take().is_some(),
        }
    }
}

/// By the error's `param`, or where it has none by the paths that its message quotes.
fn named(refusal: &ApiError) -> Named {
    if let Some(param) = refusal.param.as_deref().filter(|param| !param.trim().is_empty()) {
        return by_path(param);
    }
    let message = refusal.message.as_ref().map_or("", |message| message.as_str());
    // What is between quotes and holds a dot is a path; the rest are values.
    let quoted = message.split(['\'', '"', '`']).skip(1).step_by(2).filter(|quoted| quoted.contains('.'));
    let named = quoted.map(by_path).filter(|named| *named != Named::Nothing);
    named.min_by_key(|named| *named == Named::Essential).unwrap_or(Named::Nothing)
}

/// `session.audio.input.transcription.languages[0]`, or any shorter form of it.
fn by_path(path: &str) -> Named {
    let path = path.to_ascii_lowercase();
    let parts: Vec<&str> = path
        .split(['.', '[', ']', '/'])
        .map(str::trim)
        .filter(|part| !part.is_empty() && part.bytes().any(|byte| !byte.is_ascii_digit()))
        .collect();
    let last = parts.last().copied().unwrap_or_default();
    let within = |part: &str| parts.iter().any(|known| known.ends_with(part));
    let essential = ["instructions", "output_modalities", "create_response", "interrupt_response"];
    if essential.contains(&last) || within("tools") || within("format") {
        return Named::Essential;
    }
    Named::Optional(if within("turn_detection") {
        OptionalSetting::TurnDetection
    } else if within("noise_reduction") {
        OptionalSetting::NoiseReduction
    } else if within("voice") {
        OptionalSetting::Voice
    } else if within("reasoning") {
        OptionalSetting::Reasoning
    } else if within("truncation") {
        OptionalSetting::Truncation
    } else if within("tool_choice") {
        OptionalSetting::ToolChoice
    } else {
        match last {
            "language" | "languages" => OptionalSetting::TranscriptionLanguage,
            "keywords" => OptionalSetting::TranscriptionKeywords,
            "prompt" => OptionalSetting::TranscriptionPrompt,
            "model" | "transcription" | "input_audio_transcription" => OptionalSetting::TranscriptionModel,
            "threshold" | "prefix_padding_ms" | "silence_duration_ms" | "idle_timeout_ms" | "eagerness" => {
                OptionalSetting::TurnDetection
            }
            "retention_ratio" => OptionalSetting::Truncation,
            "effort" => OptionalSetting::Reasoning,
            "parallel_tool_calls" => OptionalSetting::ParallelToolCalls,
            "max_output_tokens" => OptionalSetting::MaxOutputTokens,
            _ => return Named::Nothing,
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{InputTranscription, NoiseReduction, SemanticVad, ServerVad, Tool};
    use super::*;

    fn config() -> SessionConfig {
        SessionConfig::phone()
            .instructions("You are Robin.")
            .voice("marin")
            .turn_detection(TurnDetection::ServerVad(ServerVad {
                interrupt_response: false,
                ..ServerVad::default()
            }))
            .transcription(InputTranscription::new("gpt-transcribe").languages(["fil"]).keywords(["Acme"]))
            .noise_reduction(NoiseReduction::FarField)
            .tools(vec![Tool { name: "end_call".into(), description: String::new(), parameters: json!({}) }])
            .build()
            .unwrap()
    }

    fn sent(config: &SessionConfig, pointer: &str) -> Value {
        serde_json::to_value(config).unwrap().pointer(pointer).cloned().unwrap_or(Value::Null)
    }

    fn refusal(param: Option<&str>, message: &str) -> ApiError {
        ApiError {
            kind: Some("invalid_request_error".into()),
            code: Some("invalid_value".into()),
            message: Some(message.into()),
            param: param.map(str::to_owned),
            event_id: None,
        }
    }

    fn without(param: &str) -> (SessionConfig, Vec<OptionalSetting>) {
        let mut config = config();
        let left_out = config.leave_out(&refusal(Some(param), ""));
        (config, left_out)
    }

    const TRANSCRIPTION: &str = "/audio/input/transcription";

    /// Case C07. Case B07.
    #[test]
    fn the_setting_that_was_refused_is_left_out_and_no_other() {
        for param in [
            "session.audio.input.transcription.language",
            "audio.input.transcription.languages",
            "session.audio.input.transcription.languages[0]",
            "session.audio.input.transcription.languages.0",
            "session.input_audio_transcription.language",
            "language",
        ] {
            let (config, left_out) = without(param);
            assert_eq!(left_out, [OptionalSetting::TranscriptionLanguage], "{param}");
            assert_eq!(
                sent(&config, TRANSCRIPTION),
                json!({ "model": "gpt-transcribe", "keywords": ["Acme"] }),
                "{param}"
            );
            assert_eq!(sent(&config, "/audio/output/voice"), "marin");
        }
        for (param, pointer) in [
            ("session.audio.input.transcription.keywords[3]", "/audio/input/transcription/keywords"),
            ("session.audio.input.noise_reduction.type", "/audio/input/noise_reduction"),
            ("session.audio.output.voice", "/audio/output/voice"),
            ("voice.id", "/audio/output/voice"),
        ] {
            let (config, left_out) = without(param);
            assert_eq!((left_out.len(), sent(&config, pointer)), (1, Value::Null), "{param}");
        }
    }

    /// Case C07.
    #[test]
    fn a_transcription_model_that_is_refused_is_replaced_and_then_left_out() {
        let mut config = config();
        let refused = refusal(Some("session.audio.input.transcription.model"), "");
        assert_eq!(config.leave_out(&refused), [OptionalSetting::TranscriptionModel]);
        assert_eq!(sent(&config, "/audio/input/transcription/model"), models::FALLBACK_TRANSCRIPTION);
        assert_eq!(sent(&config, "/audio/input/transcription/keywords"), Value::Null, "it takes none");
        assert_eq!(config.leave_out(&refused), [OptionalSetting::TranscriptionModel]);
        assert_eq!(sent(&config, TRANSCRIPTION), Value::Null);
    }

    #[test]
    fn turn_detection_without_its_figures_still_answers_and_does_not_interrupt() {
        let semantic = SemanticVad { interrupt_response: false, ..SemanticVad::default() };
        for detection in [TurnDetection::SemanticVad(semantic), config_detection()] {
            for param in ["session.audio.input.turn_detection.eagerness", "threshold", "turn_detection"] {
                let mut config = config();
                config.audio.input.turn_detection = Setting::On(detection.clone());
                assert_eq!(config.leave_out(&refusal(Some(param), "")), [OptionalSetting::TurnDetection]);
                assert_eq!(
                    sent(&config, "/audio/input/turn_detection"),
                    json!({ "type": "server_vad", "create_response": true, "interrupt_response": false })
                );
            }
        }
    }

    fn config_detection() -> TurnDetection {
        match config().audio.input.turn_detection {
            Setting::On(detection) => detection,
            Setting::Off | Setting::Unchanged => panic!("it has one"),
        }
    }

    #[test]
    fn what_is_essential_is_not_left_out() {
        for param in [
            "session.tools[0].parameters",
            "session.instructions",
            "session.audio.input.format.rate",
            "session.audio.output.format",
            "session.audio.input.turn_detection.interrupt_response",
        ] {
            let (same, left_out) = without(param);
            assert_eq!((same, left_out), (config(), vec![]), "{param}");
        }
    }

    #[test]
    fn a_refusal_without_a_param_is_read_for_the_path_it_quotes() {
        for (message, expected) in [
            (
                "Unknown parameter: 'session.audio.input.transcription.keywords'.",
                OptionalSetting::TranscriptionKeywords,
            ),
            (
                "Invalid value: 'fil' for \"session.audio.input.transcription.language\". Supported: 'en', 'de'.",
                OptionalSetting::TranscriptionLanguage,
            ),
        ] {
            assert_eq!(config().leave_out(&refusal(None, message)), [expected], "{message}");
            assert_eq!(config().leave_out(&refusal(Some(" "), message)), [expected], "{message}");
        }
        assert_eq!(config().leave_out(&refusal(None, "Invalid 'session.tools[0].name'.")), []);
    }

    /// Case C07: the last attempt is made with what every server takes.
    #[test]
    fn where_nothing_is_named_all_that_is_optional_goes_once() {
        for named in [None, Some("session"), Some("session.temperature"), Some("session.audio.input")] {
            let mut config = config();
            let left_out = config.leave_out(&refusal(named, "The value is not supported."));
            assert_eq!(left_out.len(), 6, "{named:?}: {left_out:?}");
            assert_eq!(sent(&config, TRANSCRIPTION), Value::Null);
            assert_eq!(sent(&config, "/instructions"), "You are Robin.");
            assert_eq!(sent(&config, "/tools/0/name"), "end_call");
            assert_eq!(sent(&config, "/audio/input/format/type"), "audio/pcmu");
            assert_eq!(config.leave_out(&refusal(named, "")), [], "there is nothing left");
        }
    }

    /// A server that refuses whatever it is told comes to an end.
    #[test]
    fn every_refusal_leaves_something_out_or_is_the_last() {
        for param in
            ["language", "keywords", "model", "turn_detection", "voice", "noise_reduction", "x", "tools"]
        {
            let mut config = config();
            let rounds =
                (0..100).take_while(|_| !config.leave_out(&refusal(Some(param), "")).is_empty()).count();
            assert!(rounds <= 3, "{param}: {rounds}");
        }
    }
}
