use std::io::Cursor;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::redirect::Policy;

use super::*;

/// A call that says something, is recorded from the answer on, and has these faults.
async fn recorded_call(
    twilio: &Twilio,
    product: &Product,
    dual: bool,
    recording: RecordingFaults,
) -> Arc<CallOutcome> {
    product.twiml("/voice", "<Say>recorded words</Say><Hangup/>");
    let request = RecordingRequest {
        dual,
        trim: false,
        status_callback: Some(product.at("/recording")),
        events: Vec::new(),
        source: RecordingSource::OutboundApi,
    };
    let say = CallerStep::Say { mulaw: vec![0x20; 160], label: "hello".into() };
    let outcome = twilio
        .call(CallSpec {
            record: Some(request),
            faults: CallFaults { recording, ..Default::default() },
            ..product.inbound(vec![say])
        })
        .finished()
        .await;
    twilio.at_rest().await;
    outcome
}

/// Asks for the media as documented: with credentials, which are not taken along to the other host.
async fn download(twilio: &Twilio, product: &Product) -> (StatusCode, Result<Vec<u8>, reqwest::Error>) {
    let url = format!("{}.wav?RequestedChannels=2", product.asked("/recording")[0].param("RecordingUrl"));
    let response =
        twilio.account.http.get(url).basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN)).send().await.unwrap();
    (response.status(), response.bytes().await.map(|bytes| bytes.to_vec()))
}

#[tokio::test]
async fn a_recording_started_over_the_api_is_a_sample_exact_copy_of_both_sides() {
    let (twilio, product) = (twilio().await, Product::start().await);
    let (listener, connect) = bridge_listener().await;
    product.twiml("/voice", &connect);
    let steps = vec![
        CallerStep::WaitForAgent { quiet_ms: 60, max_ms: 5_000 },
        CallerStep::Say { mulaw: vec![0x20; 800], label: "reply".into() },
        CallerStep::HangUp,
    ];
    let call = twilio.call(product.inbound(steps));
    let mut bridge = Bridge::accept(&listener).await;
    bridge.until("media").await;
    let callback = product.at("/recording");
    let url =
        format!("{}2010-04-01/Accounts/{ACCOUNT_SID}/Calls/{}/Recordings.json", twilio.api_url(), call.sid());
    let form = [("RecordingChannels", "dual"), ("RecordingStatusCallback", callback.as_str())];
    let request = twilio.account.http.post(url).basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN));
    let started = request.form(&form).send().await.unwrap();
    assert_eq!(started.status(), 201);
    bridge.play(100).await;
    assert!(bridge.until("stop").await.is_some());
    drop(bridge);
    let outcome = call.finished().await;
    twilio.at_rest().await;

    let announced = &product.asked("/recording")[0];
    assert!(announced.correctly_signed);
    let words = ["RecordingStatus", "RecordingSource", "RecordingChannels", "RecordingDuration"];
    assert_eq!(words.map(|word| announced.param(word)), ["completed", "StartCallRecordingAPI", "2", "1"]);

    let (status, file) = download(&twilio, &product).await;
    assert_eq!(status, 200);
    let mut reader = hound::WavReader::new(Cursor::new(file.unwrap())).unwrap();
    assert_eq!((reader.spec().channels, reader.spec().sample_rate), (2, 8_000));
    let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
    let recorded = samples.len() / 2;
    let from = outcome.line.agent.len() - recorded;
    assert!(from > 0, "it began after the answer");
    for (channel, line) in [&outcome.line.caller, &outcome.line.agent].into_iter().enumerate() {
        let file: Vec<i16> = samples.iter().skip(channel).step_by(2).copied().collect();
        assert!(file == mulaw::decode_all(&line[from..]), "channel {channel} differs from the line");
    }
    assert_eq!((audible(&outcome.line.caller), audible(&outcome.line.agent)), (800, 800));
}

