use std::time::Duration;

use super::*;

async fn call(product: &Product, spec: CallSpec) -> (Arc<CallOutcome>, Twilio) {
    let twilio = twilio().await;
    let outcome = twilio.call(spec).finished().await;
    twilio.at_rest().await;
    assert!(lock(&product.site).asked.iter().all(|asked| asked.correctly_signed));
    (outcome, twilio)
}

#[tokio::test]
async fn an_inbound_call_asks_for_twiml_and_reports_its_end() {
    let product = Product::start().await;
    product.twiml("/voice", "<Say>Hello</Say><Redirect method=\"GET\">/next?step=2</Redirect>");
    product.twiml("/next", "<Hangup/>");
    let spec = CallSpec {
        extra_params: vec![("CallerName".into(), "Müller & Söhne".into())],
        ..product.inbound(Vec::new())
    };
    let (outcome, twilio) = call(&product, spec).await;

    let voice = &product.asked("/voice")[0];
    assert_eq!((voice.param("CallStatus"), voice.param("Direction")), ("ringing", "inbound"));
    assert_eq!((voice.param("From"), voice.param("To")), (FROM, TO));
    assert_eq!(voice.param("CallerName"), "Müller & Söhne");
    assert_eq!(product.asked("/next").len(), 1);

    let status = product.asked("/status");
    assert_eq!(status.len(), 1);
    let completed = &status[0];
    assert_eq!((completed.param("CallStatus"), completed.param("SequenceNumber")), ("completed", "0"));
    assert_eq!((completed.param("CallDuration"), completed.param("Duration")), ("0", "0"));
    assert!(completed.param("Timestamp").ends_with("+0000"), "{}", completed.param("Timestamp"));

    assert!(
        outcome
            .events
            .iter()
            .any(|event| matches!(&event.kind, CallEventKind::Said(text) if &**text == "Hello"))
    );
    assert!(audible(&outcome.line.agent) > 0);
    let kinds: Vec<_> = twilio.webhooks().iter().map(|webhook| webhook.kind).collect();
    assert_eq!(kinds, [WebhookKind::Voice, WebhookKind::Action, WebhookKind::CallStatus]);
}

#[tokio::test]
async fn what_is_no_twiml_is_an_application_error() {
    for (status, body, code) in
        [(500, "<Response/>", 11200), (200, "<Response><Say></Response>", 12100), (200, "<html/>", 12100)]
    {
        let product = Product::start().await;
        product.answers("/voice", status, body);
        let (outcome, _) = call(&product, product.inbound(Vec::new())).await;
        assert_eq!(outcome.debugger_codes(), [code]);
        assert_eq!((outcome.ended_by, outcome.status), (EndedBy::ApplicationError, CallStatus::Completed));
        assert!(audible(&outcome.line.agent) > 0, "the caller hears the apology");
    }
}

#[tokio::test]
async fn a_fallback_is_asked_with_the_error() {
    let product = Product::start().await;
    product.answers("/voice", 503, "");
    product.twiml("/fallback", "<Hangup/>");
    let spec = CallSpec { fallback_url: Some(product.at("/fallback")), ..product.inbound(Vec::new()) };
    let (outcome, _) = call(&product, spec).await;
    let fallback = &product.asked("/fallback")[0];
    assert_eq!(fallback.param("ErrorCode"), "11200");
    assert_eq!(fallback.param("ErrorUrl"), product.at("/voice").as_str());
    assert_eq!(outcome.ended_by, EndedBy::Twiml);
}

#[tokio::test]
async fn overrides_in_the_fragment_are_followed_and_never_sent() {
    let product = Product::start().await;
    product.answers("/voice", 503, "");
    product.answers("/voice", 503, "");
    product.twiml("/voice", "<Hangup/>");
    let spec = CallSpec {
        twiml: TwimlSource::Url { url: product.at("/voice#rc=2&rp=5xx"), get: false },
        ..product.inbound(Vec::new())
    };
    let (outcome, _) = call(&product, spec).await;
    let asked = product.asked("/voice");
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|again| again.idempotency_token == asked[0].idempotency_token));
    assert!(outcome.debugger_codes().is_empty());
}

/// Fault 16.
#[tokio::test]
async fn copies_of_the_voice_request_share_its_idempotency_token() {
    let product = Product::start().await;
    product.twiml("/voice", "<Hangup/>");
    let webhooks = WebhookFaults { voice_copies: 2, ..Default::default() };
    let spec =
        CallSpec { faults: CallFaults { webhooks, ..Default::default() }, ..product.inbound(Vec::new()) };
    let (_, _) = call(&product, spec).await;
    let asked = product.asked("/voice");
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|copy| copy.params == asked[0].params));
    assert!(asked.iter().all(|copy| copy.idempotency_token == asked[0].idempotency_token));
}

