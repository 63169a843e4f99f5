//! The effective session: the defaults, changed by each accepted `session.update`.

pub(super) mod check;

use serde_json::{Map, Value, json};

use super::input::AudioFormat;
use super::vad::VadSettings;
use crate::openai::refusal::ApiRefusal;

const DEFAULT_THRESHOLD: f64 = 0.5;
const DEFAULT_PREFIX_PADDING_MS: u64 = 300;
const DEFAULT_SILENCE_DURATION_MS: u64 = 500;

/// How long semantic VAD is simulated to listen after the last sound. The real one judges whether the
/// sentence is complete; the clips' sentences always are.
const SEMANTIC_SILENCE_MS: u64 = 500;

#[derive(Debug)]
pub(super) struct Session {
    value: Value,
    model: String,
    configured: bool,
    spoke: bool,
}

impl Session {
    /// A session as `session.created` shows it. `expires_at` is in unix seconds.
    pub(super) fn new(id: &str, model: &str, expires_at: u64) -> Self {
        let value = json!({
            "type": "realtime",
            "object": "realtime.session",
            "id": id,
            "model": model,
            "expires_at": expires_at,
            "output_modalities": ["audio"],
            "instructions": "You are a helpful assistant on a voice line.",
            "audio": {
                "input": {
                    "format": { "type": "audio/pcm", "rate": 24_000 },
                    "noise_reduction": null,
                    "transcription": null,
                    "turn_detection": server_vad(&Map::new()),
                },
                "output": {
                    "format": { "type": "audio/pcm", "rate": 24_000 },
                    "voice": "marin",
                    "speed": 1.0,
                },
            },
            "tools": [],
            "tool_choice": "auto",
            "max_output_tokens": "inf",
            "truncation": "auto",
            "tracing": null,
            "prompt": null,
            "include": null,
        });
        Self { value, model: model.to_owned(), configured: false, spoke: false }
    }

    /// Applies a `session.update`, or nothing of it when any part is refused.
    pub(super) fn update(&mut self, patch: &Value) -> Result<(), ApiRefusal> {
        let current = check::Current { model: &self.model, spoke: self.spoke, voice: self.voice() };
        check::session(patch, &current)?;
        merge(&mut self.value, patch);
        self.configured = true;
        Ok(())
    }

    /// The full effective session.
    pub(super) fn value(&self) -> &Value {
        &self.value
    }

    /// Whether any update was accepted yet.
    pub(super) fn is_configured(&self) -> bool {
        self.configured
    }

    /// From the first audio on, the voice cannot change.
    pub(super) fn lock_voice(&mut self) {
        self.spoke = true;
    }

    pub(super) fn voice(&self) -> &Value {
        &self.value["audio"]["output"]["voice"]
    }

    pub(super) fn input_format(&self) -> AudioFormat {
        format(&self.value["audio"]["input"]["format"])
    }

    pub(super) fn output_format(&self) -> AudioFormat {
        format(&self.value["audio"]["output"]["format"])
    }

    /// Settings of the turn detection; `None` when turns are the client's to commit.
    pub(super) fn vad(&self) -> Option<VadSettings> {
        let detection = self.detection()?;
        let ms = |key: &str, default| detection.get(key).and_then(Value::as_u64).unwrap_or(default);
        Some(VadSettings {
            threshold: detection.get("threshold").and_then(Value::as_f64).unwrap_or(DEFAULT_THRESHOLD),
            prefix_padding_ms: ms("prefix_padding_ms", DEFAULT_PREFIX_PADDING_MS),
            silence_duration_ms: ms("silence_duration_ms", SEMANTIC_SILENCE_MS),
        })
    }

    /// Whether the end of a turn creates a response.
    pub(super) fn creates_response(&self) -> bool {
        self.detection_flag("create_response")
    }

    /// Whether speech cancels the response under way.
    pub(super) fn interrupts_response(&self) -> bool {
        self.detection_flag("interrupt_response")
    }

