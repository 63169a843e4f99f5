use std::time::Duration;

use domain::{CallSid, RecordingSid, Secret};
use providers::twilio_rest::{TwilioError, TwilioRest};
use serde_json::json;
use twilio::rest::RecordingState;
use url::Url;

use scripted::{Answer, Scripted};

fn call_sid(n: u32) -> CallSid {
    CallSid::parse(&format!("CA{n:032x}")).unwrap()
}

fn recording_sid(n: u32) -> RecordingSid {
    RecordingSid::parse(&format!("RE{n:032x}")).unwrap()
}

fn account() -> String {
    format!("AC{}", "1".repeat(32))
}

fn client(server: &Scripted) -> TwilioRest {
    TwilioRest::new(&server.url, &account(), Secret::new("token")).unwrap()
}

fn error(status: u16, code: u32) -> Answer {
    let body = json!({ "code": code, "message": "about +43720123456", "status": status });
    Answer::new(status, body.to_string())
}

fn recording(n: u32) -> serde_json::Value {
    json!({
        "sid": recording_sid(n).as_str(), "call_sid": call_sid(1).as_str(), "status": "in-progress",
        "duration": "-1", "channels": 2, "source": "StartCallRecordingAPI", "error_code": null,
    })
}

/// Fault 64.
#[tokio::test]
async fn hanging_up_a_call_that_is_over_is_a_success() {
    let server = Scripted::serve([error(404, 20404), error(400, 21220)]).await;
    let twilio = client(&server);
    assert_eq!(twilio.hang_up(&call_sid(1)).await, Ok(()));
    assert_eq!(twilio.hang_up(&call_sid(1)).await, Ok(()));
    let asked = &server.asked()[0];
    let path = format!("POST /2010-04-01/Accounts/{}/Calls/{}.json", account(), call_sid(1));
    assert_eq!((asked.line.as_str(), asked.body.as_str()), (path.as_str(), "Status=completed"));
    assert!(asked.header("authorization").is_some_and(|value| value.starts_with("Basic ")));
}

/// Fault 32.
#[tokio::test]
async fn every_failure_says_what_can_be_done_about_it_and_tells_no_number() {
    let limited = Answer::new(429, "").header("retry-after", "7");
    let server = Scripted::serve([
        error(401, 20003),
        limited,
        error(400, 21211),
        Answer::new(503, "<html>"),
        Answer::new(302, "").header("location", "/elsewhere"),
    ])
    .await;
    let twilio = client(&server);
    let expected = [
        TwilioError::Auth,
        TwilioError::RateLimited { after: Some(Duration::from_secs(7)) },
        TwilioError::Permanent(21211),
        TwilioError::Transient,
        TwilioError::Permanent(302),
        // The script is over: the connection breaks.
        TwilioError::Transient,
    ];
    for error in expected {
        let answered = twilio.hang_up(&call_sid(1)).await.unwrap_err();
        assert!(!format!("{answered} {answered:?}").contains("720"));
        assert_eq!(answered, error);
    }
}

#[tokio::test]
async fn recordings_are_listed_and_one_is_found_though_it_was_deleted() {
    let list = json!({ "recordings": [recording(5)] });
    let deleted =
        json!({ "sid": recording_sid(5).as_str(), "call_sid": call_sid(1).as_str(), "status": "deleted" });
    let answers =
        [Answer::new(200, list.to_string()), Answer::new(200, deleted.to_string()), error(404, 20404)];
    let server = Scripted::serve(answers).await;
    let twilio = client(&server);
    let found = twilio.recordings_of(&call_sid(1)).await.unwrap();
    assert_eq!(found[0].sid.as_str(), recording_sid(5).as_str());
    let left = twilio.recording(&recording_sid(5)).await.unwrap();
    assert_eq!(left.status, RecordingState::Deleted);
    assert_eq!(twilio.recording(&recording_sid(5)).await, Err(TwilioError::NotFound));
    assert!(server.asked()[1].line.ends_with(".json?IncludeSoftDeleted=true"), "{}", server.asked()[1].line);
}