async fn statuses(webhooks: WebhookFaults) -> Vec<(String, String)> {
    let product = Product::start().await;
    product.twiml("/voice", "<Hangup/>");
    let spec = CallSpec {
        status_events: StatusEvents::All,
        faults: CallFaults { webhooks, ..Default::default() },
        ..product.inbound(Vec::new())
    };
    let (_, _) = call(&product, spec).await;
    let asked = product.asked("/status");
    asked.iter().map(|a| (a.param("SequenceNumber").to_owned(), a.param("CallStatus").to_owned())).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(number, status)| ((*number).to_owned(), (*status).to_owned())).collect()
}

#[tokio::test]
async fn every_status_can_be_reported_in_order() {
    let expected = pairs(&[("0", "ringing"), ("1", "in-progress"), ("2", "completed")]);
    assert_eq!(statuses(WebhookFaults::default()).await, expected);
}

/// Fault 1.
#[tokio::test]
async fn status_callbacks_can_be_duplicated() {
    let twice = statuses(WebhookFaults { status_copies: 1, ..Default::default() }).await;
    assert_eq!(twice.iter().filter(|(_, status)| status == "completed").count(), 2);
    assert_eq!(twice.len(), 6);
}

/// Fault 3. Fault 4.
#[tokio::test]
async fn status_callbacks_can_arrive_in_any_order() {
    let reversed = statuses(WebhookFaults { order: StatusOrder::Reversed, ..Default::default() }).await;
    assert_eq!(reversed, pairs(&[("2", "completed"), ("1", "in-progress"), ("0", "ringing")]));
    let shuffled = WebhookFaults { order: StatusOrder::Shuffled(7), ..Default::default() };
    let once = statuses(shuffled.clone()).await;
    assert_eq!(once, statuses(shuffled).await, "the same seed gives the same order");
}

/// Fault 5.
#[tokio::test]
async fn status_callbacks_can_be_lost() {
    let lost = statuses(WebhookFaults { lost: vec![CallStatus::Completed], ..Default::default() }).await;
    assert_eq!(lost, pairs(&[("0", "ringing"), ("1", "in-progress")]));
}

#[tokio::test]
async fn a_rejected_call_is_never_answered() {
    let product = Product::start().await;
    product.twiml("/voice", "<Reject reason=\"busy\"/><Say>never heard</Say>");
    let (outcome, _) = call(&product, product.inbound(Vec::new())).await;
    assert_eq!((outcome.status, outcome.ended_by), (CallStatus::Busy, EndedBy::Rejected));
    assert!(outcome.line.agent.is_empty());
    assert_eq!(product.asked("/status")[0].param("CallDuration"), "");
}

#[tokio::test]
async fn a_caller_may_give_up_before_the_answer() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let product = Product::start().await;
    let script = CallerScript::new(Vec::new());
    let spec = CallSpec {
        twiml: TwimlSource::Url {
            url: format!("http://{}/#tt=300", silent.local_addr().unwrap()).parse().unwrap(),
            get: false,
        },
        person: Person::Talks { script, patience: Some(Duration::from_millis(50)) },
        ..product.inbound(Vec::new())
    };
    let (outcome, _) = call(&product, spec).await;
    assert_eq!((outcome.status, outcome.ended_by), (CallStatus::NoAnswer, EndedBy::Caller));
    assert_eq!(product.asked("/status")[0].param("CallStatus"), "no-answer");
}

#[tokio::test]
async fn a_dial_reports_what_it_met_to_its_action() {
    let product = Product::start().await;
    product.twiml("/voice", "<Dial action=\"/dialled\"><Number>+15005550009</Number></Dial>");
    product.twiml("/dialled", "<Hangup/>");
    let answered = DialOutcome::Answered(Duration::from_millis(40));
    for (dial, status, bridged) in [
        (answered, "completed", "true"),
        (DialOutcome::Busy, "busy", "false"),
        (DialOutcome::NoAnswer(Duration::from_millis(40)), "no-answer", "false"),
    ] {
        let (outcome, _) = call(&product, CallSpec { dial, ..product.inbound(Vec::new()) }).await;
        let asked = product.asked("/dialled");
        let action = asked.last().unwrap();
        assert_eq!((action.param("DialCallStatus"), action.param("DialBridged")), (status, bridged));
        assert!(outcome.events.iter().any(|event| event.kind == CallEventKind::Dialled { status }));
    }
}

#[tokio::test]
async fn keys_answer_a_gather_and_silence_falls_through() {
    let product = Product::start().await;
    let gather = "<Gather numDigits=\"2\" timeout=\"1\" action=\"/menu\"><Say>Press a key</Say></Gather>";
    product.twiml("/voice", &format!("{gather}<Say>nothing pressed</Say>"));
    product.twiml("/menu", "<Hangup/>");
    let keys = vec![CallerStep::BargeIn { after_agent_ms: 0 }, CallerStep::Dtmf { digits: "42".into() }];
    let (_, _) = call(&product, product.inbound(keys)).await;
    assert_eq!(product.asked("/menu")[0].param("Digits"), "42");
    let (outcome, _) = call(&product, product.inbound(Vec::new())).await;
    assert_eq!(product.asked("/menu").len(), 1);
    assert_eq!(outcome.times_ms(|kind| matches!(kind, CallEventKind::Said(_))).len(), 2);
}
