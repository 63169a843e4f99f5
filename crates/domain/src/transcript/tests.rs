use std::time::Duration;

use proptest::prelude::*;

use super::step::{RECORDING_GRACE, TURNS_GRACE};
use super::*;
use crate::business::TranscriptPolicy;
use crate::recording::{Archived, Deletion, DeletionReason, RecordingState, WavFormat};
use crate::testing;
use crate::turn::TurnState;

pub(super) fn call() -> CallSid {
    testing::call_sid(1)
}

/// Without words it was not understood.
pub(super) fn turn(speaker: Speaker, text: &str) -> Turn {
    let state = if text.is_empty() { TurnState::Failed } else { TurnState::Complete };
    Turn { state, ..testing::turn(speaker, text) }
}

fn archived() -> RecordingState {
    RecordingState::Archived(Archived {
        key: "k".into(),
        bytes: 1,
        sha256: String::new(),
        format: WavFormat {
            codec: Default::default(),
            channels: 2,
            sample_rate_hz: 8_000,
            bits_per_sample: 16,
            duration_ms: 1,
        },
        at: Timestamp(0),
        retention: Default::default(),
    })
}

/// Nothing was told to the recogniser.
pub(super) static ANY: Expected = Expected { languages: Vec::new(), hint: String::new() };

