use proptest::prelude::*;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};

use super::element::is_legal;
use super::*;

fn connect(stream: Stream) -> Response {
    Response::new().then(Connect { action: Some("https://api.example.com/after-stream".into()), stream })
}

fn stream(url: &str) -> Stream {
    Stream { url: url.into(), name: None, status_callback: None, parameters: Vec::new() }
}

fn say(text: &str) -> Say {
    Say { text: text.into(), ..Say::default() }
}

/// Elements in document order, with their attributes and their text, as another XML reader sees them.
type Parsed = Vec<(String, Vec<(String, String)>, String)>;

fn parse(xml: &str) -> Parsed {
    let mut reader = Reader::from_str(xml);
    let mut parsed: Parsed = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) | Event::Empty(tag) => {
                let attribute = |attribute: quick_xml::events::attributes::Attribute<'_>| {
                    let value = attribute.normalized_value(XmlVersion::Explicit1_0).unwrap();
                    (attribute.key.as_ref().to_owned(), value.into_owned())
                };
                let attributes = tag.attributes().map(|a| attribute(a.unwrap())).collect();
                parsed.push((tag.name().as_ref().to_owned(), attributes, String::new()));
            }
            Event::Text(text) => {
                if let Some(last) = parsed.last_mut() {
                    last.2.push_str(&text.xml10_content());
                }
            }
            Event::GeneralRef(reference) => {
                let last = &mut parsed.last_mut().unwrap().2;
                match reference.resolve_char_ref().unwrap() {
                    Some(c) => last.push(c),
                    None => last.push_str(resolve_xml_entity(&reference).unwrap()),
                }
            }
            Event::End(_) | Event::Decl(_) => {}
            Event::Eof => return parsed,
            unexpected => panic!("{unexpected:?}"),
        }
    }
}

#[test]
fn a_call_is_connected_to_its_stream() {
    let stream = Stream {
        url: "wss://media.example.com/twilio/stream".into(),
        name: Some("agent".into()),
        status_callback: Some("https://api.example.com/stream-status".into()),
        parameters: vec![("token".into(), "a&b".into())],
    };
    assert_eq!(
        connect(stream).then(say("Sorry.")).to_xml().unwrap(),
        concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?><Response>"#,
            r#"<Connect action="https://api.example.com/after-stream">"#,
            r#"<Stream url="wss://media.example.com/twilio/stream" name="agent" "#,
            r#"statusCallback="https://api.example.com/stream-status">"#,
            r#"<Parameter name="token" value="a&amp;b"/></Stream></Connect><Say>Sorry.</Say></Response>"#,
        )
    );
}

#[test]
fn every_other_verb_is_written_with_its_attributes() {
    let number = Number { number: "+43720123456".into(), url: None, status_callback: None };
    let dial = Dial { action: None, timeout_s: 20, caller_id: Some("+43720999999".into()), number };
    let record = Record {
        action: Some("/after-message".into()),
        play_beep: true,
        timeout_s: 5,
        max_length_s: 120,
        recording_status_callback: None,
    };
    let response = Response::new()
        .then(Say {
            text: "Grüß Gott".into(),
            voice: Some("Polly.Vicki-Neural".into()),
            language: Some("de-DE".into()),
        })
        .then(Play { url: "https://cdn.example.com/hold.mp3".into() })
        .then(Pause { length_s: 2 })
        .then(record)
        .then(StartRecording {
            recording_status_callback: "https://api.example.com/recording?a=1&b#rc=2".into(),
        })
        .then(dial)
        .then(Redirect { url: "/twilio/voice".into() })
        .then(Verb::Hangup);
    let xml = response.to_xml().unwrap();
    for expected in [
        r#"<Say voice="Polly.Vicki-Neural" language="de-DE">Grüß Gott</Say>"#,
        "<Play>https://cdn.example.com/hold.mp3</Play>",
        r#"<Pause length="2"/>"#,
        r#"<Record action="/after-message" playBeep="true" timeout="5" maxLength="120" trim="do-not-trim"/>"#,
        concat!(
            r#"<Start><Recording recordingStatusCallback="https://api.example.com/recording?a=1&amp;b#rc=2" "#,
            r#"recordingStatusCallbackMethod="POST" "#,
            r#"recordingStatusCallbackEvent="in-progress completed absent" channels="dual" "#,
            r#"trim="do-not-trim"/></Start>"#,
        ),
        r#"<Dial timeout="20" callerId="+43720999999"><Number>+43720123456</Number></Dial>"#,
        "<Redirect>/twilio/voice</Redirect><Hangup/></Response>",
    ] {
        assert!(xml.contains(expected), "{expected}\n{xml}");
    }
    assert!(Response::new().to_xml().unwrap().ends_with("<Response/>"));
}