    pub(super) fn idle_timeout_ms(&self) -> Option<u64> {
        self.detection()?.get("idle_timeout_ms")?.as_u64()
    }

    pub(super) fn transcribes(&self) -> bool {
        !self.value["audio"]["input"]["transcription"].is_null()
    }

    pub(super) fn instructions(&self) -> &str {
        self.value["instructions"].as_str().unwrap_or_default()
    }

    fn detection(&self) -> Option<&Map<String, Value>> {
        self.value["audio"]["input"]["turn_detection"].as_object()
    }

    fn detection_flag(&self, key: &str) -> bool {
        self.detection().and_then(|detection| detection.get(key)?.as_bool()).unwrap_or(false)
    }
}

fn format(value: &Value) -> AudioFormat {
    match value["type"].as_str() {
        Some("audio/pcmu") => AudioFormat::Pcmu,
        _ => AudioFormat::Pcm24k,
    }
}

/// Sets the keys present in `patch`. The objects that group settings are merged, every other value is
/// replaced, and a turn detection is completed with its defaults.
fn merge(target: &mut Value, patch: &Value) {
    let (Some(target), Some(patch)) = (target.as_object_mut(), patch.as_object()) else { return };
    for (key, value) in patch {
        match (key.as_str(), value) {
            ("audio" | "input" | "output", Value::Object(_)) => {
                merge(target.entry(key).or_insert_with(|| json!({})), value);
            }
            ("turn_detection", Value::Object(given)) => {
                target.insert(key.clone(), detection(given));
            }
            ("format", Value::Object(given)) if given.get("type") == Some(&json!("audio/pcm")) => {
                target.insert(key.clone(), json!({ "type": "audio/pcm", "rate": 24_000 }));
            }
            _ => {
                target.insert(key.clone(), value.clone());
            }
        }
    }
}

fn detection(given: &Map<String, Value>) -> Value {
    if given.get("type") == Some(&json!("semantic_vad")) { semantic_vad(given) } else { server_vad(given) }
}

fn server_vad(given: &Map<String, Value>) -> Value {
    let or = |key: &str, default: Value| given.get(key).cloned().unwrap_or(default);
    json!({
        "type": "server_vad",
        "threshold": or("threshold", json!(DEFAULT_THRESHOLD)),
        "prefix_padding_ms": or("prefix_padding_ms", json!(DEFAULT_PREFIX_PADDING_MS)),
        "silence_duration_ms": or("silence_duration_ms", json!(DEFAULT_SILENCE_DURATION_MS)),
        "create_response": or("create_response", json!(true)),
        "interrupt_response": or("interrupt_response", json!(true)),
        "idle_timeout_ms": or("idle_timeout_ms", Value::Null),
    })
}

