use super::dial::DialStatus;
use super::recording::RecordingEvent;
use super::stream::StreamEvent;
use super::*;
use crate::{Form, Party, SidKind};

fn sid(prefix: &str) -> String {
    format!("{prefix}{}", "1".repeat(32))
}

/// The parameters of a voice webhook, with `changes` added or put in place of theirs.
fn form(changes: &[(&str, &str)]) -> Form {
    let (call, account) = (sid("CA"), sid("AC"));
    let base = [
        ("CallSid", call.as_str()),
        ("AccountSid", &account),
        ("From", "+4366412345678"),
        ("To", "+43720123456"),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("ApiVersion", "2010-04-01"),
        ("FromCity", ""),
    ];
    let kept = base.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    Form::from_pairs(kept.chain(changes).copied())
}

#[test]
fn a_voice_request_is_read() {
    let request = VoiceRequest::parse(&form(&[("ParentCallSid", ""), ("CallerName", "Anna")])).unwrap();
    assert_eq!(request.call_sid.as_str(), sid("CA"));
    assert_eq!(request.from.e164(), Some("+4366412345678"));
    assert_eq!((request.call_status, request.direction.as_str()), (CallStatus::Ringing, "inbound"));
}

#[test]
fn a_request_prints_neither_number_nor_name() {
    let request = VoiceRequest::parse(&form(&[("CallerName", "Anna")])).unwrap();
    let printed = format!("{request:?}");
    assert!(!printed.contains("Anna") && !printed.contains("66412345678"), "{printed}");
}

#[test]
fn a_webhook_cannot_do_without_its_sids() {
    for name in ["CallSid", "AccountSid"] {
        assert_eq!(VoiceRequest::parse(&form(&[(name, "")])), Err(WebhookError::Missing(name)));
    }
    let call_as_account = form(&[("AccountSid", &sid("CA"))]);
    let error = WebhookError::Sid("AccountSid", SidError(SidKind::Account));
    assert_eq!(VoiceRequest::parse(&call_as_account), Err(error));
    let twice = form(&[("Direction", "inbound"), ("Direction", "outbound-api")]);
    assert_eq!(VoiceRequest::parse(&twice), Err(Ambiguous::Repeated("Direction").into()));
}

/// Case C05. A caller is not lost for a word that cannot be read, or a party that is not there.
#[test]
fn what_is_missing_or_unreadable_is_unknown() {
    let request = VoiceRequest::parse(&form(&[("CallStatus", "in progress"), ("Direction", "")])).unwrap();
    assert_eq!((request.call_status, request.direction.as_str()), (CallStatus::Other(String::new()), ""));
    let mut bare: Vec<_> = form(&[]).iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    bare.retain(|(name, _)| !matches!(name.as_str(), "From" | "FromCity" | "To"));
    let request = VoiceRequest::parse(&Form::from_pairs(bare)).unwrap();
    assert!(matches!((request.from, request.to), (Party::Hidden(_), Party::Hidden(_))));
}

#[test]
fn a_blank_caller_is_a_withheld_one() {
    assert_eq!(VoiceRequest::parse(&form(&[("From", "")])).unwrap().from, Party::Hidden(String::new()));
}

#[test]
fn a_status_callback_is_read_and_its_billed_minutes_are_not_its_duration() {
    let callback = StatusCallback::parse(&form(&[
        ("CallStatus", "completed"),
        ("CallDuration", "61"),
        ("Duration", "2"),
        ("SequenceNumber", "3"),
        ("Timestamp", "Fri, 20 Nov 2026 10:00:00 +0000"),
        ("SipResponseCode", "200"),
    ]))
    .unwrap();
    assert!(callback.call_status.is_terminal());
    assert_eq!((callback.duration_s, callback.sequence_number), (Some(61), Some(3)));
    assert_eq!(callback.sip_response_code, Some(200));
    assert_eq!(callback.timestamp.as_deref(), Some("Fri, 20 Nov 2026 10:00:00 +0000"));
}

/// Case C04. Case C05. Case B26. An optional value that cannot be read never costs the callback.
#[test]
fn an_unreadable_optional_value_is_unknown() {
    for wrong in ["-1", "1.5", "12.0", "4294967296", "x", " ", "", "9 s", "1e3", "NaN"] {
        let callback = StatusCallback::parse(&form(&[
            ("CallStatus", "completed"),
            ("CallDuration", wrong),
            ("SequenceNumber", wrong),
            ("SipResponseCode", wrong),
            ("ErrorCode", wrong),
            ("ParentCallSid", wrong),
            ("Timestamp", wrong),
        ]))
        .unwrap();
        assert!(callback.call_status.is_terminal(), "{wrong}");
        let numbers = (callback.duration_s, callback.sequence_number, callback.error_code);
        assert_eq!(numbers, (None, None, None), "{wrong}");
        assert_eq!(
            (callback.sip_response_code, callback.parent_call_sid, callback.timestamp),
            (None, None, None)
        );
    }
    let busy = StatusCallback::parse(&form(&[("SipResponseCode", "486 Busy Here")])).unwrap();
    assert_eq!(busy.sip_response_code, None);
}

#[test]
fn every_documented_status_survives_a_round_trip_and_a_new_one_is_kept() {
    let documented = "queued initiated ringing in-progress completed busy failed no-answer canceled";
    for word in documented.split(' ') {
        let status = CallStatus::parse(word);
        assert_eq!(status.as_str(), word);
        assert!(!matches!(status, CallStatus::Other(_)), "{word}");
    }
    assert_eq!(CallStatus::parse("parked"), CallStatus::Other("parked".into()));
    assert!(!CallStatus::parse("parked").is_terminal());
}

