use serde_json::{Value, json};

use super::*;

fn json_of(config: &SessionConfig) -> Value {
    serde_json::to_value(config).unwrap()
}

fn book() -> Tool {
    Tool {
        name: "book".to_owned(),
        description: "Books a slot".to_owned(),
        parameters: json!({"type": "object", "properties": {}, "required": []}),
    }
}

fn full() -> SessionConfig {
    SessionConfig::phone()
        .instructions("You are Robin.")
        .voice("marin")
        .turn_detection(TurnDetection::ServerVad(ServerVad {
            idle_timeout_ms: Some(8_000),
            ..ServerVad::default()
        }))
        .transcription(InputTranscription::new("gpt-transcribe").languages(["de", "en"]).keywords(["Acme"]))
        .noise_reduction(None)
        .tools(vec![book()])
        .tool_choice(ToolChoice::Auto)
        .max_output_tokens(MaxOutputTokens::Limit(1_024))
        .truncation(Truncation::Retain { ratio: 0.8, post_instructions_tokens: Some(16_000) })
        .reasoning(Effort::Low)
        .parallel_tool_calls(false)
        .build()
        .unwrap()
}

/// The effective session as the server echoes it, with fields that we never set.
fn echo_of_full() -> Value {
    json!({
        "object": "realtime.session", "id": "sess_1", "type": "realtime", "model": "gpt-realtime-2.1",
        "expires_at": 1_795_003_600, "output_modalities": ["audio"], "instructions": "You are Robin.",
        "audio": {
            "input": {
                "format": {"type": "audio/pcmu"}, "noise_reduction": null,
                "transcription": {"model": "gpt-transcribe", "languages": ["de", "en"], "keywords": ["Acme"]},
                "turn_detection": {
                    "type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300,
                    "silence_duration_ms": 500, "create_response": true, "interrupt_response": true,
                    "idle_timeout_ms": 8000
                }
            },
            "output": {"format": {"type": "audio/pcmu"}, "voice": "marin", "speed": 1.0}
        },
        "tools": [{"type": "function", "name": "book", "description": "Books a slot", "parameters": {}}],
        "tool_choice": "auto", "max_output_tokens": 1024, "truncation": {"type": "retention_ratio"},
        "tracing": null, "include": null, "prompt": null
    })
}

fn echo(value: Value) -> SessionEcho {
    serde_json::from_str(&value.to_string()).unwrap()
}

#[test]
fn the_full_configuration_has_the_documented_shape() {
    assert_eq!(
        json_of(&full()),
        json!({
            "type": "realtime", "output_modalities": ["audio"], "instructions": "You are Robin.",
            "audio": {
                "input": {
                    "format": {"type": "audio/pcmu"}, "noise_reduction": null,
                    "transcription": {
                        "model": "gpt-transcribe", "languages": ["de", "en"], "keywords": ["Acme"]
                    },
                    "turn_detection": {
                        "type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300,
                        "silence_duration_ms": 500, "create_response": true, "interrupt_response": true,
                        "idle_timeout_ms": 8000
                    }
                },
                "output": {"format": {"type": "audio/pcmu"}, "voice": "marin"}
            },
            "tools": [{
                "type": "function", "name": "book", "description": "Books a slot",
                "parameters": {"type": "object", "properties": {}, "required": []}
            }],
            "tool_choice": "auto", "max_output_tokens": 1024,
            "truncation": {
                "type": "retention_ratio", "retention_ratio": 0.8,
                "token_limits": {"post_instructions": 16000}
            },
            "reasoning": {"effort": "low"}, "parallel_tool_calls": false
        })
    );
}

#[test]
fn a_change_sends_only_what_it_sets() {
    let nothing = SessionConfig::change().build().unwrap();
    assert_eq!(json_of(&nothing), json!({"type": "realtime"}));

    let manual_turns = SessionConfig::change().turn_detection(None).build().unwrap();
    assert_eq!(
        json_of(&manual_turns),
        json!({"type": "realtime", "audio": {"input": {"turn_detection": null}}})
    );
}

#[test]
fn the_short_forms_are_strings() {
    let config = SessionConfig::change()
        .voice("voice_123")
        .tool_choice(ToolChoice::Function("book".to_owned()))
        .max_output_tokens(MaxOutputTokens::Unlimited)
        .truncation(Truncation::Disabled)
        .noise_reduction(NoiseReduction::FarField)
        .turn_detection(TurnDetection::SemanticVad(SemanticVad::default()))
        .build()
        .unwrap();
    assert_eq!(
        json_of(&config),
        json!({
            "type": "realtime",
            "audio": {
                "input": {
                    "noise_reduction": {"type": "far_field"},
                    "turn_detection": {
                        "type": "semantic_vad", "eagerness": "auto",
                        "create_response": true, "interrupt_response": true
                    }
                },
                "output": {"voice": {"id": "voice_123"}}
            },
            "tool_choice": {"type": "function", "name": "book"},
            "max_output_tokens": "inf", "truncation": "disabled"
        })
    );
}

#[test]
fn a_transcription_model_gets_only_the_hints_it_takes() {
    let hints = |model: &str| {
        let transcription = InputTranscription::new(model)
            .languages(["de-AT", "en"])
            .keywords(["Acme"])
            .prompt("A bicycle workshop.");
        serde_json::to_value(transcription).unwrap()
    };
    assert_eq!(
        hints("gpt-4o-mini-transcribe"),
        json!({"model": "gpt-4o-mini-transcribe", "prompt": "A bicycle workshop."})
    );
    assert_eq!(hints("gpt-realtime-whisper"), json!({"model": "gpt-realtime-whisper"}));
    assert_eq!(
        serde_json::to_value(InputTranscription::new("gpt-transcribe").languages(["de-AT"])).unwrap(),
        json!({"model": "gpt-transcribe", "language": "de"})
    );
}

