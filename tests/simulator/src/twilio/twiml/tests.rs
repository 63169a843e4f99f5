use super::*;

fn verbs(body: &str) -> Vec<Verb> {
    let document =
        parse(&format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>{body}</Response>")).unwrap();
    assert!(document.warnings.is_empty(), "{:?}", document.warnings);
    document.verbs
}

fn warnings(body: &str) -> Vec<String> {
    parse(&format!("<Response>{body}</Response>")).unwrap().warnings
}

#[test]
fn a_connect_carries_its_action_and_the_streams_parameters() {
    let body = r#"
        <Connect action="/after?x=1&amp;y=2" method="POST">
          <Stream url="wss://media.example.com/stream" name="agent" statusCallback="https://example.com/s">
            <Parameter name="token" value="a&lt;b&#x20;&quot;"/>
          </Stream>
        </Connect>"#;
    let stream = StreamNoun {
        url: "wss://media.example.com/stream".into(),
        name: Some("agent".into()),
        track: None,
        status_callback: Some(ActionAddress { url: "https://example.com/s".into(), get: false }),
        parameters: vec![("token".into(), "a<b \"".into())],
    };
    let action = Some(ActionAddress { url: "/after?x=1&y=2".into(), get: false });
    assert_eq!(verbs(body), [Verb::Connect { action, stream }]);
}

#[test]
fn text_is_unescaped_and_ssml_is_spoken() {
    let body = "<Say voice=\"Polly.Vicki-Neural\">Gr&#252;&#xDF; &amp; <break time=\"1s\"/><emphasis>Gott</emphasis><![CDATA[ <b>]]></Say>";
    assert_eq!(verbs(body), [Verb::Say { text: "Grüß & Gott <b>".into(), times: 1 }]);
}

#[test]
fn names_are_case_sensitive_and_unknown_ones_are_reported_and_skipped() {
    let document = parse("<Response><say>hi</say><Pause Length=\"3\"/><Hangup/></Response>").unwrap();
    assert_eq!(document.verbs, [Verb::Pause { seconds: 1 }, Verb::Hangup]);
    assert_eq!(document.warnings.len(), 2, "{:?}", document.warnings);
}

#[test]
fn a_stream_started_in_the_background_is_reported() {
    assert_eq!(warnings("<Start><Stream url=\"wss://example.com\"/></Start><Hangup/>").len(), 1);
    assert_eq!(warnings("<Start/>").len(), 1);
}

#[test]
fn a_recording_in_the_background_is_read_with_twilios_defaults_and_odd_words_are_reported() {
    let noun = |text: &str| match &verbs(&format!("<Start>{text}</Start>"))[..] {
        [Verb::StartRecording(noun)] => (noun.dual, noun.trim, noun.events.join(" ")),
        other => panic!("{other:?}"),
    };
    assert_eq!(noun("<Recording/>"), (true, false, String::new()));
    let all =
        r#"<Recording channels="mono" trim="trim-silence" recordingStatusCallbackEvent="absent completed"/>"#;
    assert_eq!(noun(all), (false, true, "absent completed".into()));
    for odd in ["channels=\"2\"", "trim=\"yes\"", "recordingChannels=\"dual\""] {
        assert_eq!(warnings(&format!("<Start><Recording {odd}/></Start>")).len(), 1, "{odd}");
    }
}

#[test]
fn a_gather_keeps_only_its_prompts() {
    let body = "<Gather numDigits=\"1\" timeout=\"2\" action=\"/menu\"><Say>press</Say><Hangup/></Gather>";
    let document = parse(&format!("<Response>{body}</Response>")).unwrap();
    assert_eq!(document.warnings.len(), 1);
    let [Verb::Gather(gather)] = &document.verbs[..] else { panic!("{:?}", document.verbs) };
    assert_eq!((gather.num_digits, gather.timeout_s, gather.prompts.len()), (Some(1), 2, 1));
}

#[test]
fn a_dial_finds_its_numbers_as_text_and_as_nouns() {
    let dialled = |body| match verbs(body).remove(0) {
        Verb::Dial { numbers, timeout_s, .. } => (numbers, timeout_s),
        other => panic!("{other:?}"),
    };
    assert_eq!(dialled("<Dial>+15005550006</Dial>"), (vec!["+15005550006".into()], 30));
    assert_eq!(dialled("<Dial timeout=\"7\"><Number>+15005550006</Number></Dial>").1, 7);
}

#[test]
fn what_is_not_twiml_is_refused() {
    for text in [
        "",
        "{}",
        "<Response>",
        "<Response></Reply>",
        "<html></html>",
        "<Response/><Response/>",
        "<Response>&nbsp;</Response>",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}
