use serde_json::json;

use super::*;
use crate::webhook::{AnsweredBy, CallStatus};

fn sid(prefix: &str) -> String {
    format!("{prefix}{}", "1".repeat(32))
}

fn api() -> Api {
    Api::new("https://api.twilio.com/", &sid("AC"))
}

#[test]
fn addresses_are_within_the_account() {
    let (call, recording) = (Sid::call(&sid("CA")).unwrap(), Sid::recording(&sid("RE")).unwrap());
    let account = format!("https://api.twilio.com/2010-04-01/Accounts/{}", sid("AC"));
    assert_eq!(api().calls(), format!("{account}/Calls.json"));
    assert_eq!(api().call(&call), format!("{account}/Calls/{call}.json"));
    assert_eq!(api().call_recordings(&call), format!("{account}/Calls/{call}/Recordings.json"));
    assert_eq!(api().recording(&recording), format!("{account}/Recordings/{recording}.json"));
    let media = format!("{account}/Recordings/{recording}.wav");
    assert_eq!(api().recording_media(&recording, Channels::Mono), media);
    assert_eq!(api().recording_media(&recording, Channels::Dual), format!("{media}?RequestedChannels=2"));
}

#[test]
fn what_ends_or_redirects_a_call_is_the_documented_form() {
    assert_eq!(hang_up().encode(), "Status=completed");
    assert_eq!(cancel().encode(), "Status=canceled");
    assert_eq!(redirect("https://a.example/x").encode(), "Url=https%3A%2F%2Fa.example%2Fx&Method=POST");
    assert_eq!(replace_twiml("<Response/>").unwrap().encode(), "Twiml=%3CResponse%2F%3E");
    let long = "ü".repeat(TWIML_PARAMETER_CHARACTERS + 1);
    assert_eq!(replace_twiml(&long), Err(TwimlTooLong { characters: TWIML_PARAMETER_CHARACTERS + 1 }));
}

#[test]
fn a_new_call_reports_every_step_and_never_waits_for_amd() {
    let mut call = NewCall {
        to: "+4366412345678",
        from: "+43720123456",
        url: "https://a.example/voice",
        status_callback: "https://a.example/status",
        timeout_s: 25,
        time_limit_s: 3600,
        machine_detection: None,
    };
    assert_eq!(call.form().first("MachineDetection"), None);
    assert_eq!(
        call.form().values("StatusCallbackEvent").collect::<Vec<_>>(),
        ["initiated", "ringing", "answered", "completed"]
    );
    let detection = MachineDetection { until_message_end: true, status_callback: "https://a.example/amd" };
    call.machine_detection = Some(detection);
    assert_eq!(call.form().first("MachineDetection"), Some("DetectMessageEnd"));
    assert_eq!(call.form().first("AsyncAmd"), Some("true"));
    assert_eq!((call.form().first("Timeout"), call.form().first("TimeLimit")), (Some("25"), Some("3600")));
}

#[test]
fn a_call_is_read_with_its_numbers_as_strings() {
    let text = json!({
        "sid": sid("CA"), "status": "completed", "direction": "inbound", "from": "+4366412345678",
        "to": "+43720123456", "start_time": "Fri, 20 Nov 2026 10:00:00 +0000", "end_time": null,
        "duration": "61", "answered_by": null, "parent_call_sid": null, "price": "-0.03", "queue_time": "0",
    })
    .to_string();
    let call: CallResource = serde_json::from_str(&text).unwrap();
    assert_eq!((call.status, call.duration_s, call.answered_by), (CallStatus::Completed, Some(61), None));
    assert_eq!(call.from.unwrap().e164(), Some("+4366412345678"));

    let text = json!({ "sid": sid("CA"), "status": "queued", "duration": null, "answered_by": "human" });
    let call: CallResource = serde_json::from_value(text).unwrap();
    assert_eq!((call.duration_s, call.answered_by), (None, Some(AnsweredBy::Human)));
    let wrong = json!({ "sid": sid("RE"), "status": "queued" }).to_string();
    assert!(serde_json::from_str::<CallResource>(&wrong).is_err());
}

