use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::realtime::ServerEvent;

const FRAME: &str = r#"{"type":"response.output_audio.delta","event_id":"event_AbC","response_id":"resp_001","item_id":"item_008","output_index":0,"content_index":0,"delta":"//7+/v///w=="}"#;

fn both(frame: &[u8]) -> (Option<FastDelta<'_>>, Option<ServerEvent<'_>>) {
    (audio_delta(frame), ServerEvent::parse(frame).ok())
}

/// The contract: where the fast path answers, the full parser answers the same.
fn agree(frame: &[u8]) -> bool {
    match both(frame) {
        (None, _) => true,
        (Some(fast), Some(ServerEvent::OutputAudioDelta(full))) => {
            fast.response_id == full.response_id
                && fast.item_id == full.item_id
                && fast.content_index == full.content_index
                && fast.delta == full.delta.as_bytes()
        }
        (Some(_), _) => false,
    }
}

#[test]
fn the_usual_frame_takes_the_fast_path() {
    let delta = audio_delta(FRAME.as_bytes()).unwrap();
    assert_eq!((delta.response_id, delta.item_id, delta.content_index), ("resp_001", "item_008", 0));
    assert_eq!(delta.delta, b"//7+/v///w==");
    assert!(agree(FRAME.as_bytes()));
}

#[test]
fn spaces_between_tokens_are_json_too() {
    let spaced = FRAME.replace(':', " :\n ").replace(',', "\t,\r ");
    assert!(audio_delta(spaced.as_bytes()).is_some());
    assert!(agree(spaced.as_bytes()));
}