#[test]
fn values_that_the_server_would_reject_are_not_built() {
    let vad = |vad| SessionConfig::change().turn_detection(TurnDetection::ServerVad(vad)).build();
    assert_eq!(
        vad(ServerVad { threshold: 1.5, ..ServerVad::default() }),
        Err(InvalidSession::Threshold(1.5))
    );
    assert!(vad(ServerVad { threshold: f64::NAN, ..ServerVad::default() }).is_err());
    assert_eq!(
        vad(ServerVad { idle_timeout_ms: Some(4_999), ..ServerVad::default() }),
        Err(InvalidSession::IdleTimeout(4_999))
    );
    for tokens in [0, 4_097] {
        assert_eq!(
            SessionConfig::change().max_output_tokens(MaxOutputTokens::Limit(tokens)).build(),
            Err(InvalidSession::MaxOutputTokens(tokens))
        );
    }
    assert!(
        SessionConfig::change()
            .truncation(Truncation::Retain { ratio: -0.1, post_instructions_tokens: None })
            .build()
            .is_err()
    );
    assert_eq!(
        SessionConfig::phone().tools(vec![book(), book()]).build(),
        Err(InvalidSession::DuplicateTool("book".to_owned()))
    );
}

#[test]
fn the_session_that_was_asked_for_passes() {
    let session = echo(echo_of_full());
    assert_eq!(full().verify_echo(&session), Ok(vec![]));
    assert_eq!(session.expires_at, Some(1_795_003_600));
}

#[test]
fn a_custom_voice_is_echoed_as_an_object() {
    let config = SessionConfig::change().voice("voice_123").build().unwrap();
    let session = echo(json!({"audio": {"output": {"voice": {"id": "voice_123"}}}}));
    assert_eq!(config.verify_echo(&session), Ok(vec![]));
}

#[test]
fn every_field_that_matters_is_compared() {
    for (pointer, value, field) in [
        ("/audio/input/format", json!({"type": "audio/pcm", "rate": 24000}), "audio.input.format"),
        ("/audio/output/format/type", json!("audio/pcm"), "audio.output.format"),
        ("/audio/output/format", json!(null), "audio.output.format"),
        (
            "/audio/input/turn_detection/create_response",
            json!(false),
            "audio.input.turn_detection.create_response",
        ),
        (
            "/audio/input/turn_detection/interrupt_response",
            json!(null),
            "audio.input.turn_detection.interrupt_response",
        ),
        ("/tools", json!([]), "tools"),
        ("/tools/0/name", json!("cancel"), "tools"),
        ("/instructions", json!("You are somebody else."), "instructions"),
    ] {
        let mut session = echo_of_full();
        *session.pointer_mut(pointer).unwrap() = value;
        let mismatch = full().verify_echo(&echo(session)).unwrap_err();
        assert_eq!(mismatch.differences.len(), 1, "{mismatch}");
        assert_eq!(mismatch.differences[0].field, field);
    }
}

/// Case C07: a server that left a nicety out by itself has not refused the call.
#[test]
fn an_optional_setting_that_was_not_applied_is_told_and_no_mismatch() {
    for (pointer, value, setting) in [
        ("/audio/output/voice", json!("alloy"), OptionalSetting::Voice),
        ("/audio/output/voice", json!(null), OptionalSetting::Voice),
        ("/audio/input/transcription", json!(null), OptionalSetting::TranscriptionModel),
        ("/audio/input/transcription/model", json!("whisper-1"), OptionalSetting::TranscriptionModel),
        ("/audio/input/turn_detection/type", json!("semantic_vad"), OptionalSetting::TurnDetection),
    ] {
        let mut session = echo_of_full();
        *session.pointer_mut(pointer).unwrap() = value;
        assert_eq!(full().verify_echo(&echo(session)), Ok(vec![setting]), "{pointer}");
    }
    let mut deaf = echo_of_full();
    deaf["audio"]["input"]["turn_detection"] = json!(null);
    assert!(full().verify_echo(&echo(deaf)).is_err(), "the caller would never be answered");
}

#[test]
fn the_untouched_default_session_shows_every_difference_at_once_and_no_instructions() {
    let default = json!({
        "type": "realtime", "instructions": "Your knowledge cutoff is 2025-06.", "tools": null,
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000}, "transcription": null,
                "turn_detection": {"type": "server_vad", "create_response": true, "interrupt_response": true}
            },
            "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "alloy"}
        }
    });
    let mismatch = full().verify_echo(&echo(default)).unwrap_err();
    let shown = format!("{mismatch} {mismatch:?} {:?}", full());
    assert_eq!(mismatch.differences.len(), 6, "{mismatch}");
    assert!(!shown.contains("Robin") && !shown.contains("cutoff"), "{shown}");
}

#[test]
fn what_a_change_leaves_alone_is_not_compared() {
    let nothing = SessionConfig::change().build().unwrap();
    assert_eq!(nothing.verify_echo(&echo(json!({}))), Ok(vec![]));

    let manual_turns = SessionConfig::change().turn_detection(None).transcription(None).build().unwrap();
    assert_eq!(manual_turns.verify_echo(&echo(json!({}))), Ok(vec![]));
    assert!(manual_turns.verify_echo(&echo(echo_of_full())).is_err());
}
