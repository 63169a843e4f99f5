use std::time::Duration;

use super::*;

/// Calls a product whose agent is `agent`; the call ends with what `/after` answers, by default a hang-up.
async fn call_with<Agent, Done>(
    prepare: impl FnOnce(&Product, CallSpec) -> CallSpec,
    agent: Agent,
) -> (Arc<CallOutcome>, Product)
where
    Agent: FnOnce(Bridge) -> Done,
    Done: Future<Output = ()> + Send + 'static,
{
    let (twilio, product) = (twilio().await, Product::start().await);
    let (listener, connect) = bridge_listener().await;
    product.twiml("/voice", &connect);
    product.twiml("/after", "<Hangup/>");
    let call = twilio.call(prepare(&product, product.inbound(Vec::new())));
    let agent = tokio::spawn(agent(Bridge::accept(&listener).await));
    let outcome = call.finished().await;
    agent.await.unwrap();
    (outcome, product)
}

/// The caller's first step where the stream must be open already: the agent is heard over nothing else.
const AFTER_THE_AGENT: CallerStep = CallerStep::WaitForAgent { quiet_ms: 40, max_ms: 10_000 };

fn script(spec: CallSpec, steps: Vec<CallerStep>) -> CallSpec {
    CallSpec { person: Person::Talks { script: CallerScript::new(steps), patience: None }, ..spec }
}