/// Case C15.
#[test]
fn an_index_that_is_left_out_is_the_first() {
    let without = FRAME.replace(r#""output_index":0,"content_index":0,"#, "");
    assert_eq!(audio_delta(without.as_bytes()).unwrap().content_index, 0);
    assert!(agree(without.as_bytes()));
    for odd in ["null", "-1", "0.0", "\"0\"", "[]"] {
        let odd = FRAME.replace(r#""content_index":0"#, &format!(r#""content_index":{odd}"#));
        let Some(ServerEvent::OutputAudioDelta(delta)) = both(odd.as_bytes()).1 else {
            panic!("{odd} is lost")
        };
        assert_eq!((delta.content_index, delta.delta.as_bytes()), (0, &b"//7+/v///w=="[..]));
    }
}

#[test]
fn debug_prints_no_audio() {
    let shown = format!("{:?}", audio_delta(FRAME.as_bytes()).unwrap());
    assert!(shown.contains("item_008") && !shown.contains("//7"), "{shown}");
}

#[test]
fn anything_unusual_is_left_to_the_full_parser() {
    for (from, to) in [
        ("item_008", r"item_\u0030"),
        ("item_008", "item_ü"),
        (r#""content_index":0"#, r#""content_index":0.0"#),
        (r#""content_index":0"#, r#""content_index":00"#),
        (r#""content_index":0"#, r#""content_index":4294967296"#),
        (r#""content_index":0"#, r#""content_index":null"#),
        (r#""content_index":0"#, r#""content_index":0,"extra":{"delta":"AAAA"}"#),
        (r#""delta":"#, r#""delta":"AAAA","delta":"#),
        (r#""type":"#, r#""type":"error","type":"#),
        ("output_audio.delta", "output_text.delta"),
        ("//7+/v///w==", "//7+/v///w="),
        ("//7+/v///w==", "not base64!!"),
        (r#"=="}"#, r#"=="}{"#),
        (r#"=="}"#, r#"==""#),
        (r#"=="}"#, r#"==",}"#),
    ] {
        let frame = FRAME.replacen(from, to, 1);
        assert_ne!(frame, FRAME, "{from}");
        assert_eq!(audio_delta(frame.as_bytes()), None, "{to}");
    }
}

#[test]
fn a_delta_spelt_inside_another_text_is_not_found() {
    let hostile = br#"{"type":"response.output_text.delta","text":"\"type\":\"response.output_audio.delta\",\"delta\":\"AAAA\""}"#;
    assert_eq!(audio_delta(hostile), None);
}

/// The four fields, each usual most of the time.
fn fields() -> impl Strategy<Value = Vec<String>> {
    (
        prop_oneof![
            8 => Just(r#""type":"response.output_audio.delta""#.to_owned()),
            1 => Just(r#""type":"response.done""#.to_owned()),
            1 => Just(r#""typ\u0065":"response.output_audio.delta""#.to_owned()),
        ],
        "\"response_id\":\"[a-zA-Z0-9_ ]{0,8}\"",
        "\"item_id\":\"[a-z0-9_]{0,8}[é\t\\\\\"]?\"",
        prop_oneof![
            8 => "\"content_index\":(0|[1-9][0-9]{0,2})",
            1 => "\"content_index\":[0-9]{1,12}",
            1 => "\"content_index\":(-1|1e3|1\\.0|null|\"0\")",
        ],
        prop_oneof![
            8 => "\"delta\":\"([A-Za-z0-9+/]{4}){0,6}\"",
            1 => "\"delta\":\"[A-Za-z0-9+/=\\\\]{0,9}\"",
        ],
    )
        .prop_map(|(kind, response_id, item_id, index, delta)| vec![kind, response_id, item_id, index, delta])
}

/// Something more: harmless, a duplicate, or hostile.
fn extra() -> impl Strategy<Value = String> {
    prop_oneof![
        "\"event_id\":\"[a-z_0-9]{1,8}\"",
        "\"output_index\":(0|[1-9][0-9]{0,11}|-1|1e3|null|true|00)",
        "\"(delta|item_id|type|content_index)\":(\"AAAA\"|1)",
        "\"[a-zé\\\\]{0,4}\":(\\[\\]|\\{\"delta\":\"AAAA\"\\}|\\[{1,6}|\"[\\\\\"a-z]{0,5}\"|[a-z]{1,4})",
    ]
}

fn frame() -> impl Strategy<Value = String> {
    let members = (fields(), proptest::collection::vec(extra(), 0..3))
        .prop_map(|(fields, extras)| [fields, extras].concat())
        .prop_shuffle();
    let separator = prop_oneof![16 => Just(","), 4 => Just(" ,\n"), 1 => Just(""), 1 => Just("\u{b},")];
    let tail =
        prop_oneof![16 => Just("}"), 2 => Just("}\r\n"), 1 => Just(""), 1 => Just("}}"), 1 => Just("}\0")];
    (members, separator, tail)
        .prop_map(|(members, separator, tail)| format!("{{{}{tail}", members.join(separator)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn agrees_with_the_full_parser_on_any_object(frame in frame()) {
        prop_assert!(agree(frame.as_bytes()), "{}", frame);
    }

    #[test]
    fn takes_the_fast_path_in_any_key_order(
        order in Just(vec![
            r#""type":"response.output_audio.delta""#,
            r#""event_id":"event_1""#,
            r#""response_id":"resp_1""#,
            r#""item_id":"item_1""#,
            r#""output_index":1"#,
            r#""content_index":2"#,
            r#""delta":"AAECAw==""#,
        ]).prop_shuffle(),
    ) {
        let frame = format!("{{{}}}", order.join(","));
        prop_assert!(audio_delta(frame.as_bytes()).is_some());
        prop_assert!(agree(frame.as_bytes()));
    }

    #[test]
    fn agrees_when_any_byte_of_a_good_frame_is_damaged(at in any::<Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut frame = FRAME.as_bytes().to_vec();
        let at = at.index(frame.len());
        if cut { frame.truncate(at) } else { frame[at] = byte }
        prop_assert!(agree(&frame), "{}", String::from_utf8_lossy(&frame));
    }
}
