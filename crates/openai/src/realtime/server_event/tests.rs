use proptest::prelude::*;

use super::*;
use crate::PrivateText;
use crate::realtime::error_class::ErrorClass;
use crate::realtime::item::{ContentPart, ItemKind};
use crate::transcription::TranscriptionUsage;

fn parse(frame: &str) -> ServerEvent<'_> {
    ServerEvent::parse(frame.as_bytes()).unwrap()
}

/// An exchange with server VAD in the documented order, then the rarer events: each known one at least once.
const EXCHANGE: &str = include_str!("../../../tests/fixtures/spoken_exchange.jsonl");

fn frames() -> Vec<&'static str> {
    EXCHANGE.lines().collect()
}

fn recorded(kind: &str) -> ServerEvent<'static> {
    let head = format!(r#"{{"type":"{kind}""#);
    parse(EXCHANGE.lines().find(|frame| frame.starts_with(&head)).unwrap())
}

#[test]
fn a_whole_exchange_is_understood() {
    for frame in frames() {
        let event = parse(frame);
        assert!(!matches!(event, ServerEvent::Ignored { .. } | ServerEvent::Unknown { .. }), "{event:?}");
    }
}

#[test]
fn nothing_that_was_said_reaches_the_debug_output() {
    for frame in frames() {
        let shown = format!("{:?}", parse(frame));
        for private in ["Hel", "Hi", "//7", "day"] {
            assert!(!shown.contains(private), "{shown}");
        }
    }
}

#[test]
fn deltas_borrow_from_the_frame() {
    let ServerEvent::OutputAudioDelta(delta) = recorded("response.output_audio.delta") else {
        panic!("not a delta")
    };
    assert!(matches!(delta.item_id, Cow::Borrowed("item_2")));
    assert!(EXCHANGE.as_bytes().as_ptr_range().contains(&delta.delta.as_bytes().as_ptr()));
}

#[test]
fn the_callers_words_come_with_language_and_cost() {
    let ServerEvent::InputTranscriptCompleted(said) =
        recorded("conversation.item.input_audio_transcription.completed")
    else {
        panic!("not a transcript")
    };
    assert_eq!(said.transcript.map(PrivateText::into_string).as_deref(), Some("Hello"));
    assert_eq!(said.languages, ["en"]);
    assert_eq!(said.usage, Some(TranscriptionUsage::Duration { seconds: 1.0 }));
}

#[test]
fn the_beta_name_of_an_added_item_is_an_alias() {
    let ServerEvent::ItemAdded(added) = recorded("conversation.item.created") else { panic!("not added") };
    assert_eq!(added.previous_item_id.as_deref(), Some("item_1"));
    assert!(matches!(added.item.kind, ItemKind::Message { .. }));
}

#[test]
fn content_part_events_use_the_short_type_names() {
    let ServerEvent::ContentPartDone(done) = recorded("response.content_part.done") else {
        panic!("not a part")
    };
    assert_eq!(done.part, ContentPart::Audio { transcript: Some("Hi there".into()) });
}

