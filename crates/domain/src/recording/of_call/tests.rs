use super::super::{Codec, Deletion, DeletionReason, RecordingSource, WavFormat};
use super::*;
use crate::call::Refusal;
use crate::recording::{Archived, Retention};
use crate::{RecordingSid, Timestamp, testing};

fn call(status: CallStatus) -> Call {
    Call { status, ended_at: Some(Timestamp(9_000)), ..testing::call(1, Timestamp(0)) }
}

fn archived() -> RecordingState {
    RecordingState::Archived(Archived {
        key: String::new(),
        bytes: 1,
        sha256: String::new(),
        format: WavFormat {
            codec: Codec::Pcm,
            channels: 2,
            sample_rate_hz: 8_000,
            bits_per_sample: 16,
            duration_ms: 1,
        },
        at: Timestamp(0),
        retention: Retention::Forever,
    })
}

fn deleted() -> RecordingState {
    RecordingState::Deleted(Deletion { at: Timestamp(0), reason: DeletionReason::Requested, archived: None })
}

fn failed() -> RecordingState {
    RecordingState::Failed { reason: "XML".into() }
}

/// Heard of in the order of their numbers.
fn recording(number: u8, source: RecordingSource, state: RecordingState) -> Recording {
    let kind = match source {
        RecordingSource::RecordVerb => RecordingKind::Voicemail,
        _ => RecordingKind::Call,
    };
    let Call { sid: call, business, .. } = call(CallStatus::Completed);
    let sid = RecordingSid::parse(&format!("RE{}", number.to_string().repeat(32))).unwrap();
    Recording { kind, source, ..Recording::new(sid, call, business, state, Timestamp(i64::from(number))) }
}

fn of(all: Vec<Recording>) -> CallRecordings {
    CallRecordings { all, search: None }
}

use RecordingSource as S;
use RecordingState::{Absent, Announced, InProgress, Lost};

/// Cases C08 and B15. Another program's recording of the call is not ours, in any state.
#[test]
fn another_programs_recording_never_stands_in_for_ours() {
    for foreign in [S::OutboundApi, S::Trunking, S::DialVerb, S::Conference] {
        for state in [InProgress, Announced, archived(), Absent] {
            let alone = of(vec![recording(1, foreign, state.clone())]);
            assert_eq!(alone.own(), None, "{foreign:?} {state:?}");
            assert_eq!(alone.account(&call(CallStatus::Completed)), Account::Ask);
            let beside = of(vec![recording(1, foreign, state), recording(2, S::StartTwiml, Absent)]);
            assert_eq!(beside.own(), Some(&beside.all[1]), "even an absent one");
        }
    }
    let message = of(vec![recording(1, S::RecordVerb, archived())]);
    assert_eq!((message.own(), message.voicemail()), (None, Some(&message.all[0])));
}

/// Case C08. One that came to nothing does not hide one that did not.
#[test]
fn of_several_of_ours_the_one_that_came_furthest_counts() {
    let order = [archived(), Announced, InProgress, deleted(), failed(), Lost, Absent];
    for (n, further) in order.iter().enumerate() {
        for less in &order[n + 1..] {
            let both = of(vec![
                recording(1, S::StartApi, less.clone()),
                recording(2, S::StartTwiml, further.clone()),
            ]);
            assert_eq!(both.own().map(|own| &own.state), Some(further));
        }
    }
    let alike = of(vec![recording(2, S::StartTwiml, Announced), recording(1, S::StartTwiml, Announced)]);
    assert_eq!(alike.own(), Some(&alike.all[1]), "the first that was heard of");
}

/// Case C22. The words come from what there is.
#[test]
fn another_programs_recording_is_transcribed_when_ours_gives_nothing() {
    let trunk = || recording(1, S::Trunking, archived());
    let message = || recording(2, S::RecordVerb, archived());
    let ours = |state| recording(3, S::StartTwiml, state);
    let heard = |all: Vec<Recording>| of(all).to_listen_to().map(|chosen| chosen.source);
    assert_eq!(heard(vec![]), None);
    assert_eq!(heard(vec![trunk(), message()]), Some(S::Trunking));
    assert_eq!(heard(vec![message()]), Some(S::RecordVerb));
    for waited_for in [InProgress, Announced, archived()] {
        assert_eq!(heard(vec![trunk(), message(), ours(waited_for)]), Some(S::StartTwiml));
    }
    for nothing in [failed(), Lost, Absent, deleted()] {
        assert_eq!(heard(vec![trunk(), message(), ours(nothing.clone())]), Some(S::Trunking));
        assert_eq!(heard(vec![message(), ours(nothing.clone())]), Some(S::RecordVerb));
        assert_eq!(heard(vec![ours(nothing)]), Some(S::StartTwiml));
    }
}

#[test]
fn an_unanswered_call_needs_no_question() {
    let nothing = of(vec![]);
    let mut refused = call(CallStatus::Completed);
    refused.refusal = Some(Refusal::AtCapacity);
    assert_eq!(nothing.account(&refused), Account::NotRecorded(NotRecorded::Refused));
    for status in [CallStatus::Busy, CallStatus::NoAnswer, CallStatus::Canceled, CallStatus::Failed] {
        let mut unanswered = call(status);
        assert_eq!(nothing.account(&unanswered), Account::NotRecorded(NotRecorded::NotAnswered));
        unanswered.answered_at = Some(Timestamp(1));
        assert_eq!(nothing.account(&unanswered), Account::Ask, "it was answered before it failed");
    }
    assert_eq!(nothing.account(&call(CallStatus::Completed)), Account::Ask, "it may have been recorded");
    let left = of(vec![recording(1, S::RecordVerb, archived())]);
    assert_eq!(
        left.account(&refused),
        Account::NotRecorded(NotRecorded::Refused),
        "a message is no recording of it"
    );
}

#[test]
fn a_call_is_accounted_for_once_unless_twilio_could_not_be_asked() {
    let over = call(CallStatus::Completed);
    for &reason in NotRecorded::ALL {
        let known = CallRecordings { all: vec![], search: Some(Search::Over(reason)) };
        let again = if reason == NotRecorded::Unconfirmed { Account::Ask } else { Account::Known };
        assert_eq!((known.account(&over), known.may_come(true)), (again, false), "{reason:?}");
        assert_eq!(NotRecorded::parse(reason.as_str()), Some(reason));
    }
    let searched = CallRecordings { all: vec![], search: Some(Search::Open) };
    assert_eq!((searched.account(&over), searched.may_come(true)), (Account::Ask, true));
    for state in [Announced, archived(), failed(), Lost, Absent, deleted()] {
        assert_eq!(of(vec![recording(1, S::StartTwiml, state)]).account(&over), Account::Known);
    }
    let begun = of(vec![recording(1, S::StartTwiml, InProgress)]);
    assert_eq!(begun.account(&over), Account::Ask, "its end was not heard of");
}

#[test]
fn what_is_worth_waiting_for() {
    assert!(of(vec![]).may_come(true) && !of(vec![]).may_come(false));
    let over = Some(Search::Over(NotRecorded::Refused));
    let message = CallRecordings { all: vec![recording(1, S::RecordVerb, Announced)], search: over };
    assert!(message.may_come(false), "a message comes though the call was refused");
}

#[test]
fn a_call_without_a_stream_ended_before_its_recording_began() {
    let mut over = call(CallStatus::Completed);
    assert_eq!(NotRecorded::unlisted(&over), NotRecorded::EndedFirst);
    over.answered_at = Some(Timestamp(1));
    assert_eq!(NotRecorded::unlisted(&over), NotRecorded::NotBegun);
}