#[test]
fn a_recording_callback_is_read_without_its_address() {
    let callback = RecordingStatus::parse(&Form::from_pairs([
        ("CallSid", sid("CA").as_str()),
        ("AccountSid", &sid("AC")),
        ("RecordingSid", &sid("RE")),
        ("RecordingUrl", "https://169.254.169.254/latest"),
        ("RecordingStatus", "completed"),
        ("RecordingDuration", "42"),
        ("RecordingChannels", "2"),
        ("RecordingSource", "StartCallRecordingAPI"),
    ]))
    .unwrap();
    assert_eq!(callback.event, RecordingEvent::Completed);
    assert_eq!((callback.duration_s, callback.channels), (Some(42), Some(2)));
    assert!(!format!("{callback:?}").contains("169.254"));
    assert!(!callback.encrypted);
    for wrong in ["-1", "", " ", "4.5", "99999999999"] {
        let form = Form::from_pairs([
            ("CallSid", sid("CA").as_str()),
            ("AccountSid", &sid("AC")),
            ("RecordingSid", &sid("RE")),
            ("RecordingStatus", "completed"),
            ("RecordingDuration", wrong),
            ("RecordingChannels", wrong),
            ("RecordingStartTime", wrong),
        ]);
        let callback = RecordingStatus::parse(&form).unwrap();
        assert_eq!(
            (callback.duration_s, callback.channels, callback.start_time),
            (None, None, None),
            "{wrong}"
        );
    }
}

/// Case B25.
#[test]
fn a_callback_of_an_encrypted_recording_says_so() {
    for (details, encrypted) in [(r#"{"iv":"8I2h","public_key_sid":"CR1"}"#, true), ("", false)] {
        let callback = RecordingStatus::parse(&Form::from_pairs([
            ("CallSid", sid("CA").as_str()),
            ("AccountSid", &sid("AC")),
            ("RecordingSid", &sid("RE")),
            ("RecordingStatus", "completed"),
            ("EncryptionDetails", details),
        ]));
        assert_eq!(callback.unwrap().encrypted, encrypted);
    }
}

/// Case B25. Braces of other parameters do not lengthen the details.
#[test]
fn a_callback_of_an_encrypted_recording_is_read_with_any_parameters_behind_its_details() {
    for (name, value) in [("Fleet", "x}Z"), ("Z", "}Zone"), ("RecordingNote", "{}}")] {
        let callback = RecordingStatus::parse(&Form::from_pairs([
            ("CallSid", sid("CA").as_str()),
            ("AccountSid", &sid("AC")),
            ("RecordingSid", &sid("RE")),
            ("RecordingStatus", "completed"),
            ("EncryptionDetails", r#"{"iv":"8I}2h","public_key_sid":"CR1"}"#),
            (name, value),
        ]));
        assert!(callback.unwrap().encrypted, "{name}={value}");
    }
}

#[test]
fn a_stream_callback_is_read() {
    let callback = StreamStatus::parse(&Form::from_pairs([
        ("CallSid", sid("CA").as_str()),
        ("AccountSid", &sid("AC")),
        ("StreamSid", &sid("MZ")),
        ("StreamEvent", "stream-error"),
        ("StreamError", "31921"),
        ("Timestamp", "2026-11-20T10:00:00.000Z"),
    ]))
    .unwrap();
    assert_eq!(callback.event, StreamEvent::Error);
    assert_eq!(callback.timestamp.as_deref(), Some("2026-11-20T10:00:00.000Z"));
}

#[test]
fn a_connect_action_says_whether_anybody_is_left() {
    let live = ConnectAction::parse(&form(&[("CallStatus", "in-progress")])).unwrap();
    let gone = ConnectAction::parse(&form(&[("CallStatus", "completed")])).unwrap();
    assert!(!live.call_is_over() && gone.call_is_over());
}

#[test]
fn a_dial_action_says_whether_a_person_was_reached() {
    let dial = |changes: &[(&str, &str)]| DialAction::parse(&form(changes)).unwrap();
    let talked = dial(&[("DialCallStatus", "completed"), ("DialBridged", "true"), ("DialCallDuration", "9")]);
    assert!(talked.was_answered());
    assert!(dial(&[("DialCallStatus", "answered")]).was_answered());
    assert!(!dial(&[("DialCallStatus", "completed"), ("DialBridged", "false")]).was_answered());
    let busy = dial(&[("DialCallStatus", "busy")]);
    assert!(!busy.was_answered());
    assert_eq!(busy.status, DialStatus::Call(CallStatus::Busy));
    assert!(!dial(&[]).was_answered(), "nothing is known of the leg, and the caller is still there");
}

#[test]
fn a_verdict_keeps_its_word_be_it_a_new_one() {
    for word in [
        "human",
        "fax",
        "unknown",
        "machine_start",
        "machine_end_beep",
        "machine_end_silence",
        "machine_end_other",
        "machine_new",
        "new",
    ] {
        let verdict =
            AmdCallback::parse(&form(&[("AnsweredBy", word), ("MachineDetectionDuration", "2400")]));
        assert_eq!(verdict.unwrap().answered_by.as_str(), word);
    }
}