#[test]
fn a_failed_transcription_says_why_or_nothing() {
    let frame = |error: &str| {
        format!(
            r#"{{"type":"conversation.item.input_audio_transcription.failed","item_id":"item_1","content_index":0,"error":{error}}}"#
        )
    };
    for (error, code) in [
        (r#"{"type":"transcription_error","code":"audio_unintelligible"}"#, Some("audio_unintelligible")),
        ("null", None),
    ] {
        let frame = frame(error);
        let ServerEvent::InputTranscriptFailed(failed) = parse(&frame) else { panic!("not a failure") };
        assert_eq!(failed.error.code.as_deref(), code);
    }
}

#[test]
fn an_error_event_names_the_client_event_that_caused_it() {
    let ServerEvent::Error(error) = parse(
        r#"{"type":"error","event_id":"event_1","error":{"type":"invalid_request_error","code":"unknown_parameter","message":"Unknown parameter: 'session.audio.input.format.rate'.","param":"session.audio.input.format.rate","event_id":"cfg1"}}"#,
    ) else {
        panic!("not an error")
    };
    assert_eq!(error.event_id.as_deref(), Some("cfg1"));
    assert_eq!(error.param.as_deref(), Some("session.audio.input.format.rate"));
    assert_eq!(error.class(), ErrorClass::Bug);
}

/// Fault 61.
#[test]
fn unknown_and_unused_events_are_no_errors() {
    let deep =
        format!(r#"{{"type":"response.hologram.delta","x":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(parse(&deep), ServerEvent::Unknown { kind: "response.hologram.delta".into() });

    for unused in [
        r#"{"type":"conversation.created","conversation":{"id":"conv_1"}}"#,
        r#"{"type":"response.function_call_arguments.delta","delta":"{"}"#,
        r#"{"type":"input_audio_buffer.dtmf_event_received","event":"1"}"#,
        r#"{"type":"output_audio_buffer.started","response_id":"resp_1"}"#,
        r#"{"type":"response.mcp_call.in_progress"}"#,
    ] {
        assert!(matches!(parse(unused), ServerEvent::Ignored { .. }), "{unused}");
    }
}

#[test]
fn an_endless_name_is_cut_at_a_character() {
    for frame in
        [format!(r#"{{"type":"{}"}}"#, "ü€".repeat(50)), format!(r#"{{"type":"\n{}"}}"#, "ü".repeat(50))]
    {
        let ServerEvent::Unknown { kind } = parse(&frame) else { panic!("known?") };
        assert!((MAX_UNKNOWN_KIND_BYTES - 3..=MAX_UNKNOWN_KIND_BYTES).contains(&kind.len()));
    }
}

#[test]
fn a_known_event_of_the_wrong_shape_is_named_by_its_field_and_not_quoted() {
    for (frame, event, field) in [
        (
            r#"{"type":"response.output_audio.delta","response_id":"r","item_id":"i","content_index":0,"delta":"se!cret"}"#,
            "response.output_audio.delta",
            "delta",
        ),
        (
            r#"{"type":"response.output_audio.delta","response_id":7,"item_id":"secret","delta":"AAAA"}"#,
            "response.output_audio.delta",
            "response_id",
        ),
        (
            r#"{"type":"response.output_audio_transcript.delta","response_id":"r","delta":"secret"}"#,
            "response.output_audio_transcript.delta",
            "item_id",
        ),
        (r#"{"type":"response.done"}"#, "response.done", "response"),
        (r#"{"type":"response.done","response":"secret"}"#, "response.done", "response"),
        (
            r#"{"type":"response.output_item.done","response_id":"r","item":{"type":"function_call","name":"secret"}}"#,
            "response.output_item.done",
            "item.call_id",
        ),
        (
            r#"{"type":"conversation.item.input_audio_transcription.completed","item_id":["secret"],"transcript":"secret"}"#,
            "conversation.item.input_audio_transcription.completed",
            "item_id",
        ),
    ] {
        let error = ServerEvent::parse(frame.as_bytes()).unwrap_err();
        assert_eq!(error, ServerEventError::Shape { event, field: field.to_owned() });
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
    let twice = r#"{"type":"response.output_audio.delta","response_id":"r","item_id":"i","delta":"AAAA","delta":"AAAA"}"#;
    assert!(ServerEvent::parse(twice.as_bytes()).is_err());
}

#[test]
fn what_is_no_event_is_refused() {
    for frame in
        ["", "[]", "null", "{}", r#"{"type":7}"#, r#"{"type":"a","type":"b"}"#, r#"{"type":"error"} {}"#]
    {
        let error = ServerEvent::parse(frame.as_bytes()).unwrap_err();
        assert!(matches!(error, ServerEventError::NotAnEvent { .. }), "{frame}: {error:?}");
    }
    assert!(ServerEvent::parse(b"{\"type\":\"\xFF\"}").is_err());

    let huge = vec![b' '; MAX_EVENT_BYTES + 1];
    assert_eq!(
        ServerEvent::parse(&huge).unwrap_err(),
        ServerEventError::TooLarge { bytes: MAX_EVENT_BYTES + 1 }
    );
}

proptest! {
    /// Fault 61.
    #[test]
    fn fields_from_the_future_never_fail_a_known_event(
        frame in prop::sample::select(frames()),
        field in "x_[a-z]{1,8}",
        value in prop::sample::select(vec!["7", "-1.5e3", "\"new\"", "null", "{\"type\":[{}]}"]),
    ) {
        let extended = format!(r#"{{"{field}":{value},{}"#, &frame[1..]);
        prop_assert_eq!(ServerEvent::parse(extended.as_bytes()), ServerEvent::parse(frame.as_bytes()));
    }

    #[test]
    fn damaged_frames_give_an_event_or_an_error_that_quotes_nothing(
        frame in prop::sample::select(frames()),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut damaged = frame.as_bytes().to_vec();
        let at = at.index(damaged.len());
        damaged[at] = byte;
        if let Err(error) = ServerEvent::parse(&damaged) {
            prop_assert!(error.to_string().len() < 200, "{}", error);
        }
        prop_assert!(ServerEvent::parse(&damaged[..at]).is_err());
    }
}

/// The fields without which an event means nothing; the rest is optional, wherever it stands.
const ESSENTIAL: [(&str, &[&str]); 17] = [
    ("session.created", &["session"]),
    ("session.updated", &["session"]),
    ("conversation.item.added", &["item"]),
    ("conversation.item.created", &["item"]),
    ("conversation.item.done", &["item"]),
    ("conversation.item.input_audio_transcription.completed", &["item_id"]),
    ("conversation.item.input_audio_transcription.failed", &["item_id"]),
    ("response.created", &["response"]),
    ("response.done", &["response"]),
    ("response.output_item.added", &["response_id", "item"]),
    ("response.output_item.done", &["response_id", "item", "item.call_id"]),
    ("response.output_audio.delta", &["response_id", "item_id", "delta"]),
    ("response.output_audio_transcript.delta", &["response_id", "item_id"]),
    ("response.output_audio_transcript.done", &["response_id", "item_id"]),
    ("response.output_text.delta", &["response_id", "item_id"]),
    ("response.output_text.done", &["response_id", "item_id"]),
    ("input_audio_buffer.speech_started", &[]),
];

/// Each documented field that the fixture leaves out, so that it can be odd as well.
fn complete(frame: &str) -> serde_json::Value {
    let mut event: serde_json::Value = serde_json::from_str(frame).unwrap();
    if let Some(response) = event.get_mut("response") {
        let details = serde_json::json!({
            "type": "failed", "reason": "other",
            "error": {"type": "server_error", "code": "server_error", "message": "m", "param": null, "event_id": "e"}
        });
        response["status_details"] = details;
        response["metadata"] = serde_json::json!({"kind": "greeting"});
        response["output"] =
            serde_json::json!([{"id": "i", "type": "message", "content": [{"type": "text", "text": "t"}]}]);
        response["usage"] = serde_json::json!({
            "total_tokens": 3, "input_tokens": 2, "output_tokens": 1,
            "input_token_details": {
                "text_tokens": 1, "audio_tokens": 1, "image_tokens": 0, "cached_tokens": 1,
                "cached_tokens_details": {"text_tokens": 1, "audio_tokens": 0, "image_tokens": 0}
            },
            "output_token_details": {"text_tokens": 0, "audio_tokens": 1}
        });
    }
    if frame.contains("transcription.completed") {
        event["usage"] = serde_json::json!({
            "type": "tokens", "seconds": 1, "output_tokens": 1, "total_tokens": 2, "input_tokens": 1,
            "input_token_details": {"audio_tokens": 1, "text_tokens": 0}
        });
    }
    if event.get("session").is_some() {
        event["session"]["instructions"] = serde_json::json!("Be kind.");
        event["session"]["tools"] = serde_json::json!([{"type": "function", "name": "book"}]);
        event["session"]["audio"] = serde_json::json!({
            "input": {
                "format": {"type": "audio/pcmu"}, "transcription": {"model": "m"},
                "turn_detection": {"type": "server_vad", "create_response": true, "interrupt_response": false}
            },
            "output": {"format": {"type": "audio/pcmu"}, "voice": {"id": "voice_1"}}
        });
    }
    event
}

/// Every place in an event, as a JSON pointer.
fn places(value: &serde_json::Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &serde_json::Value)> = match value {
        serde_json::Value::Object(fields) => {
            fields.iter().map(|(name, child)| (name.clone(), child)).collect()
        }
        serde_json::Value::Array(elements) => {
            elements.iter().enumerate().map(|(index, child)| (index.to_string(), child)).collect()
        }
        _ => vec![],
    };
    for (name, child) in children {
        let place = format!("{at}/{name}");
        found.push(place.clone());
        places(child, &place, found);
    }
}

fn without(event: &serde_json::Value, place: &str) -> serde_json::Value {
    let (parent, name) = place.rsplit_once('/').unwrap();
    let mut event = event.clone();
    match event.pointer_mut(parent).unwrap() {
        serde_json::Value::Object(fields) => drop(fields.remove(name)),
        serde_json::Value::Array(elements) => drop(elements.remove(name.parse().unwrap())),
        other => panic!("{other} holds nothing"),
    }
    event
}

/// Case C15: whatever stands in a field that an event can do without, the event is read, and as if it did not stand
/// there where it is of the wrong kind.
#[test]
fn one_odd_optional_field_never_loses_an_event() {
    let (mut tried, mut kinds) = (0, std::collections::HashSet::new());
    for frame in frames() {
        let event = complete(frame);
        let kind = event["type"].as_str().unwrap().to_owned();
        let essential = ESSENTIAL.iter().find(|(of, _)| *of == kind).map_or(&[][..], |(_, fields)| fields);
        let mut found = vec![];
        places(&event, "", &mut found);
        for place in found {
            let name = place[1..].replace('/', ".");
            if name == "type" || essential.contains(&name.as_str()) {
                continue;
            }
            let left_out = without(&event, &place).to_string();
            let left_out = ServerEvent::parse(left_out.as_bytes())
                .unwrap_or_else(|e| panic!("{kind} without {name}: {e}"));
            for odd in [
                "null",
                "\"x\"",
                "-1",
                "1.5",
                "12.0",
                "1e999",
                "[]",
                "{}",
                "true",
                "[null]",
                "[[]]",
                r#""\ud800""#,
            ] {
                let mut changed = event.clone();
                *changed.pointer_mut(&place).unwrap() = serde_json::json!("PUT HERE");
                let changed = changed.to_string().replace("\"PUT HERE\"", odd);
                let read = ServerEvent::parse(changed.as_bytes())
                    .unwrap_or_else(|e| panic!("{kind}, {name} = {odd}: {e}"));
                assert_eq!(
                    std::mem::discriminant(&read),
                    std::mem::discriminant(&left_out),
                    "{kind}, {name} = {odd}"
                );
                // What is of no kind that any field has is as if it were not there; elements of lists have no default.
                if matches!(odd, "null" | r#""\ud800""# | "1e999")
                    && !name.ends_with(|c: char| c.is_ascii_digit())
                {
                    assert_eq!(read, left_out, "{kind}, {name} = {odd}");
                }
                tried += 1;
            }
        }
        kinds.insert(kind);
    }
    assert!(tried > 1_500 && kinds.len() >= 30, "{tried} values in {} kinds of event", kinds.len());
}

/// Case C15: the numbers that test servers and gateways send.
#[test]
fn whole_numbers_are_read_however_they_are_written() {
    for (written, read) in [
        ("1000", Some(1_000)),
        ("12.0", Some(12)),
        ("12.5", Some(12)),
        ("1e3", Some(1_000)),
        ("-1", None),
        ("null", None),
        ("\"7\"", None),
    ] {
        let frame = format!(
            r#"{{"type":"input_audio_buffer.speech_started","item_id":"i","audio_start_ms":{written}}}"#
        );
        let ServerEvent::SpeechStarted(speech) = parse(&frame) else { panic!("not speech") };
        assert_eq!(speech.audio_start_ms, read, "{written}");
    }
    let ServerEvent::InputTranscriptCompleted(said) = parse(
        r#"{"type":"conversation.item.input_audio_transcription.completed","item_id":"i","transcript":"Hello",
            "languages":["en",{"code":"de"},7],"usage":{"type":"tokens","total_tokens":null,"output_tokens":12.0}}"#,
    ) else {
        panic!("not words")
    };
    assert_eq!(said.languages, ["en", "de"]);
    let usage = TranscriptionUsage::Tokens { input_audio: 0, input_text: 0, output: 12 };
    assert_eq!(said.usage, Some(usage));
}

#[test]
fn the_least_forms_of_events_are_read() {
    for least in [
        r#"{"type":"session.created","session":{}}"#,
        r#"{"type":"session.updated","session":{}}"#,
        r#"{"type":"response.created","response":{}}"#,
        r#"{"type":"response.done","response":{}}"#,
        r#"{"type":"conversation.item.added","item":{}}"#,
        r#"{"type":"response.output_item.done","response_id":"r","item":{}}"#,
        r#"{"type":"response.content_part.added","part":{}}"#,
        r#"{"type":"input_audio_buffer.speech_started"}"#,
        r#"{"type":"input_audio_buffer.speech_stopped"}"#,
        r#"{"type":"rate_limits.updated"}"#,
        r#"{"type":"error"}"#,
        r#"{"type":"error","error":"a text"}"#,
    ] {
        let event = parse(least);
        assert!(!matches!(event, ServerEvent::Ignored { .. } | ServerEvent::Unknown { .. }), "{least}");
    }
}
