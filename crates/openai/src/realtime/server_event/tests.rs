use proptest::prelude::*;

use super::*;
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
    assert_eq!(said.transcript.as_str(), "Hello");
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
fn a_known_event_of_the_wrong_shape_is_named_and_not_quoted() {
    for (frame, event) in [
        (
            r#"{"type":"response.output_audio.delta","response_id":"r","item_id":"i","content_index":0,"delta":"se!cret"}"#,
            "response.output_audio.delta",
        ),
        (
            r#"{"type":"response.output_audio.delta","response_id":"r","item_id":"i","delta":"AAAA","delta":"AAAA"}"#,
            "response.output_audio.delta",
        ),
        (
            r#"{"type":"input_audio_buffer.speech_started","item_id":"i","audio_start_ms":"secret"}"#,
            "input_audio_buffer.speech_started",
        ),
        (r#"{"type":"response.done"}"#, "response.done"),
        (
            r#"{"type":"conversation.item.created","item":{"type":"function_call","name":"secret"}}"#,
            "conversation.item.added",
        ),
        (r#"{"type":"error","error":"secret"}"#, "error"),
    ] {
        let error = ServerEvent::parse(frame.as_bytes()).unwrap_err();
        assert!(matches!(error, ServerEventError::Shape { event: named, .. } if named == event), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
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
            prop_assert!(error.to_string().len() < 150);
        }
        prop_assert!(ServerEvent::parse(&damaged[..at]).is_err());
    }
}