async fn downloaded(twilio: &TwilioRest) -> (u16, Vec<u8>) {
    let mut media = twilio.recording_media(&recording_sid(5), 2).await.unwrap();
    let mut bytes = Vec::new();
    while let Some(chunk) = media.chunk().await.unwrap() {
        bytes.extend_from_slice(&chunk);
    }
    assert_eq!(media.content_length, Some(bytes.len() as u64));
    (media.channels, bytes)
}

#[tokio::test]
async fn a_redirect_is_followed_once_and_gets_no_credentials() {
    let store = Scripted::serve([Answer::new(200, "RIFF audio").header("content-type", "audio/x-wav")]).await;
    let link = store.url.join("bucket/key?X-Amz-Signature=1").unwrap();
    let server = Scripted::serve([Answer::new(307, "").header("location", link.as_str())]).await;
    assert_eq!(downloaded(&client(&server)).await, (2, b"RIFF audio".to_vec()));
    assert!(server.asked()[0].line.ends_with(".wav?RequestedChannels=2"));
    assert!(server.asked()[0].header("authorization").is_some());
    let stored = &store.asked()[0];
    assert_eq!(stored.line, "GET /bucket/key?X-Amz-Signature=1");
    assert_eq!(stored.header("authorization"), None);
}

#[tokio::test]
async fn a_second_redirect_or_one_to_another_scheme_is_not_followed() {
    let store = Scripted::serve([Answer::new(302, "").header("location", "http://169.254.169.254/")]).await;
    let server = Scripted::serve([
        Answer::new(302, "").header("location", store.url.as_str()),
        Answer::new(302, "").header("location", "file:///etc/passwd"),
        Answer::new(302, ""),
    ])
    .await;
    for _ in 0..3 {
        let refused = client(&server).recording_media(&recording_sid(5), 2).await.unwrap_err();
        assert_eq!(refused, TwilioError::Permanent(302));
    }
}

#[tokio::test]
async fn a_recording_of_one_channel_is_fetched_as_such() {
    let server = Scripted::serve([error(400, 21221), Answer::new(200, "RIFF mono")]).await;
    assert_eq!(downloaded(&client(&server)).await, (1, b"RIFF mono".to_vec()));
    assert!(server.asked()[1].line.ends_with(".wav"));
}

/// Fault 30. Fault 32. Fault 33.
#[tokio::test]
async fn a_file_that_is_not_there_or_breaks_off_is_never_taken_for_a_recording() {
    let store = Scripted::serve([Answer::new(403, "<Error>expired</Error>")]).await;
    let server = Scripted::serve([
        Answer::new(404, "<TwilioResponse/>"),
        Answer::new(200, "RIFF cut off").cut_after(4),
        Answer::new(302, "").header("location", store.url.as_str()),
    ])
    .await;
    let twilio = client(&server);
    let missing = twilio.recording_media(&recording_sid(5), 2).await.unwrap_err();
    assert_eq!(missing, TwilioError::NotFound);
    let mut cut = twilio.recording_media(&recording_sid(5), 2).await.unwrap();
    let end = loop {
        match cut.chunk().await {
            Ok(Some(_)) => {}
            end => break end,
        }
    };
    assert_eq!(end, Err(TwilioError::Transient));
    let expired = twilio.recording_media(&recording_sid(5), 2).await.unwrap_err();
    assert_eq!(expired, TwilioError::Transient, "asking again gives a new link");
}

#[tokio::test]
async fn a_malformed_account_is_refused_at_start() {
    let base = Url::parse(twilio::rest::DEFAULT_BASE).unwrap();
    let refused = TwilioRest::new(&base, "AC123", Secret::new("token"));
    assert!(matches!(refused, Err(TwilioError::Settings(_))));
}
