use std::time::Duration;

use reqwest::Method;

use super::*;

/// A request with the account's credentials; returns the status and the JSON answered.
async fn rest(twilio: &Twilio, method: Method, path: &str, params: &[(&str, &str)]) -> (u16, Value) {
    let url = format!("{}2010-04-01/Accounts/{ACCOUNT_SID}/{path}", twilio.api_url());
    let request = twilio.account.http.request(method, url).basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN));
    let response = request.form(params).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
}

#[tokio::test]
async fn only_the_accounts_credentials_open_the_api() {
    let twilio = twilio().await;
    let url = format!("{}2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json", twilio.api_url());
    for request in [
        twilio.account.http.get(&url),
        twilio.account.http.get(&url).basic_auth(ACCOUNT_SID, Some("another token")),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 401);
        assert_eq!(response.json::<Value>().await.unwrap()["code"], 20003);
    }
    assert_eq!(rest(&twilio, Method::GET, "Calls.json", &[]).await.0, 200);
    let statuses: Vec<_> = twilio.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [401, 401, 200]);
}

/// Each account is opened by its own tokens, and knows nothing of what is in another.
#[tokio::test]
async fn accounts_beside_each_other_have_nothing_in_common() {
    let other = format!("AC{}", "9".repeat(32));
    let config = TwilioConfig {
        others: vec![(other.clone(), "its own token".to_owned())],
        ..TwilioConfig::new(ACCOUNT_SID, AUTH_TOKEN)
    };
    let twilio = Twilio::start(config).await.unwrap();
    let second = twilio.other(&other).unwrap();
    assert!(twilio.other(ACCOUNT_SID).is_none());
    let product = Product::start().await;
    product.twiml("/voice", "<Response><Pause length=\"60\"/></Response>");
    let call = second.call(product.inbound(Vec::new()));
    let ask = async |sid: &str, token: &str, path: &str| {
        let url = format!("{}2010-04-01/Accounts/{sid}{path}", twilio.api_url());
        let answer = twilio.account.http.get(url).basic_auth(sid, Some(token)).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap()["code"].as_u64())
    };
    let path = format!("/Calls/{}.json", call.sid());
    assert_eq!(ask(&other, "its own token", &path).await, (200, None));
    assert_eq!(ask(ACCOUNT_SID, AUTH_TOKEN, &path).await, (404, Some(20404)));
    assert_eq!(ask(&other, AUTH_TOKEN, ".json").await, (401, Some(20003)));
    assert_eq!(ask(ACCOUNT_SID, "its own token", ".json").await, (401, Some(20003)));

    second.set_secondary_token("the next token");
    for token in ["its own token", "the next token"] {
        assert_eq!(ask(&other, token, ".json").await, (200, None), "both open the API");
    }
    assert_eq!(second.account.signing_token(), "its own token", "one signs");
    second.promote_secondary_token();
    assert_eq!(ask(&other, "its own token", ".json").await, (401, Some(20003)));
    assert_eq!(second.account.signing_token(), "the next token");
}

#[tokio::test]
async fn a_hang_up_stops_the_stream_once() {
    let (twilio, product) = (twilio().await, Product::start().await);
    let (listener, connect) = bridge_listener().await;
    product.twiml("/voice", &connect);
    let call = twilio.call(product.inbound(Vec::new()));
    let mut bridge = Bridge::accept(&listener).await;
    let path = format!("Calls/{}.json", call.sid());
    let (status, resource) = rest(&twilio, Method::GET, &path, &[]).await;
    assert_eq!(
        (status, &resource["status"], &resource["duration"]),
        (200, &json!("in-progress"), &Value::Null)
    );

    assert_eq!(rest(&twilio, Method::POST, &path, &[("Status", "completed")]).await.0, 200);
    let stop = bridge.until("stop").await.unwrap();
    assert_eq!(stop["stop"], json!({ "accountSid": ACCOUNT_SID, "callSid": call.sid() }));
    drop(bridge);
    let outcome = call.finished().await;
    assert_eq!((outcome.ended_by, outcome.status), (EndedBy::Rest, CallStatus::Completed));
    assert!(product.asked("/after").is_empty());

    let (status, error) = rest(&twilio, Method::POST, &path, &[("Status", "completed")]).await;
    assert_eq!((status, &error["code"]), (400, &json!(21220)));
    let (status, error) = rest(&twilio, Method::POST, "Calls/CA0.json", &[("Status", "completed")]).await;
    assert_eq!((status, &error["code"]), (404, &json!(20404)));
    assert_eq!(rest(&twilio, Method::GET, &path, &[]).await.1["status"], "completed");
}

#[tokio::test]
async fn a_redirect_takes_the_call_out_of_its_stream() {
    let (twilio, product) = (twilio().await, Product::start().await);
    let (listener, connect) = bridge_listener().await;
    product.twiml("/voice", &connect);
    let call = twilio.call(product.inbound(Vec::new()));
    let mut bridge = Bridge::accept(&listener).await;
    bridge.play(5_000).await;
    bridge.until("media").await;
    let twiml = "<Response><Say>one moment</Say></Response>";
    assert_eq!(
        rest(&twilio, Method::POST, &format!("Calls/{}.json", call.sid()), &[("Twiml", twiml)]).await.0,
        200
    );
    assert!(bridge.until("stop").await.is_some());
    drop(bridge);
    let outcome = call.finished().await;
    assert_eq!(outcome.ended_by, EndedBy::Twiml);
    assert_eq!(outcome.times_ms(|kind| matches!(kind, CallEventKind::Said(_))).len(), 1);
    assert!(product.asked("/after").is_empty());
    assert!(audible(&outcome.line.agent) < 1_000 * mulaw::BYTES_PER_MS, "the stream's audio went with it");
}