fn input<'a>(turns: &'a [Turn], recording: Option<&'a RecordingState>) -> StepInput<'a> {
    StepInput {
        policy: TranscriptPolicy::RealtimeFirst,
        record_calls: true,
        ended_at: Some(Timestamp(0)),
        report: None,
        turns,
        expected: &ANY,
        recording,
        final_source: None,
        recording_transcribed: false,
        recording_refused: false,
        reprocess: None,
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
fn a_recording_that_never_comes_ends_the_wait_and_one_that_comes_late_still_counts() {
    let turns = [turn(Speaker::Caller, "")];
    let after = Timestamp(0).plus(RECORDING_GRACE);
    assert_eq!(step(&input(&turns, None), after), Step::Finish(Source::Failed));
    let recording = archived();
    let mut late = input(&turns, Some(&recording));
    late.final_source = Some(Source::Failed);
    assert_eq!(step(&late, after), Step::TranscribeRecording);
    late.recording_refused = true;
    assert_eq!(step(&late, after), Step::Nothing);
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
    for source in [Source::Realtime, Source::Edited, Source::Recording] {
        let mut done = input(&turns, None);
        done.final_source = Some(source);
        assert_eq!(step(&done, LATER), Step::Nothing);
    }
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

/// Fault 46.
#[test]
fn reprocessing_listens_to_the_recording_again_and_keeps_what_stands_if_that_fails() {
    let turns = [turn(Speaker::Caller, "Hi.")];
    let recording = archived();
    let mut asked = input(&turns, Some(&recording));
    asked.reprocess = Some(Reprocess { asked_at: LATER, recording: false });
    for standing in [Source::Realtime, Source::Recording, Source::Edited] {
        asked.final_source = Some(standing);
        (asked.recording_transcribed, asked.recording_refused) = (false, false);
        assert_eq!(step(&asked, LATER), Step::TranscribeRecording);
        asked.recording_refused = true;
        assert_eq!(step(&asked, LATER), Step::Finish(standing));
        (asked.recording_transcribed, asked.recording_refused) = (true, false);
        assert_eq!(step(&asked, LATER), Step::Finish(Source::Recording));
    }
    asked.policy = TranscriptPolicy::RealtimeOnly;
    asked.final_source = Some(Source::Realtime);
    assert_eq!(step(&asked, LATER), Step::Finish(Source::Realtime), "the business wants none listened to");
}

#[test]
fn a_failed_recording_that_is_fetched_again_is_waited_for() {
    let turns = [turn(Speaker::Caller, "")];
    let failed = RecordingState::Failed { reason: String::new() };
    let mut asked = input(&turns, Some(&failed));
    asked.final_source = Some(Source::Failed);
    asked.reprocess = Some(Reprocess { asked_at: LATER, recording: true });
    assert_eq!(step(&asked, LATER), Step::Wait(RECORDING_GRACE));
    assert_eq!(step(&asked, LATER.plus(RECORDING_GRACE)), Step::Finish(Source::Failed));
    asked.reprocess = Some(Reprocess { asked_at: LATER, recording: false });
    assert_eq!(step(&asked, LATER), Step::Finish(Source::Failed), "nobody is fetching it");
}

/// The worth of a pointer without a request to process the call again.
fn worth(source: Option<Source>) -> u8 {
    match source {
        None => 0,
        Some(Source::Failed) => 1,
        Some(Source::Realtime) => 2,
        Some(Source::Recording) => 3,
        Some(Source::Edited) => 4,
    }
}

fn any_source() -> impl Strategy<Value = Option<Source>> {
    prop::option::of(prop::sample::select(Source::ALL.to_vec()))
}

fn any_recording() -> impl Strategy<Value = Option<RecordingState>> {
    prop::option::of(prop::sample::select(vec![
        RecordingState::InProgress,
        RecordingState::Announced,
        archived(),
        RecordingState::Failed { reason: String::new() },
        RecordingState::Lost,
        RecordingState::Absent,
        RecordingState::Deleted(Deletion {
            at: Timestamp(0),
            reason: DeletionReason::Requested,
            archived: None,
        }),
    ]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// From every state there is an end: no step is repeated for ever, the pointer never loses worth by itself,
    /// no job is waited for more than twice, and a call that is over has a final transcript or an open recording.
    #[test]
    fn the_step_comes_to_an_end_and_the_pointer_only_gains(
        policy in prop::sample::select(vec![
            TranscriptPolicy::RealtimeFirst, TranscriptPolicy::RecordingUpgrade, TranscriptPolicy::RealtimeOnly,
        ]),
        record_calls: bool,
        texts in prop::collection::vec(("[a-z]{0,4}", any::<bool>()), 0..5),
        recording in any_recording(),
        final_source in any_source(),
        transcribed: bool,
        refused: bool,
        reprocess in prop::option::of(any::<bool>()),
        transcription_works: bool,
        since_end in 0u64..2_000,
    ) {
        let turns: Vec<Turn> = texts
            .iter()
            .map(|(text, caller)| turn(if *caller { Speaker::Caller } else { Speaker::Agent }, text))
            .collect();
        let mut now = Timestamp::from_secs(i64::try_from(since_end).unwrap());
        let mut state = input(&turns, recording.as_ref());
        state.policy = policy;
        state.record_calls = record_calls;
        state.final_source = final_source;
        state.recording_transcribed = transcribed;
        state.recording_refused = refused && !transcribed;
        state.reprocess = reprocess.map(|recording| Reprocess { asked_at: now, recording });
        let (mut waits, mut transcribes) = (0, 0);
        for _ in 0..8 {
            match step(&state, now) {
                Step::Nothing => break,
                Step::Wait(delay) => {
                    prop_assert!(delay > Duration::ZERO && delay <= RECORDING_GRACE.max(TURNS_GRACE));
                    waits += 1;
                    now = now.plus(delay);
                }
                Step::Finish(source) => {
                    let gains = worth(Some(source)) > worth(state.final_source);
                    let settles = state.reprocess.is_some();
                    prop_assert!(gains || settles, "{:?} after {:?}", source, state.final_source);
                    if source != Source::Recording {
                        prop_assert!(worth(Some(source)) >= worth(state.final_source));
                    }
                    state.final_source = Some(source);
                    state.reprocess = None;
                }
                Step::TranscribeRecording => {
                    prop_assert!(matches!(recording, Some(RecordingState::Archived(_))));
                    transcribes += 1;
                    state.recording_transcribed = transcription_works;
                    state.recording_refused = !transcription_works;
                }
            }
        }
        prop_assert_eq!(step(&state, now), Step::Nothing);
        prop_assert!(waits <= 2 && transcribes <= 1, "{waits} waits, {transcribes} transcriptions");
        prop_assert!(state.final_source.is_some());
    }
}

#[test]
fn a_line_of_the_turns_says_where_in_the_recording_it_is() {
    let began = Timestamp::from_secs(100);
    let at = |seconds: u64| began.plus(Duration::from_secs(seconds));
    let spoken = Duration::from_secs(3);
    let turns = [
        Turn { at: at(1), spoken, heard: Duration::from_secs(2), ..turn(Speaker::Agent, "Good morning.") },
        Turn { at: at(5), spoken, ..turn(Speaker::Caller, "Is my bicycle ready?") },
        Turn { at: at(9), spoken: Duration::ZERO, ..turn(Speaker::Caller, "The red one.") },
        // The line's clock and ours need not agree to the millisecond.
        Turn { at: Timestamp(began.0 - 5), heard: spoken, ..turn(Speaker::Agent, "Yes, it is ready.") },
    ];
    let places = |began| -> Vec<(Option<u64>, Option<u64>)> {
        let lines = from_turns(&call(), &turns, began, &ANY, Timestamp(0)).lines;
        lines.iter().map(|line| (line.start_ms, line.end_ms)).collect()
    };
    assert_eq!(
        places(Some(began)),
        [(Some(1_000), Some(3_000)), (Some(5_000), Some(8_000)), (Some(9_000), None), (Some(0), Some(3_000)),]
    );
    assert_eq!(places(None), [(None, None); 4]);
}
