use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn sid(prefix: &str) -> String {
    format!("{prefix}{}", "1".repeat(32))
}

fn frame() -> String {
    BASE64.encode([0xFF; 160])
}

/// A media message as Twilio writes it, in its own order of fields.
fn media_message() -> String {
    format!(
        r#"{{"event":"media","sequenceNumber":"2","streamSid":"{}","media":{{"track":"inbound","chunk":"1","timestamp":"20","payload":"{}"}}}}"#,
        sid("MZ"),
        frame()
    )
}

fn start_message(change: impl FnOnce(&mut serde_json::Value)) -> String {
    let mut message = json!({
        "event": "start",
        "sequenceNumber": "1",
        "streamSid": sid("MZ"),
        "start": {
            "streamSid": sid("MZ"),
            "accountSid": sid("AC"),
            "callSid": sid("CA"),
            "tracks": ["inbound"],
            "mediaFormat": { "encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1 },
            "customParameters": { "token": "canary" },
        },
    });
    change(&mut message);
    message.to_string()
}

#[test]
fn every_documented_message_is_read() {
    assert_eq!(parse(r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#), Ok(Inbound::Connected));

    let Ok(Inbound::Start(start)) = parse(&start_message(|_| ())) else { panic!() };
    assert_eq!(start.call_sid.as_str(), sid("CA"));
    assert_eq!(start.custom_parameters["token"], "canary");
    assert!(start.format.is_mulaw_8k());

    let message = media_message();
    let Ok(Inbound::Media(media)) = parse(&message) else { panic!() };
    assert_eq!((media.track, media.chunk, media.timestamp_ms), (Track::Inbound, 1, 20));
    assert_eq!(media.payload, frame());

    let mz = sid("MZ");
    let message =
        format!(r#"{{"event":"dtmf","streamSid":"{mz}","dtmf":{{"track":"inbound_track","digit":"*"}}}}"#);
    assert_eq!(parse(&message), Ok(Inbound::Dtmf { stream_sid: mz.as_str().into(), digit: '*' }));
    let message = format!(r#"{{"event":"mark","streamSid":"{mz}","mark":{{"name":"i:1240:m7"}}}}"#);
    assert_eq!(
        parse(&message),
        Ok(Inbound::Mark { stream_sid: mz.as_str().into(), name: "i:1240:m7".into() })
    );
    let message = format!(r#"{{"event":"stop","streamSid":"{mz}","stop":{{"callSid":"x"}}}}"#);
    assert_eq!(parse(&message), Ok(Inbound::Stop { stream_sid: mz.as_str().into() }));
    assert_eq!(parse(r#"{"event":"new","media":5}"#), Ok(Inbound::Unknown("new".into())));
}

/// Fault 48.
#[test]
fn a_start_that_does_not_name_its_call_is_refused() {
    for field in ["streamSid", "accountSid", "callSid"] {
        for wrong in ["", "x", "CA1", &sid("RE")] {
            let message = start_message(|message| message["start"][field] = wrong.into());
            assert_eq!(parse(&message), Err(MessageError::Identity), "{field} {wrong}");
        }
    }
    let other = start_message(|message| message["streamSid"] = format!("MZ{}", "2".repeat(32)).into());
    assert_eq!(parse(&other), Err(MessageError::Identity));
}

/// Fault 49.
#[test]
fn garbage_is_an_error_and_bounded() {
    let nested = "[".repeat(10_000);
    let event_after_nesting = format!(r#"{{"x":{}{},"event":"connected"}}"#, nested, "]".repeat(10_000));
    for garbage in [
        "",
        "x",
        "{}",
        "[]",
        r#"{"event":1}"#,
        r#"{"event":"media"}"#,
        r#"{"event":"mark","streamSid":"MZ"}"#,
        &nested,
    ] {
        assert!(matches!(parse(garbage), Err(MessageError::Malformed { .. })), "{garbage}");
    }
    assert!(!matches!(parse(&event_after_nesting), Err(MessageError::TooLarge { .. })));
    let large = " ".repeat(MAX_MESSAGE_BYTES + 1);
    assert_eq!(parse(&large), Err(MessageError::TooLarge { bytes: MAX_MESSAGE_BYTES + 1 }));
    assert!(fast::media(large.as_bytes()).is_none());
}

/// Fault 50.
#[test]
fn audio_that_is_not_base64_is_never_handed_on() {
    let too_long = "A".repeat(MAX_PAYLOAD_BYTES + 4);
    for bad in [
        "",
        "A",
        "AAA",
        "AAAA=",
        "A===",
        "====",
        "AA==AAAA",
        "AAA-",
        "AB==",
        "AAB=",
        "AAAé",
        too_long.as_str(),
    ] {
        let message = media_message().replace(&frame(), bad);
        assert_eq!(parse(&message), Err(MessageError::Payload), "{bad}");
        assert!(fast::media(message.as_bytes()).is_none(), "{bad}");
    }
    let longest = media_message().replace(&frame(), &too_long[4..]);
    assert!(parse(&longest).is_ok() && fast::media(longest.as_bytes()).is_some());
}

#[test]
fn the_fast_path_reads_what_twilio_writes() {
    let message = media_message();
    let media = fast::media(message.as_bytes()).unwrap();
    assert_eq!(media.stream_sid, sid("MZ").as_bytes());
    assert_eq!((media.chunk, media.timestamp_ms, media.payload), (1, 20, frame().as_bytes()));
}

#[test]
fn numbers_may_be_numbers() {
    let message = media_message().replace(r#""chunk":"1""#, r#""chunk":1"#);
    assert!(matches!(parse(&message), Ok(Inbound::Media(media)) if media.chunk == 1));
    assert!(fast::media(message.as_bytes()).is_none());
}

#[test]
fn eight_bytes_are_a_millisecond() {
    assert_eq!(
        (frame().len(), encoded_ms(frame().len(), 2), decoded_bytes(frame().as_bytes())),
        (216, 20, 160)
    );
    assert_eq!(encoded_ms(0, 0), 0);
    assert_eq!(encoded_ms(4, 2), 0);
}

#[test]
fn outbound_messages_are_the_documented_ones() {
    let mut buf = Vec::new();
    media_into(&mut buf, "MZ1", b"////").unwrap();
    assert_eq!(media_into(&mut buf, "MZ1", b"\"}]"), Err(MessageError::Payload));
    mark_into(&mut buf, "MZ1", "i:1240:m7");
    clear_into(&mut buf, "MZ1");
    assert_eq!(
        String::from_utf8(buf).unwrap(),
        concat!(
            r#"{"event":"media","streamSid":"MZ1","media":{"payload":"////"}}"#,
            r#"{"event":"mark","streamSid":"MZ1","mark":{"name":"i:1240:m7"}}"#,
            r#"{"event":"clear","streamSid":"MZ1"}"#,
        )
    );
}

#[test]
fn a_message_prints_no_token_and_no_audio() {
    let message = start_message(|_| ());
    assert_eq!(format!("{:?}", parse(&message)), "Ok(Start)");
}

/// The value of a field: what Twilio writes, and what it never would.
fn value(genuine: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    let quoted = |text: String| format!("\"{text}\"");
    prop_oneof![
        20 => genuine.prop_map(quoted),
        1 => "[0-9]{1,3}",
        1 => prop::sample::select(vec![
            "null", "{}", "[]", r#""""#, r#""\u0031""#, r#""1\"""#, r#""AA\/A""#, r#""+1""#, r#""-1""#, r#"" 1""#,
            r#""99999999999999999999""#, r#""007""#, r#""payload\":\"AAAA""#, r#"{"payload":"AAAA"}"#, "\"\u{7f}é\"", "\"\t\"",
        ])
        .prop_map(str::to_owned),
    ]
}

fn object(fields: Vec<String>) -> impl Strategy<Value = String> {
    let comma = prop_oneof![30 => Just(","), 1 => Just(", "), 1 => Just("")];
    (Just(fields).prop_shuffle(), comma).prop_map(|(fields, comma)| format!("{{{}}}", fields.join(comma)))
}

/// Media messages with their fields in any order, some missing, some twice, some strange.
fn messages() -> impl Strategy<Value = String> {
    let number = "[0-9]{1,6}";
    let payload =
        prop_oneof!["([A-Za-z0-9+/]{4}){1,4}", "([A-Za-z0-9+/]{4}){0,2}[A-Za-z0-9+/][AQgw]==", ".{0,6}"];
    let field = |name: &'static str, value: BoxedStrategy<String>| {
        let field = value.prop_map(move |value| format!("\"{name}\":{value}")).boxed();
        prop_oneof![
            30 => prop::collection::vec(field.clone(), 1),
            1 => prop::collection::vec(field, 0..3),
        ]
    };
    let audio = (
        field("track", value(prop::sample::select(vec!["inbound"; 9]).prop_map(str::to_owned)).boxed()),
        field("chunk", value(number).boxed()),
        field("timestamp", value(number).boxed()),
        field("payload", value(payload).boxed()),
    )
        .prop_flat_map(|(a, b, c, d)| object([a, b, c, d].concat()));
    let event = prop_oneof![20 => Just(Vec::new()), 1 => Just(vec!["\"event\":\"media\"".to_owned()])];
    (
        event,
        field("sequenceNumber", value(number).boxed()),
        field("streamSid", value("MZ[0-9a-f]{4}").boxed()),
        field("media", audio.boxed()),
        prop_oneof![20 => Just(""), 1 => Just(" "), 1 => Just("}"), 1 => Just("x")],
    )
        .prop_flat_map(|(event, sequence, stream, media, end)| {
            let rest = object([event, sequence, stream, media].concat());
            rest.prop_map(move |rest| format!("{{\"event\":\"media\",{}{end}", &rest[1..]))
        })
}

fn assert_agreement(message: &str) -> Result<bool, TestCaseError> {
    let Some(fast) = fast::media(message.as_bytes()) else { return Ok(false) };
    let Ok(Inbound::Media(full)) = parse(message) else {
        return Err(TestCaseError::fail(format!("only the fast path reads {message}")));
    };
    prop_assert_eq!(full.track, Track::Inbound);
    prop_assert_eq!(full.stream_sid.as_bytes(), fast.stream_sid);
    prop_assert_eq!(full.payload.as_bytes(), fast.payload);
    prop_assert_eq!((full.timestamp_ms, full.chunk), (fast.timestamp_ms, fast.chunk));
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn the_fast_path_never_disagrees_with_the_parser(message in messages()) {
        assert_agreement(&message)?;
    }

    /// Case B31.
    #[test]
    fn the_fast_path_reads_every_order_of_fields(
        audio in Just(["track", "chunk", "timestamp", "payload"]).prop_shuffle(),
        outer in Just(["sequenceNumber", "streamSid", "media"]).prop_shuffle(),
        chunk: u64, timestamp: u32, audio_bytes in prop::collection::vec(any::<u8>(), 1..400),
    ) {
        let value = |name: &str| match name {
            "track" => "\"inbound\"".to_owned(),
            "chunk" => format!("\"{chunk}\""),
            "timestamp" => format!("\"{timestamp}\""),
            "payload" => format!("\"{}\"", BASE64.encode(&audio_bytes)),
            "sequenceNumber" => "\"7\"".to_owned(),
            _ => format!("\"{}\"", sid("MZ")),
        };
        let write = |name: &str, value: String| format!("\"{name}\":{value}");
        let audio = audio.map(|name| write(name, value(name))).join(",");
        let outer = outer.map(|name| match name {
            "media" => format!("\"media\":{{{audio}}}"),
            name => write(name, value(name)),
        });
        let message = format!("{{\"event\":\"media\",{}}}", outer.join(","));
        prop_assert!(assert_agreement(&message)?, "{message}");
    }

    #[test]
    fn a_damaged_message_is_read_alike_or_not_at_all(at in any::<prop::sample::Index>(), with in any::<char>()) {
        let mut message: Vec<char> = media_message().chars().collect();
        let at = at.index(message.len());
        message[at] = with;
        assert_agreement(&message.into_iter().collect::<String>())?;
    }

    #[test]
    fn base64_is_what_a_strict_decoder_takes(text in prop_oneof!["[A-Za-z0-9+/=]{0,12}", "([A-D]{4}){0,3}[AQgwBC][AQgwBC]=[=A]", ".{0,8}"]) {
        let strict = !text.is_empty() && BASE64.decode(&text).is_ok();
        prop_assert_eq!(is_base64(text.as_bytes()), strict);
        if let Ok(bytes) = BASE64.decode(&text) {
            prop_assert_eq!(decoded_bytes(text.as_bytes()), bytes.len());
        }
    }

    #[test]
    fn a_mark_comes_back_with_any_name(
        name in prop_oneof![".{0,20}", "[\\x00-\\x20\"\\\\/é]{0,12}"],
        stream: String,
    ) {
        let mut buf = Vec::new();
        mark_into(&mut buf, &stream, &name);
        let message = String::from_utf8(buf).unwrap();
        prop_assert_eq!(parse(&message), Ok(Inbound::Mark { stream_sid: stream.into(), name: name.into() }));
    }
}