#[tokio::test]
async fn the_download_host_takes_the_link_and_no_credentials() {
    let (twilio, product) = (twilio().await, Product::start().await);
    recorded_call(&twilio, &product, true, RecordingFaults::default()).await;
    let url = product.asked("/recording")[0].param("RecordingUrl").to_owned();
    let client = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
    assert_eq!(client.get(&url).send().await.unwrap().status(), 401);
    let redirect = client.get(&url).basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN)).send().await.unwrap();
    assert_eq!(redirect.status(), 302);
    let location = redirect.headers()["location"].to_str().unwrap().to_owned();
    assert_ne!(Url::parse(&location).unwrap().authority(), twilio.api_url().authority());
    let carried = client.get(&location).basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN)).send().await.unwrap();
    assert_eq!(carried.status(), 400);
    assert_eq!(client.get(&location).send().await.unwrap().status(), 200);
    let forged = location.replace("channels=2", "channels=1");
    assert_eq!(client.get(&forged).send().await.unwrap().status(), 403);
}

/// Fault 30. Fault 31. Fault 32. Fault 33.
#[tokio::test]
async fn downloads_fail_as_asked_and_then_succeed() {
    let (twilio, product) = (twilio().await, Product::start().await);
    let media = vec![
        MediaFault::NotFound,
        MediaFault::Unauthorized,
        MediaFault::Expired,
        MediaFault::Xml,
        MediaFault::Empty,
        MediaFault::WrongMagic,
        MediaFault::Cut(0.6),
    ];
    recorded_call(&twilio, &product, true, RecordingFaults { media, ..Default::default() }).await;
    for (expected, begins) in
        [(404, "<?xml"), (401, "{"), (403, "Request"), (200, "<?xml"), (200, ""), (200, "ZZZZ")]
    {
        let (status, body) = download(&twilio, &product).await;
        let body = body.unwrap();
        assert_eq!(status, expected);
        assert!(body.starts_with(begins.as_bytes()) && (begins.is_empty() == body.is_empty()), "{begins}");
    }
    let (status, cut) = download(&twilio, &product).await;
    assert_eq!(status, 200);
    assert!(cut.is_err(), "the promised length never came");
    let (status, sound) = download(&twilio, &product).await;
    assert_eq!(status, 200);
    assert!(sound.unwrap().starts_with(b"RIFF"));
}

/// Fault 37.
#[tokio::test]
async fn a_deleted_recording_stays_deleted() {
    let (twilio, product) = (twilio().await, Product::start().await);
    let faults = RecordingFaults { media: vec![MediaFault::Deleted], ..Default::default() };
    let outcome = recorded_call(&twilio, &product, true, faults).await;
    assert_eq!(download(&twilio, &product).await.0, 404);
    assert_eq!(download(&twilio, &product).await.0, 404);
    assert_eq!(twilio.recordings(&outcome.call_sid)[0].status, RecordingStatus::Deleted);
}

#[tokio::test]
async fn a_recording_can_be_deleted_over_the_api() {
    let (twilio, product) = (twilio().await, Product::start().await);
    recorded_call(&twilio, &product, true, RecordingFaults::default()).await;
    let url = format!("{}.json", product.asked("/recording")[0].param("RecordingUrl"));
    let request =
        |method| twilio.account.http.request(method, &url).basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN)).send();
    let resource: Value = request(reqwest::Method::GET).await.unwrap().json().await.unwrap();
    assert_eq!((&resource["status"], &resource["channels"]), (&json!("completed"), &json!(2)));
    assert_eq!(request(reqwest::Method::DELETE).await.unwrap().status(), 204);
    assert_eq!(request(reqwest::Method::GET).await.unwrap().status(), 404);
    assert_eq!(request(reqwest::Method::DELETE).await.unwrap().status(), 404);
    // What is left of it is shown to those who ask for it.
    let left = format!("{url}?IncludeSoftDeleted=true");
    let left = twilio.account.http.get(left).basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN)).send().await.unwrap();
    assert_eq!(left.json::<Value>().await.unwrap()["status"], "deleted");
}