fn semantic_vad(given: &Map<String, Value>) -> Value {
    let or = |key: &str, default: Value| given.get(key).cloned().unwrap_or(default);
    json!({
        "type": "semantic_vad",
        "eagerness": or("eagerness", json!("auto")),
        "create_response": or("create_response", json!(true)),
        "interrupt_response": or("interrupt_response", json!(true)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        Session::new("sess_1", "gpt-realtime-2.1", 1_800_000_000)
    }

    fn refused(patch: Value) -> ApiRefusal {
        let mut session = session();
        let before = session.value().clone();
        let refusal = session.update(&patch).unwrap_err();
        assert_eq!(session.value(), &before, "a refused update changes nothing");
        refusal
    }

    fn phone() -> Value {
        json!({
            "type": "realtime",
            "output_modalities": ["audio"],
            "instructions": "Be brief.",
            "audio": {
                "input": {
                    "format": { "type": "audio/pcmu" },
                    "transcription": { "model": "gpt-transcribe", "languages": ["en"], "keywords": ["Harbour"] },
                    "turn_detection": { "type": "server_vad", "silence_duration_ms": 400 },
                },
                "output": { "format": { "type": "audio/pcmu" }, "voice": "cedar" },
            },
            "tools": [{ "type": "function", "name": "book", "description": "Books", "parameters": {} }],
            "max_output_tokens": 1_024,
        })
    }

    #[test]
    fn an_update_is_merged_and_echoed_whole() {
        let mut session = session();
        session.update(&phone()).unwrap();
        assert_eq!(session.input_format(), AudioFormat::Pcmu);
        assert_eq!(session.output_format(), AudioFormat::Pcmu);
        assert_eq!(session.vad().unwrap().silence_duration_ms, 400);
        assert!(session.creates_response() && session.interrupts_response() && session.transcribes());
        assert_eq!(session.value()["audio"]["output"]["speed"], 1.0, "what was not sent stays");
        session.update(&json!({ "type": "realtime", "instructions": "" })).unwrap();
        assert_eq!(session.value()["tools"][0]["name"], "book");
        assert_eq!(session.instructions(), "");
    }

    #[test]
    fn the_type_is_required_in_every_update() {
        assert_eq!(refused(json!({ "instructions": "x" })).code, "missing_required_parameter");
    }

    #[test]
    fn mu_law_takes_no_rate() {
        let mut patch = phone();
        patch["audio"]["input"]["format"]["rate"] = json!(8_000);
        let refusal = refused(patch);
        assert_eq!(refusal.code, "unknown_parameter");
        assert_eq!(refusal.param.as_deref(), Some("session.audio.input.format.rate"));
    }

    #[test]
    fn beta_names_and_removed_fields_are_unknown() {
        for key in ["modalities", "voice", "input_audio_format", "turn_detection", "temperature"] {
            let refusal = refused(json!({ "type": "realtime", key: "x" }));
            assert_eq!(
                (refusal.code.as_str(), refusal.param.unwrap()),
                ("unknown_parameter", format!("session.{key}"))
            );
        }
    }

    #[test]
    fn the_voice_is_locked_by_the_first_audio() {
        let mut session = session();
        session.update(&phone()).unwrap();
        session.lock_voice();
        session.update(&phone()).unwrap();
        let other = json!({ "type": "realtime", "audio": { "output": { "voice": "marin" } } });
        assert_eq!(session.update(&other).unwrap_err().code, "cannot_update_voice");
    }

    #[test]
    fn the_model_of_a_session_cannot_change() {
        assert_eq!(refused(json!({ "type": "realtime", "model": "gpt-realtime-1.5" })).code, "invalid_value");
        session().update(&json!({ "type": "realtime", "model": "gpt-realtime-2.1" })).unwrap();
    }

    #[test]
    fn null_turns_detection_off() {
        let mut session = session();
        session
            .update(&json!({ "type": "realtime", "audio": { "input": { "turn_detection": null } } }))
            .unwrap();
        assert_eq!(session.vad(), None);
        assert!(!session.creates_response());
    }

    #[test]
    fn values_outside_their_range_are_refused() {
        let input =
            |key: &str, value: Value| json!({ "type": "realtime", "audio": { "input": { key: value } } });
        let vad =
            |key: &str, value: Value| input("turn_detection", json!({ "type": "server_vad", key: value }));
        let wrong = [
            json!({ "type": "realtime", "output_modalities": ["audio", "text"] }),
            json!({ "type": "realtime", "max_output_tokens": 0 }),
            json!({ "type": "realtime", "tool_choice": "sometimes" }),
            json!({ "type": "realtime", "audio": { "output": { "speed": 2.0 } } }),
            json!({ "type": "realtime", "audio": { "output": { "voice": "robin" } } }),
            vad("threshold", json!(2)),
            vad("idle_timeout_ms", json!(1_000)),
            input("turn_detection", json!({ "type": "semantic_vad", "eagerness": "keen" })),
            input(
                "transcription",
                json!({ "model": "gpt-transcribe", "language": "de", "languages": ["de"] }),
            ),
            input("transcription", json!({ "model": "gpt-transcribe", "delay": "low" })),
            input("transcription", json!({ "model": "gpt-realtime-whisper" })),
        ];
        for patch in wrong {
            assert_eq!(refused(patch.clone()).code, "invalid_value", "{patch}");
        }
    }
}