#[test]
fn a_stream_url_is_secure_and_carries_no_query() {
    for good in [
        "wss://media.example.com/s",
        "wss://media.example.com:443",
        "ws://127.0.0.1:8080/s",
        "ws://localhost/s",
        "ws://[::1]:1/s",
    ] {
        assert!(connect(stream(good)).to_xml().is_ok(), "{good}");
    }
    for bad in [
        "ws://media.example.com/s",
        "https://media.example.com/s",
        "wss://",
        "wss:///s",
        "wss://media.example.com/s?token=1",
        "wss://media.example.com/s#x",
        "wss://media.example.com/s t",
        "ws://127.0.0.1@media.example.com/s",
        "ws://127.0.0.1.example.com/s",
        "/relative",
        "",
    ] {
        assert_eq!(connect(stream(bad)).to_xml(), Err(TwimlError::StreamUrl), "{bad}");
    }
}

#[test]
fn other_addresses_are_secure_or_from_the_root() {
    let play = |url: &str| Response::new().then(Play { url: url.into() }).to_xml();
    for good in ["https://a.example/x?y=1&z=2#rc=2", "/a", "http://localhost:80/a"] {
        assert!(play(good).is_ok(), "{good}");
    }
    for bad in
        ["http://a.example/x", "ftp://a.example", "//a.example", "a", "", "javascript:x", "https://a example"]
    {
        assert_eq!(play(bad), Err(TwimlError::Url("Play")), "{bad}");
    }
}

#[test]
fn a_parameter_stays_below_its_limit() {
    let with = |name: &str, value_characters: usize| {
        let parameters = vec![(name.to_owned(), "ü".repeat(value_characters))];
        connect(Stream { parameters, ..stream("wss://media.example.com/s") }).to_xml()
    };
    assert!(with("token", 494).is_ok());
    assert_eq!(with("token", 495), Err(TwimlError::Parameter));
    assert_eq!(with("", 1), Err(TwimlError::Parameter));
}

#[test]
fn reject_comes_first_or_not_at_all() {
    let first = Response::new().then(Reject::Busy).to_xml().unwrap();
    assert!(first.contains(r#"<Reject reason="busy"/>"#));
    let late = Response::new().then(say("No.")).then(Reject::Rejected);
    assert_eq!(late.to_xml(), Err(TwimlError::RejectNotFirst));
}

#[test]
fn only_a_number_in_international_form_is_dialled_or_shown() {
    let dial = |to: &str, caller_id: Option<&str>| {
        let number = Number { number: to.into(), url: None, status_callback: None };
        let caller_id = caller_id.map(str::to_owned);
        Response::new().then(Dial { action: None, timeout_s: 20, caller_id, number }).to_xml()
    };
    assert_eq!(dial("0720123456", None), Err(TwimlError::Number("Number")));
    assert_eq!(dial("sip:a@example.com", None), Err(TwimlError::Number("Number")));
    assert_eq!(dial("+43720123456", Some("anonymous")), Err(TwimlError::Number("Dial callerId")));
}

#[test]
fn a_document_is_bounded_once_escaped() {
    assert!(Response::new().then(say(&"x".repeat(MAX_DOCUMENT_BYTES - 100))).to_xml().is_ok());
    let escaped = Response::new().then(say(&"&".repeat(MAX_DOCUMENT_BYTES / 4))).to_xml();
    assert_eq!(escaped, Err(TwimlError::TooLarge));
}

#[test]
fn instructions_print_no_text() {
    let response = connect(stream("wss://media.example.com/s")).then(say("canary"));
    assert_eq!(format!("{response:?}"), r#"["Connect", "Say"]"#);
}

/// Any text, with the characters that XML gives a meaning, or cannot hold, more often than chance.
fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<String>(),
        "[<>&\"' \t\r\n\\x00-\\x08]{1,6}",
        Just("</Say><Dial>+4390012345</Dial><Say>".to_owned()),
        Just("\"/><Hangup/><Say x=\"".to_owned()),
        Just("]]>&#0;&amp;<!-- <?xml".to_owned()),
        Just("\u{FFFE}\u{FFFF}\u{7F}\u{85}\u{2028}".to_owned()),
    ];
    prop::collection::vec(part, 0..4).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_text_reads_back_as_the_same_text_and_adds_no_element(text in hostile(), name in hostile(), value in hostile()) {
        let short = |text: &str| text.chars().take(200).collect::<String>();
        let (name, value) = (format!("n{}", short(&name)), short(&value));
        let parameters = vec![(name.clone(), value.clone())];
        let xml = connect(Stream { parameters, ..stream("wss://media.example.com/s") })
            .then(Say { text: text.clone(), voice: Some(value.clone()), language: None })
            .to_xml()
            .unwrap();

        let legal = |text: &str| text.chars().filter(|c| is_legal(*c)).collect::<String>();
        let parsed = parse(&xml);
        let names: Vec<_> = parsed.iter().map(|(name, _, _)| name.as_str()).collect();
        prop_assert_eq!(names, ["Response", "Connect", "Stream", "Parameter", "Say"]);
        let expected = vec![("name".to_owned(), legal(&name)), ("value".to_owned(), legal(&value))];
        prop_assert_eq!(&parsed[3].1, &expected);
        prop_assert_eq!(&parsed[4].1, &vec![("voice".to_owned(), legal(&value))]);
        prop_assert_eq!(&parsed[4].2, &legal(&text));
    }
}
