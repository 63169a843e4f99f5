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
    let request = VoiceRequest::parse(&form(&[
        ("ParentCallSid", ""),
        ("CallerName", "Anna"),
        ("AnsweredBy", "machine_start"),
        ("ErrorCode", "11205"),
    ]))
    .unwrap();
    assert_eq!(request.call_sid.as_str(), sid("CA"));
    assert_eq!(request.from.e164(), Some("+4366412345678"));
    assert_eq!((request.call_status, request.direction.as_str()), (CallStatus::Ringing, "inbound"));
    assert_eq!((request.parent_call_sid, request.error_code), (None, Some(11205)));
    assert_eq!(request.caller_name.unwrap().expose(), "Anna");
    assert_eq!(request.answered_by, Some(AnsweredBy::MachineStart));
}

#[test]
fn a_request_prints_neither_number_nor_name() {
    let request = VoiceRequest::parse(&form(&[("CallerName", "Anna")])).unwrap();
    let printed = format!("{request:?}");
    assert!(!printed.contains("Anna") && !printed.contains("66412345678"), "{printed}");
}

#[test]
fn what_a_webhook_cannot_do_without_is_required_by_name() {
    for name in ["CallSid", "AccountSid", "CallStatus", "Direction"] {
        assert_eq!(VoiceRequest::parse(&form(&[(name, "")])), Err(WebhookError::Missing(name)));
    }
    let call_as_account = form(&[("AccountSid", &sid("CA"))]);
    let error = WebhookError::Sid("AccountSid", SidError(SidKind::Account));
    assert_eq!(VoiceRequest::parse(&call_as_account), Err(error));
    let twice = form(&[("Direction", "inbound"), ("Direction", "outbound-api")]);
    assert_eq!(VoiceRequest::parse(&twice), Err(WebhookError::Repeated("Direction")));
    let mut no_from: Vec<_> = form(&[]).iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    no_from.retain(|(name, _)| name != "From");
    assert_eq!(VoiceRequest::parse(&Form::from_pairs(no_from)), Err(WebhookError::Missing("From")));
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
    for wrong in ["-1", "1.5", "4294967296", "x"] {
        let form = form(&[("CallDuration", wrong)]);
        assert_eq!(StatusCallback::parse(&form), Err(WebhookError::Number("CallDuration")));
    }
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
    assert_eq!((callback.event, callback.error.as_deref()), (StreamEvent::Error, Some("31921")));
}

#[test]
fn a_connect_action_says_whether_anybody_is_left() {
    let live = ConnectAction::parse(&form(&[("CallStatus", "in-progress")])).unwrap();
    let gone = ConnectAction::parse(&form(&[("CallStatus", "completed")])).unwrap();
    assert!(!live.call_is_over() && gone.call_is_over());
}

#[test]
fn a_dial_action_says_whether_somebody_was_reached() {
    let dial = |changes: &[(&str, &str)]| DialAction::parse(&form(changes)).unwrap();
    let talked = dial(&[("DialCallStatus", "completed"), ("DialBridged", "true"), ("DialCallDuration", "9")]);
    assert!(talked.was_answered());
    assert_eq!(talked.duration_s, Some(9));
    assert!(dial(&[("DialCallStatus", "answered")]).was_answered());
    assert!(!dial(&[("DialCallStatus", "completed"), ("DialBridged", "false")]).was_answered());
    let busy = dial(&[("DialCallStatus", "busy")]);
    assert!(!busy.was_answered());
    assert_eq!(busy.status, DialStatus::Call(CallStatus::Busy));
    assert_eq!(DialAction::parse(&form(&[])), Err(WebhookError::Missing("DialCallStatus")));
}

#[test]
fn only_a_machine_is_a_machine() {
    let verdict = |word: &str| {
        let form = form(&[("AnsweredBy", word), ("MachineDetectionDuration", "2400")]);
        AmdCallback::parse(&form).unwrap()
    };
    assert_eq!(verdict("human").detection_ms, Some(2400));
    for machine in
        ["machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "machine_new"]
    {
        assert!(verdict(machine).answered_by.is_machine(), "{machine}");
    }
    for other in ["human", "fax", "unknown", "new"] {
        assert!(!verdict(other).answered_by.is_machine(), "{other}");
    }
    assert!(verdict("machine_end_beep").answered_by.takes_message());
    assert!(!verdict("machine_start").answered_by.takes_message());
}
