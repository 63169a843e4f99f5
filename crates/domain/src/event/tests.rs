use serde_json::Value;

use super::*;
use crate::call::Refusal;
use crate::messages::Left;
use crate::testing::{self, call_sid};
use crate::tools::TakenMessage;
use crate::{Call, CallStatus};

const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

fn body(happened: &Happened<'_>) -> Value {
    serde_json::to_value(&happened.body).unwrap()
}

fn ended(status: CallStatus, refusal: Option<Refusal>) -> Call {
    Call { status, refusal, ended_at: Some(NOW), ..testing::call(1, NOW) }
}

#[test]
fn every_type_has_a_name_of_its_own_in_one_form_and_says_when_it_happens() {
    let mut names: Vec<&str> = Type::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(names, NAMES);
    for kind in Type::ALL {
        let (group, word) = kind.name().split_once('.').unwrap();
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        assert!(plain(group) && plain(word), "{}", kind.name());
        assert_eq!(Type::parse(kind.name()), Some(*kind));
        assert!(kind.when().ends_with('.') && kind.version() > 0);
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), NAMES.len());
    assert_eq!(Type::parse("call.complete"), None);
}

/// Whatever is personal is at a place that the body of the type has.
#[test]
fn what_is_personal_is_there_in_the_example() {
    for kind in Type::ALL {
        let example: Value = serde_json::from_str(kind.example()).unwrap();
        for (place, _) in kind.personal() {
            assert!(example.pointer(place).is_some(), "{}: {place}", kind.name());
        }
    }
}

#[test]
fn a_call_is_missed_when_no_agent_had_it_and_a_person_made_it() {
    let reason = |call: &Call| missed(call).map(|happened| body(&happened)["reason"].clone());
    assert_eq!(reason(&ended(CallStatus::Completed, None)), None, "an agent had it");
    assert_eq!(reason(&ended(CallStatus::NoAnswer, None)), Some("no-answer".into()));
    assert_eq!(reason(&ended(CallStatus::Completed, Some(Refusal::Closed))), Some("closed".into()));
    let rings = Call { ended_at: None, ..ended(CallStatus::Ringing, Some(Refusal::Closed)) };
    assert_eq!(reason(&rings), None, "it is not over: a voicemail may be left");
    let outbound = Call { direction: Direction::Outbound, ..ended(CallStatus::Busy, None) };
    assert_eq!(reason(&outbound), None);
}

#[test]
fn what_was_left_in_a_call_is_told_with_the_call_and_in_writing_with_the_thread() {
    let (call, message) = (
        testing::call(1, NOW),
        TakenMessage { recipient: None, text: "The wheel is bent.".into(), callback: None },
    );
    let one = Left::message(&call, "a", NOW, &message);
    let happened = left(&call.business, Some(&call), None, &one).unwrap();
    assert_eq!((happened.kind, happened.call.as_ref()), (Type::MessageTaken, Some(&call.sid)));
    assert_eq!(happened.id, format!("message.taken#{}", one.id));
    let told = body(&happened);
    assert_eq!(
        (&told["call"]["sid"], &told["message"]["message"]),
        (&call.sid.as_str().into(), &"The wheel is bent.".into())
    );
    assert!(!format!("{happened:?}").contains("wheel"), "words are not printed");
}

#[test]
fn times_are_written_with_milliseconds() {
    assert_eq!(Time(Timestamp(1_795_000_000_007)).to_string(), "2026-11-18T11:06:40.007Z");
    assert_eq!(Time(Timestamp(i64::MAX)).to_string(), "1970-01-01T00:00:00.000Z");
}

#[test]
fn each_move_of_the_final_transcript_is_an_event_of_its_own() {
    let call = testing::call(1, NOW);
    let one = transcript(&call, (crate::transcript::Source::Edited, Some(3)), 2, NOW);
    assert_eq!(one.id, format!("transcript.final#{}#000002", call_sid(1)));
    assert_eq!((&body(&one)["source"], &body(&one)["version"]), (&"edited".into(), &3.into()));
}