#[tokio::test]
async fn an_outbound_call_dials_reports_and_detects() {
    let (twilio, product) = (twilio().await, Product::start().await);
    product.twiml("/outbound", "<Say>Hello</Say><Pause length=\"1\"/>");
    let callee = Callee {
        answered_by: Answerer::Word("machine_end_beep"),
        amd_takes: Duration::from_millis(20),
        ..Callee::answers(CallerScript::new(Vec::new()))
    };
    twilio.set_callee(TO, callee);
    let (url, status, amd) = (product.at("/outbound"), product.at("/status"), product.at("/amd"));
    let form = [
        ("To", TO),
        ("From", FROM),
        ("Url", url.as_str()),
        ("StatusCallback", status.as_str()),
        ("StatusCallbackEvent", "initiated"),
        ("StatusCallbackEvent", "ringing"),
        ("StatusCallbackEvent", "answered"),
        ("StatusCallbackEvent", "completed"),
        ("MachineDetection", "Enable"),
        ("AsyncAmd", "true"),
        ("AsyncAmdStatusCallback", amd.as_str()),
    ];
    let (code, resource) = rest(&twilio, Method::POST, "Calls.json", &form).await;
    assert_eq!(
        (code, &resource["status"], &resource["direction"]),
        (201, &json!("queued"), &json!("outbound-api"))
    );
    let call = twilio.nth_call(0).await.unwrap();
    assert_eq!(resource["sid"], call.sid());
    assert_eq!(call.finished().await.status, CallStatus::Completed);
    twilio.at_rest().await;
    let statuses = product.asked("/status");
    let reported: Vec<_> = statuses.iter().map(|asked| asked.param("CallStatus")).collect();
    assert_eq!(reported, ["initiated", "ringing", "in-progress", "completed"]);
    assert_eq!(product.asked("/outbound")[0].param("CallStatus"), "in-progress");
    assert_eq!(product.asked("/amd")[0].param("AnsweredBy"), "machine_end_beep");
    let found = rest(&twilio, Method::GET, "Calls.json?To=%2B15005550006&Status=completed", &[]).await.1;
    assert_eq!(found["calls"][0]["sid"], call.sid());
}

#[tokio::test]
async fn a_person_may_not_take_an_outbound_call() {
    let (twilio, product) = (twilio().await, Product::start().await);
    let person = Person::DoesNotAnswer(CallStatus::Busy);
    twilio.set_callee(TO, Callee { person, ..Callee::answers(CallerScript::new(Vec::new())) });
    let url = product.at("/outbound");
    rest(&twilio, Method::POST, "Calls.json", &[("To", TO), ("From", FROM), ("Url", url.as_str())]).await;
    let outcome = twilio.nth_call(0).await.unwrap().finished().await;
    assert_eq!((outcome.status, outcome.ended_by), (CallStatus::Busy, EndedBy::NotAnswered));
    assert!(product.asked("/outbound").is_empty());
}

#[tokio::test]
async fn a_call_that_cannot_be_placed_is_refused() {
    let twilio = twilio().await;
    for (form, code) in [
        ([("To", "nobody"), ("From", FROM), ("Url", "http://127.0.0.1/")], 21211),
        ([("To", TO), ("From", "nobody"), ("Url", "http://127.0.0.1/")], 21212),
        ([("To", TO), ("From", FROM), ("Url", "nowhere")], 21205),
    ] {
        let (status, error) = rest(&twilio, Method::POST, "Calls.json", &form).await;
        assert_eq!((status, &error["code"]), (400, &json!(code)));
    }
    assert!(twilio.calls().is_empty());
}

#[tokio::test]
async fn the_next_requests_can_be_made_to_fail() {
    let twilio = twilio().await;
    twilio.fail_next_request(RestFault {
        status: 429,
        code: 20429,
        retry_after_s: Some(1),
        carried_out: false,
    });
    let (status, error) = rest(&twilio, Method::GET, "Calls.json", &[]).await;
    assert_eq!((status, &error["code"]), (429, &json!(20429)));
    assert_eq!(rest(&twilio, Method::GET, "Calls.json", &[]).await.0, 200);
}

#[tokio::test]
async fn stopping_the_simulator_ends_its_calls() {
    let (twilio, product) = (twilio().await, Product::start().await);
    product.twiml("/voice", "<Pause length=\"60\"/>");
    let call = twilio.call(product.inbound(Vec::new()));
    call.events().wait_for(|kind| *kind == CallEventKind::Status(CallStatus::InProgress)).await.unwrap();
    drop(twilio);
    assert_eq!(call.finished().await.ended_by, EndedBy::Stopped);
}