#[tokio::test]
async fn a_stream_greets_and_counts_as_documented() {
    let (twilio, product) = (twilio().await, Product::start().await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/stream", listener.local_addr().unwrap());
    let parameter = r#"<Parameter name="token" value="a&amp;b"/>"#;
    product.twiml(
        "/voice",
        &format!(r#"<Connect><Stream url="{url}?dropped=1">{parameter}</Stream></Connect>"#),
    );
    let bytes: Vec<u8> = (0..=255).cycle().take(480).collect();
    let say = CallerStep::Say { mulaw: bytes.clone(), label: "bytes".into() };
    let call = twilio.call(product.inbound(vec![AFTER_THE_AGENT, say]));
    let mut bridge = Bridge::accept(&listener).await;
    assert_eq!(bridge.signature, sign_url(AUTH_TOKEN, &url));
    let start = json!({
        "event": "start", "sequenceNumber": "1", "streamSid": bridge.stream_sid,
        "start": {
            "streamSid": bridge.stream_sid, "accountSid": ACCOUNT_SID, "callSid": call.sid(), "tracks": ["inbound"],
            "mediaFormat": { "encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1 },
            "customParameters": { "token": "a&b" },
        },
    });
    assert_eq!(bridge.start, start);
    bridge.play(20).await;
    let mut heard = Vec::new();
    let mut number = 1_u32;
    while !heard.windows(bytes.len()).any(|window| window == bytes) {
        let media = bridge.next().await.unwrap();
        assert_eq!(media["sequenceNumber"], (number + 1).to_string());
        assert_eq!(media["media"]["chunk"], number.to_string());
        assert_eq!(media["media"]["timestamp"], (number * 20).to_string());
        heard.extend(STANDARD.decode(media["media"]["payload"].as_str().unwrap()).unwrap());
        number += 1;
    }
    bridge.close().await;
    let outcome = call.finished().await;
    assert_eq!(outcome.debugger_codes(), [31920], "the query was dropped and reported");
    assert_eq!((outcome.ended_by, outcome.status), (EndedBy::Twiml, CallStatus::Completed));
}

#[tokio::test]
async fn marks_come_back_when_their_audio_has_been_heard() {
    let (outcome, _) = call_with(
        |_, spec| spec,
        async |mut bridge: Bridge| {
            bridge.play(400).await;
            bridge.mark("a").await;
            bridge.play(33).await;
            bridge.mark("b").await;
            bridge.mark("c").await;
            for name in ["a", "b", "c"] {
                assert_eq!(bridge.until("mark").await.unwrap()["mark"]["name"], name);
            }
            bridge.close().await;
        },
    )
    .await;
    let start = outcome.times_ms(|kind| *kind == CallEventKind::AgentSpeechStarted)[0];
    let marks = outcome.times_ms(|kind| matches!(kind, CallEventKind::MarkReturned { played: true, .. }));
    let after: Vec<_> = marks.iter().map(|at| at - start).collect();
    assert!((400..=401).contains(&after[0]) && (433..=434).contains(&after[1]), "{after:?}");
    assert_eq!(after[1], after[2]);
    assert_eq!(audible(&outcome.line.agent), 433 * mulaw::BYTES_PER_MS);
}

#[tokio::test]
async fn a_clear_silences_at_once_and_returns_every_mark() {
    let (outcome, _) = call_with(
        |_, spec| spec,
        async |mut bridge: Bridge| {
            bridge.play(5_000).await;
            bridge.mark("x").await;
            bridge.play(1_000).await;
            bridge.mark("y").await;
            for _ in 0..5 {
                bridge.until("media").await;
            }
            bridge.clear().await;
            bridge.play(50).await;
            bridge.mark("after").await;
            for name in ["x", "y", "after"] {
                assert_eq!(bridge.until("mark").await.unwrap()["mark"]["name"], name);
            }
            bridge.close().await;
        },
    )
    .await;
    let returned: Vec<_> = outcome
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            CallEventKind::MarkReturned { name, played } => Some((name.as_str(), *played)),
            _ => None,
        })
        .collect();
    assert_eq!(returned, [("x", false), ("y", false), ("after", true)]);
    let dropped_ms = outcome
        .events
        .iter()
        .find_map(|event| match event.kind {
            CallEventKind::Cleared { dropped_ms } => Some(dropped_ms as usize),
            _ => None,
        })
        .unwrap();
    let heard_ms = audible(&outcome.line.agent) / mulaw::BYTES_PER_MS;
    // Both are whole milliseconds, rounded down.
    assert!((6_049..=6_050).contains(&(heard_ms + dropped_ms)), "{heard_ms} + {dropped_ms}");
}

#[tokio::test]
async fn a_barge_in_speaks_over_the_agent() {
    let say = CallerStep::Say { mulaw: vec![0x20; 800], label: "stop".into() };
    let (outcome, _) = call_with(
        |_, spec| script(spec, vec![CallerStep::BargeIn { after_agent_ms: 100 }, say, CallerStep::HangUp]),
        async |mut bridge: Bridge| {
            bridge.play(2_000).await;
            assert!(bridge.until("stop").await.is_some());
            assert_eq!(bridge.next().await, None);
        },
    )
    .await;
    assert_eq!(outcome.ended_by, EndedBy::Caller);
    let agent = outcome.times_ms(|kind| *kind == CallEventKind::AgentSpeechStarted)[0];
    let caller = outcome.times_ms(|kind| matches!(kind, CallEventKind::CallerSpeechStarted(_)))[0];
    assert!((100..1_000).contains(&(caller - agent)), "while the agent speaks: {caller} - {agent}");
    assert_eq!(audible(&outcome.line.caller), 800);
    assert_eq!(outcome.line.caller.len(), outcome.line.agent.len());
}

#[tokio::test]
async fn closing_the_stream_leads_to_the_action_and_hanging_up_does_not() {
    let (outcome, product) = call_with(|_, spec| spec, async |bridge: Bridge| bridge.close().await).await;
    assert_eq!(product.asked("/after")[0].param("CallStatus"), "in-progress");
    assert_eq!(outcome.ended_by, EndedBy::Twiml);

    let hang_up = vec![AFTER_THE_AGENT, CallerStep::HangUp];
    let (outcome, product) = call_with(
        |_, spec| script(spec, hang_up),
        async |mut bridge: Bridge| {
            bridge.play(20).await;
            assert!(bridge.until("stop").await.is_some());
        },
    )
    .await;
    assert!(product.asked("/after").is_empty());
    let closed = CallEventKind::StreamClosed { end: StreamEnd::CallMovedOn, dropped_messages: 0 };
    assert!(outcome.events.iter().any(|event| event.kind == closed));
}

/// Fault 48. Fault 49. Fault 50.
#[tokio::test]
async fn invalid_messages_are_dropped_and_reported_once() {
    let (outcome, _) = call_with(
        |_, spec| spec,
        async |mut bridge: Bridge| {
            bridge.send(json!({ "event": "clear", "streamSid": "MZ0" })).await;
            bridge.send(json!({ "event": "speak", "streamSid": bridge.stream_sid })).await;
            bridge
                .send(
                    json!({ "event": "media", "streamSid": bridge.stream_sid, "media": { "payload": "?" } }),
                )
                .await;
            bridge.socket.send(Message::text("not JSON")).await.unwrap();
            bridge.socket.send(Message::binary(vec![0; 10])).await.unwrap();
            bridge.close().await;
        },
    )
    .await;
    assert_eq!(outcome.debugger_codes(), [31951, 31924]);
    let closed = CallEventKind::StreamClosed { end: StreamEnd::ClosedByServer, dropped_messages: 5 };
    assert!(outcome.events.iter().any(|event| event.kind == closed), "{:?}", outcome.events);
    assert_eq!(audible(&outcome.line.agent), 0);
}

/// Fault 48. Fault 49.
#[tokio::test]
async fn messages_twilio_would_never_send_can_be_injected() {
    let inject = vec![
        (Duration::from_millis(20), Injected::Text(r#"{"event":"start","streamSid":"{streamSid}"}"#.into())),
        (Duration::from_millis(40), Injected::Binary(vec![1, 2, 3])),
    ];
    call_with(
        |_, spec| CallSpec {
            faults: CallFaults {
                stream: StreamFaults { inject, ..Default::default() },
                ..Default::default()
            },
            ..spec
        },
        async |mut bridge: Bridge| {
            let again = bridge.until("start").await.unwrap();
            assert_eq!(again["streamSid"], bridge.stream_sid);
            while !matches!(bridge.socket.next().await, Some(Ok(Message::Binary(_)))) {}
            bridge.close().await;
        },
    )
    .await;
}

#[tokio::test]
async fn a_broken_connection_brings_no_stop_and_is_reported() {
    let faults = StreamFaults { break_after: Some(Duration::from_millis(60)), ..Default::default() };
    let (outcome, product) = call_with(
        |_, spec| CallSpec { faults: CallFaults { stream: faults, ..Default::default() }, ..spec },
        async |mut bridge: Bridge| assert_eq!(bridge.until("stop").await, None),
    )
    .await;
    let closed = CallEventKind::StreamClosed { end: StreamEnd::Broken, dropped_messages: 0 };
    assert!(outcome.events.iter().any(|event| event.kind == closed));
    assert_eq!(product.asked("/after").len(), 1);
}

/// Fault 55.
#[tokio::test]
async fn a_stalled_reader_obeys_late() {
    let stall = (Duration::ZERO, Duration::from_millis(200));
    let faults = StreamFaults { stall: Some(stall), ..Default::default() };
    let (outcome, _) = call_with(
        |_, spec| CallSpec { faults: CallFaults { stream: faults, ..Default::default() }, ..spec },
        async |mut bridge: Bridge| {
            bridge.mark("late").await;
            assert!(bridge.until("mark").await.is_some());
            bridge.close().await;
        },
    )
    .await;
    let opened = outcome.times_ms(|kind| matches!(kind, CallEventKind::StreamOpened { .. }))[0];
    let marked = outcome.times_ms(|kind| matches!(kind, CallEventKind::MarkReturned { .. }))[0];
    assert!(marked - opened >= 199, "{marked} - {opened}");
}

/// Fault 56.
#[tokio::test]
async fn an_upgrade_can_come_without_its_signature_or_with_a_wrong_one() {
    for (upgrade, length) in [(UpgradeSignature::Missing, 0), (UpgradeSignature::Wrong, 28)] {
        call_with(
            |_, spec| CallSpec {
                faults: CallFaults {
                    stream: StreamFaults { upgrade, ..Default::default() },
                    ..Default::default()
                },
                ..spec
            },
            async move |bridge: Bridge| {
                let url = format!("ws://{}/stream", bridge.socket.get_ref().local_addr().unwrap());
                assert_eq!(bridge.signature.len(), length);
                assert_ne!(bridge.signature, sign_url(AUTH_TOKEN, &url));
                bridge.close().await;
            },
        )
        .await;
    }
}

/// Fault 54.
#[tokio::test]
async fn a_line_with_gaps_jumps_in_time_but_not_in_count() {
    let say = |label: &str| CallerStep::Say { mulaw: vec![0x20; 160], label: label.into() };
    let steps = vec![AFTER_THE_AGENT, say("one"), CallerStep::Pause { ms: 100 }, say("two")];
    let script = CallerScript { silence: CallerSilence::Gaps, ..CallerScript::new(steps) };
    call_with(
        |_, spec| CallSpec { person: Person::Talks { script, patience: None }, ..spec },
        async |mut bridge: Bridge| {
            let number =
                |media: &Value, name: &str| media["media"][name].as_str().unwrap().parse::<u64>().unwrap();
            bridge.play(20).await;
            let one = bridge.next().await.unwrap();
            let two = bridge.next().await.unwrap();
            assert_eq!((number(&one, "chunk"), number(&two, "chunk")), (1, 2));
            assert_eq!(number(&two, "timestamp") - number(&one, "timestamp"), 120);
            bridge.close().await;
        },
    )
    .await;
}

#[tokio::test]
async fn keys_reach_the_stream() {
    let steps = vec![AFTER_THE_AGENT, CallerStep::Dtmf { digits: "1".into() }];
    call_with(
        |_, spec| script(spec, steps),
        async |mut bridge: Bridge| {
            bridge.play(20).await;
            let dtmf = bridge.until("dtmf").await.unwrap();
            assert_eq!(dtmf["dtmf"], json!({ "track": "inbound_track", "digit": "1" }));
            bridge.close().await;
        },
    )
    .await;
}

#[tokio::test]
async fn a_stream_that_cannot_be_opened_is_reported_and_the_action_asked() {
    let (twilio, product) = (twilio().await, Product::start().await);
    product.twiml("/after", "<Hangup/>");
    let refused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let not_a_stream = product.url.authority().to_owned();
    for (url, code) in [
        (format!("ws://{refused}/"), 31902),
        (format!("ws://{not_a_stream}/"), 31920),
        ("ws://media.example.com/".to_owned(), 31922),
    ] {
        let stream = format!(r#"<Stream url="{url}" statusCallback="/stream"/>"#);
        product.twiml("/voice", &format!(r#"<Connect action="/after">{stream}</Connect>"#));
        let outcome = twilio.call(product.inbound(Vec::new())).finished().await;
        assert_eq!(outcome.debugger_codes(), [code]);
        lock(&product.site).answers.remove("/voice");
    }
    twilio.at_rest().await;
    assert_eq!(product.asked("/after").len(), 3);
    let events = product.asked("/stream");
    assert!(events.len() == 3 && events.iter().all(|asked| asked.param("StreamEvent") == "stream-error"));
}

#[tokio::test]
async fn after_a_break_the_next_verb_can_run_instead_of_the_action() {
    let config = TwilioConfig {
        say_ms_per_char: 2,
        connect_action_after_break: false,
        ..TwilioConfig::new(ACCOUNT_SID, AUTH_TOKEN)
    };
    let (twilio, product) = (Twilio::start(config).await.unwrap(), Product::start().await);
    let (listener, connect) = bridge_listener().await;
    product.twiml("/voice", &format!("{connect}<Say>the line broke</Say>"));
    let call = twilio.call(product.inbound(Vec::new()));
    drop(Bridge::accept(&listener).await);
    let outcome = call.finished().await;
    assert!(product.asked("/after").is_empty());
    assert_eq!(outcome.times_ms(|kind| matches!(kind, CallEventKind::Said(_))).len(), 1);
    assert_eq!(outcome.debugger_codes(), [31921]);
}