const RECORDED: &str = r#"<Say>agreed</Say><Start><Recording recordingStatusCallback="/recording"
    recordingStatusCallbackEvent="in-progress completed absent" channels="dual" trim="do-not-trim"/></Start>
    <Redirect>/more</Redirect>"#;

/// A call that is recorded from its first document on, and what Twilio told of it.
async fn recorded_in_background(product: &Product, recording: RecordingFaults) -> (Twilio, Arc<CallOutcome>) {
    let twilio = twilio().await;
    product.twiml("/voice", RECORDED);
    let again = RECORDED.replace("agreed", "again").replace("<Redirect>/more</Redirect>", "<Hangup/>");
    product.twiml("/more", &again);
    let faults = CallFaults { recording, ..Default::default() };
    let outcome = twilio.call(CallSpec { faults, ..product.inbound(vec![]) }).finished().await;
    twilio.at_rest().await;
    (twilio, outcome)
}

/// In the order of the alphabet: callbacks may overtake each other.
fn told(product: &Product) -> Vec<String> {
    let asked = product.asked("/recording");
    let mut told: Vec<_> = asked.iter().map(|asked| asked.param("RecordingStatus").to_owned()).collect();
    told.sort();
    told
}

/// What the callback of an event says.
fn said(product: &Product, event: &str, name: &str) -> String {
    let asked = product.asked("/recording");
    let callback = asked.iter().find(|asked| asked.param("RecordingStatus") == event);
    callback.unwrap_or_else(|| panic!("{event}")).param(name).to_owned()
}

/// Twilio starts it before it goes on to the next verb, and it goes on through later documents; a second one of the
/// same kind is not begun.
#[tokio::test]
async fn a_recording_in_the_background_begins_in_its_place_and_lasts_to_the_end() {
    let product = Product::start().await;
    let (twilio, outcome) = recorded_in_background(&product, RecordingFaults::default()).await;
    assert_eq!(outcome.debugger_codes(), Vec::<u32>::new());
    assert_eq!(told(&product), ["completed", "in-progress"]);
    assert_eq!(said(&product, "completed", "RecordingSource"), "StartCallRecordingTwiML");
    let [recording] = &twilio.recordings(&outcome.call_sid)[..] else { panic!("one") };
    let (line, recorded) = (&outcome.line.agent, &recording.audio.agent);
    assert_eq!(recording.channels, 2);
    assert!(line.ends_with(recorded) && recorded.len() < line.len(), "from where it stands to the end");
    assert!(audible(recorded) > 0 && audible(recorded) < audible(line), "the second words and not the first");
}

/// Cases B14, B25, B26, and what else befalls recordings.
#[tokio::test]
async fn a_recording_may_be_absent_withheld_encrypted_or_never_begun() {
    let product = Product::start().await;
    let faults = RecordingFaults { absent: Some(31_924), ..Default::default() };
    let (twilio, outcome) = recorded_in_background(&product, faults).await;
    assert_eq!(told(&product), ["absent", "in-progress"]);
    assert_eq!(said(&product, "absent", "ErrorCode"), "31924");
    assert_eq!(twilio.recordings(&outcome.call_sid)[0].status, RecordingStatus::Absent);

    let product = Product::start().await;
    let faults = RecordingFaults { never_begins: true, ..Default::default() };
    let foreign = RecordingFaults { foreign: vec![RecordingSource::Trunking], ..faults };
    let (twilio, outcome) = recorded_in_background(&product, foreign).await;
    assert!(told(&product).is_empty());
    let sources = twilio.recordings(&outcome.call_sid).iter().map(|found| found.source).collect::<Vec<_>>();
    assert_eq!(sources, [RecordingSource::Trunking]);

    let product = Product::start().await;
    let faults = RecordingFaults { withheld: true, duration: Some("-1"), ..Default::default() };
    let (twilio, outcome) = recorded_in_background(&product, faults).await;
    assert_eq!(said(&product, "completed", "RecordingDuration"), "-1");
    let announced = said(&product, "completed", "RecordingUrl");
    let get = async |url: String| {
        twilio.account.http.get(url).basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN)).send().await.unwrap()
    };
    assert_eq!(get(announced.clone()).await.status(), 404);
    assert_eq!(get(format!("{announced}.json")).await.status(), 404);
    twilio.release_recording(&twilio.recordings(&outcome.call_sid)[0].sid);
    assert_eq!(get(announced).await.status(), 200, "where the redirect leads to");

    let product = Product::start().await;
    let faults = RecordingFaults { encrypted: true, ..Default::default() };
    let (twilio, _) = recorded_in_background(&product, faults).await;
    assert!(said(&product, "completed", "EncryptionDetails").contains("public_key_sid"));
    let url = format!("{}.json", said(&product, "completed", "RecordingUrl"));
    let shown = twilio.account.http.get(url).basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN)).send().await.unwrap();
    assert!(shown.json::<Value>().await.unwrap()["encryption_details"]["iv"].is_string());
}