#[test]
fn recordings_are_read_in_each_of_their_states() {
    let recording = |status: &str, duration: serde_json::Value| {
        let text = json!({ "recordings": [{
            "sid": sid("RE"), "call_sid": sid("CA"), "status": status, "duration": duration,
            "channels": 2, "source": "StartCallRecordingAPI", "error_code": null,
        }]});
        serde_json::from_str::<RecordingList>(&text.to_string()).map(|mut list| list.recordings.remove(0))
    };
    let completed = recording("completed", json!("42")).unwrap();
    assert_eq!((completed.status, completed.duration_s), (RecordingState::Completed, Some(42)));
    assert_eq!((completed.channels, completed.error_code), (Some(2), None));
    let processing = recording("processing", json!("-1")).unwrap();
    assert_eq!((processing.status, processing.duration_s), (RecordingState::Pending, None));
    assert_eq!(recording("absent", json!(0)).unwrap().status, RecordingState::Absent);
    assert_eq!(recording("deleted", json!(null)).unwrap().status, RecordingState::Deleted);
    assert_eq!(recording("new", json!(null)).unwrap().status, RecordingState::Other("new".into()));
}

/// Cases B26 and C15. A number that cannot be read is not known, and the list with it is read all the same.
#[test]
fn an_odd_number_does_not_make_a_recording_unread() {
    for odd in
        [json!("soon"), json!(""), json!(" "), json!(4.5), json!([1]), json!({}), json!(-1), json!(true)]
    {
        let text = json!({ "sid": sid("RE"), "call_sid": sid("CA"), "status": "completed", "duration": odd,
            "channels": odd, "error_code": odd });
        let read: RecordingResource = serde_json::from_str(&text.to_string()).unwrap();
        assert_eq!((read.duration_s, read.channels, read.error_code), (None, None, None), "{odd}");
    }
}

/// Case B25.
#[test]
fn an_encrypted_recording_says_so() {
    let encrypted = |details: serde_json::Value| {
        let text = json!({ "sid": sid("RE"), "call_sid": sid("CA"), "status": "completed",
            "encryption_details": details });
        serde_json::from_str::<RecordingResource>(&text.to_string()).unwrap().encrypted
    };
    assert!(encrypted(json!({ "encrypted_cek": "Wm9v", "iv": "8I2h", "public_key_sid": sid("CR") })));
    assert!(encrypted(json!("{\"iv\":\"8I2h\"}")) && encrypted(json!([1])));
    for plain in [json!(null), json!({}), json!("")] {
        assert!(!encrypted(plain));
    }
    let text = json!({ "sid": sid("RE"), "call_sid": sid("CA"), "status": "completed" });
    assert!(!serde_json::from_value::<RecordingResource>(text).unwrap().encrypted);
}

/// Fault 64.
#[test]
fn a_call_that_is_already_over_is_no_failure() {
    let body: ErrorBody = serde_json::from_str(
        r#"{"code":20404,"message":"no +4366412345678","more_info":"https://www.twilio.com/docs/errors/20404","status":404}"#,
    )
    .unwrap();
    assert_eq!((body.code, body.status), (20404, Some(404)));
    assert!(!format!("{body:?}").contains("66412345678"));
    assert_eq!(ErrorClass::of(404, Some(body.code)), ErrorClass::AlreadyOver);
    assert_eq!(ErrorClass::of(400, Some(21220)), ErrorClass::AlreadyOver);
}

#[test]
fn every_other_error_says_whether_to_try_again() {
    let classes = [
        ((401, Some(20003)), ErrorClass::Auth),
        ((403, Some(20003)), ErrorClass::Auth),
        ((401, None), ErrorClass::Auth),
        ((429, Some(20429)), ErrorClass::RateLimited),
        ((429, None), ErrorClass::RateLimited),
        ((400, Some(10004)), ErrorClass::RateLimited),
        ((400, Some(21211)), ErrorClass::Permanent),
        ((403, Some(21215)), ErrorClass::Permanent),
        ((404, None), ErrorClass::Permanent),
        ((500, Some(20500)), ErrorClass::Retryable),
        ((503, None), ErrorClass::Retryable),
        ((408, None), ErrorClass::Retryable),
    ];
    for ((status, code), class) in classes {
        assert_eq!(ErrorClass::of(status, code), class, "{status} {code:?}");
    }
}
