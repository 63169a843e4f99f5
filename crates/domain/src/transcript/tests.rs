use super::*;
use crate::Epoch;
use crate::recording::{Archived, WavFormat};

fn call() -> CallSid {
    CallSid::parse(&format!("CA{}", "1".repeat(32))).unwrap()
}

fn turn(speaker: Speaker, text: &str) -> Turn {
    Turn {
        call: call(),
        epoch: Epoch::FIRST,
        position: 0,
        item: "item_1".into(),
        speaker,
        state: if text.is_empty() { TurnState::Failed } else { TurnState::Complete },
        text: text.into(),
        at: Timestamp(0),
        spoken: Duration::ZERO,
        heard: Duration::ZERO,
        latency: None,
        tool_calls: vec![],
    }
}

fn archived() -> RecordingState {
    RecordingState::Archived(Archived {
        key: "k".into(),
        bytes: 1,
        sha256: String::new(),
        format: WavFormat { channels: 2, sample_rate_hz: 8_000, bits_per_sample: 16, duration_ms: 1 },
        at: Timestamp(0),
    })
}

fn input<'a>(turns: &'a [Turn], recording: Option<&'a RecordingState>) -> StepInput<'a> {
    StepInput {
        policy: TranscriptPolicy::RealtimeFirst,
        record_calls: true,
        ended_at: Some(Timestamp(0)),
        report: None,
        turns,
        recording,
        final_source: None,
        recording_transcribed: false,
        recording_refused: false,
    }
}

const LATER: Timestamp = Timestamp::from_secs(60);

#[test]
fn a_good_realtime_transcript_is_final_without_looking_at_the_recording() {
    let turns = [turn(Speaker::Agent, "Hello."), turn(Speaker::Caller, "Hi.")];
    assert_eq!(step(&input(&turns, None), LATER), Step::Finish(Source::Realtime));
}

#[test]
fn missing_words_of_the_caller_are_fetched_from_the_recording() {
    let turns = [turn(Speaker::Agent, "Hello."), turn(Speaker::Caller, "")];
    assert!(matches!(step(&input(&turns, None), LATER), Step::Wait(_)));
    let recording = archived();
    assert_eq!(step(&input(&turns, Some(&recording)), LATER), Step::TranscribeRecording);
    let lost = RecordingState::Lost;
    assert_eq!(step(&input(&turns, Some(&lost)), LATER), Step::Finish(Source::Failed));
}

#[test]
fn a_recording_that_never_comes_ends_the_wait() {
    let turns = [turn(Speaker::Caller, "")];
    let after = Timestamp(0).plus(RECORDING_GRACE);
    assert_eq!(step(&input(&turns, None), after), Step::Finish(Source::Failed));
}

#[test]
fn late_turns_are_waited_for_until_the_session_reports_or_the_grace_is_over() {
    assert_eq!(step(&input(&[], None), Timestamp::from_secs(1)), Step::Wait(Duration::from_secs(9)));
}

#[test]
fn a_live_call_and_a_finished_transcript_need_nothing() {
    let turns = [turn(Speaker::Caller, "Hi.")];
    let mut live = input(&turns, None);
    live.ended_at = None;
    assert_eq!(step(&live, LATER), Step::Nothing);
    let mut done = input(&turns, None);
    done.final_source = Some(Source::Realtime);
    assert_eq!(step(&done, LATER), Step::Nothing);
}

/// Fault 47.
#[test]
fn an_upgrade_replaces_the_realtime_pointer_once_and_only_by_the_recording() {
    let turns = [turn(Speaker::Caller, "Hi.")];
    let mut upgrade = input(&turns, None);
    upgrade.policy = TranscriptPolicy::RecordingUpgrade;
    assert_eq!(step(&upgrade, LATER), Step::Finish(Source::Realtime));
    upgrade.final_source = Some(Source::Realtime);
    let recording = archived();
    upgrade.recording = Some(&recording);
    assert_eq!(step(&upgrade, LATER), Step::TranscribeRecording);
    upgrade.recording_transcribed = true;
    assert_eq!(step(&upgrade, LATER), Step::Finish(Source::Recording));
    upgrade.final_source = Some(Source::Recording);
    assert_eq!(step(&upgrade, LATER), Step::Nothing);
}

/// Fault 45.
#[test]
fn a_recogniser_in_a_loop_is_not_good_enough() {
    let loops: Vec<Turn> = (0..4).map(|_| turn(Speaker::Caller, "Thank you.")).collect();
    assert!(!good_enough(&loops));
    assert!(good_enough(&loops[..3]));
    assert!(!good_enough(&[]));
}
