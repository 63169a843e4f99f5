//! What a call's transcript needs next.

use std::time::Duration;

use super::Source;
use super::quality::{self, Expected};
use crate::business::TranscriptPolicy;
use crate::recording::RecordingState;
use crate::{SessionReport, Timestamp, Turn};

/// Turns may be written for this long after the end: late transcripts are worth waiting for.
pub const TURNS_GRACE: Duration = Duration::from_secs(10);
/// A recording that is not there by then, counted from the end of the call or from the request for it, will not
/// come.
pub const RECORDING_GRACE: Duration = Duration::from_secs(15 * 60);

/// A person asked for the transcript once more, and that is not settled yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reprocess {
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// The recording was asked for as well: one that failed before may still come.
    pub recording: bool,
}

/// Everything the step looks at.
#[derive(Debug, Clone)]
pub struct StepInput<'a> {
    /// Which transcript the business wants.
    pub policy: TranscriptPolicy,
    /// Whether the call was to be recorded.
    pub record_calls: bool,
    /// When the call ended; `None` while it is up.
    pub ended_at: Option<Timestamp>,
    /// The report of the last session; its presence means that all turns are written.
    pub report: Option<&'a SessionReport>,
    /// What was said, as the bridge recorded it.
    pub turns: &'a [Turn],
    /// What the recogniser of the turns was told to expect.
    pub expected: &'a Expected,
    /// The state of the call's recording, if there is one.
    pub recording: Option<&'a RecordingState>,
    /// The final pointer, if it is set.
    pub final_source: Option<Source>,
    /// A recording's transcript of the current run that exists already.
    pub recording_transcribed: bool,
    /// Transcribing the recording was tried in the current run and cannot succeed.
    pub recording_refused: bool,
    /// A request to process the call again.
    pub reprocess: Option<Reprocess>,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The transcript is as it should be.
    Nothing,
    /// Ask again then; not all that matters has arrived.
    Wait(Duration),
    /// Set the pointer. In a reprocessing run this settles the run as well.
    Finish(Source),
    /// Transcribe the recording.
    TranscribeRecording,
}

/// Decides what is to be done next for a call's transcript. It reads nothing: all that it needs is in `input`.
pub fn step(input: &StepInput<'_>, now: Timestamp) -> Step {
    let Some(ended_at) = input.ended_at else { return Step::Nothing };
    let since_end = now.since(ended_at);
    if let Some(asked) = input.reprocess {
        return again(input, asked, now.since(asked.asked_at.max(ended_at)));
    }
    if matches!(input.final_source, Some(Source::Recording | Source::Edited)) {
        return Step::Nothing;
    }
    if input.report.is_none() && since_end < TURNS_GRACE {
        return Step::Wait(TURNS_GRACE - since_end);
    }
    let by_turns = by_turns(input);
    match (input.policy, input.final_source) {
        (TranscriptPolicy::RealtimeOnly, None) => Step::Finish(by_turns),
        (TranscriptPolicy::RealtimeOnly, Some(_)) => Step::Nothing,
        (TranscriptPolicy::RealtimeFirst, None) if by_turns == Source::Realtime => Step::Finish(by_turns),
        (TranscriptPolicy::RealtimeFirst, Some(Source::Realtime)) => Step::Nothing,
        (TranscriptPolicy::RealtimeFirst | TranscriptPolicy::RecordingUpgrade, settled) => {
            let otherwise = settled.unwrap_or(by_turns);
            match from_recording(input, since_end, otherwise) {
                // The realtime transcript serves while the recording's is awaited.
                Step::Wait(_) if settled.is_none() && by_turns == Source::Realtime => Step::Finish(by_turns),
                Step::Finish(source) if settled == Some(source) => Step::Nothing,
                next => next,
            }
        }
    }
}

/// Listens to the recording once more, unless the business wants none listened to. What is final stays final
/// until something better stands.
fn again(input: &StepInput<'_>, asked: Reprocess, since_asked: Duration) -> Step {
    let by_turns = by_turns(input);
    match (input.policy, input.final_source) {
        (TranscriptPolicy::RealtimeOnly, Some(Source::Failed) | None) => Step::Finish(by_turns),
        (TranscriptPolicy::RealtimeOnly, Some(kept)) => Step::Finish(kept),
        (TranscriptPolicy::RealtimeFirst | TranscriptPolicy::RecordingUpgrade, settled) => {
            let otherwise = settled.filter(|source| *source != Source::Failed).unwrap_or(by_turns);
            let coming = asked.recording
                && matches!(input.recording, Some(RecordingState::Failed { .. }))
                && since_asked < RECORDING_GRACE;
            if coming && !input.recording_transcribed && !input.recording_refused {
                return Step::Wait(RECORDING_GRACE - since_asked);
            }
            from_recording(input, since_asked, otherwise)
        }
    }
}

fn by_turns(input: &StepInput<'_>) -> Source {
    if quality::flaw_of_turns(input.turns, input.expected).is_none() {
        Source::Realtime
    } else {
        Source::Failed
    }
}

fn from_recording(input: &StepInput<'_>, since: Duration, otherwise: Source) -> Step {
    if input.recording_transcribed {
        return Step::Finish(Source::Recording);
    }
    if input.recording_refused {
        return Step::Finish(otherwise);
    }
    match input.recording {
        Some(RecordingState::Archived(_)) => Step::TranscribeRecording,
        Some(RecordingState::InProgress | RecordingState::Announced) | None
            if input.record_calls && since < RECORDING_GRACE =>
        {
            Step::Wait(RECORDING_GRACE - since)
        }
        Some(_) | None => Step::Finish(otherwise),
    }
}