#[tokio::test]
async fn two_channels_of_a_mono_recording_are_refused() {
    let (twilio, product) = (twilio().await, Product::start().await);
    recorded_call(&twilio, &product, false, RecordingFaults::default()).await;
    assert_eq!(download(&twilio, &product).await.0, 400);
}

#[tokio::test]
async fn recording_callbacks_can_be_repeated_or_lost() {
    let product = Product::start().await;
    let twice = RecordingFaults { callback_copies: 1, ..Default::default() };
    recorded_call(&twilio().await, &product, true, twice).await;
    assert_eq!(product.asked("/recording").len(), 2);
    let product = Product::start().await;
    let lost = RecordingFaults { callback_lost: true, ..Default::default() };
    recorded_call(&twilio().await, &product, true, lost).await;
    assert!(product.asked("/recording").is_empty());
}

#[tokio::test]
async fn a_voicemail_ends_with_silence_and_is_handed_to_its_action() {
    let (twilio, product) = (twilio().await, Product::start().await);
    let record =
        r#"<Record action="/mail" timeout="1" maxLength="20" recordingStatusCallback="/recording"/>"#;
    product.twiml("/voice", record);
    product.twiml("/mail", "<Hangup/>");
    let say = CallerStep::Say { mulaw: vec![0x20; 2_400], label: "message".into() };
    let outcome = twilio
        .call(product.inbound(vec![CallerStep::WaitForAgent { quiet_ms: 200, max_ms: 10_000 }, say]))
        .finished()
        .await;
    twilio.at_rest().await;
    let mail = &product.asked("/mail")[0];
    let recording = &twilio.recordings(&outcome.call_sid)[0];
    assert_eq!((mail.param("RecordingSid"), mail.param("RecordingDuration")), (recording.sid.as_str(), "2"));
    assert_eq!(audible(&recording.audio.caller), 2_400);
    assert_eq!(product.asked("/recording")[0].param("RecordingSource"), "RecordVerb");
}

#[tokio::test]
async fn a_voicemail_survives_a_caller_who_just_hangs_up() {
    let (twilio, product) = (twilio().await, Product::start().await);
    product.twiml(
        "/voice",
        r#"<Say>go</Say><Record action="/mail" playBeep="false" recordingStatusCallback="/recording"/>"#,
    );
    let say = CallerStep::Say { mulaw: vec![0x20; 1_600], label: "message".into() };
    let steps = vec![CallerStep::WaitForAgent { quiet_ms: 200, max_ms: 10_000 }, say, CallerStep::HangUp];
    let outcome = twilio.call(product.inbound(steps)).finished().await;
    twilio.at_rest().await;
    assert!(outcome.duration >= Duration::from_millis(300));
    let told = product.asked("/mail");
    assert_eq!(told.iter().map(|mail| mail.param("Digits")).collect::<Vec<_>>(), ["hangup"]);
    assert_eq!(product.asked("/recording").len(), 1);
    assert_eq!(audible(&twilio.recordings(&outcome.call_sid)[0].audio.caller), 1_600);
}
