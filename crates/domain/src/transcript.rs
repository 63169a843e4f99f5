//! A call's transcript: its versions, which of them is final, and the one pure step that decides.
//!
//! Webhooks, the archiver and the sweeper all trigger the same [`step`]; it looks at what exists and says
//! what to do next. Asking twice is harmless.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::business::TranscriptPolicy;
use crate::recording::RecordingState;
use crate::turn::{Speaker, TurnState};
use crate::{CallSid, SessionReport, Timestamp, Turn};

/// Where a transcript's words come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Realtime,
    Recording,
    /// Neither source gave words.
    Failed,
}

impl Source {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Realtime => "realtime",
            Self::Recording => "recording",
            Self::Failed => "failed",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::Realtime, Self::Recording, Self::Failed].into_iter().find(|s| s.as_str() == word)
    }
}

/// One version of a call's words.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    pub call: CallSid,
    pub source: Source,
    pub lines: Vec<Line>,
    /// The model that wrote it down, if one did so afterwards.
    pub model: Option<String>,
    pub at: Timestamp,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// `None` where the speakers could not be told apart.
    pub speaker: Option<Speaker>,
    pub text: String,
}

impl std::fmt::Debug for Transcript {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transcript")
            .field("source", &self.source)
            .field("lines", &self.lines.len())
            .finish_non_exhaustive()
    }
}

/// The realtime transcript is what the turns say, in their order.
pub fn from_turns(call: &CallSid, turns: &[Turn], at: Timestamp) -> Transcript {
    let lines = turns
        .iter()
        .filter(|turn| !turn.text.trim().is_empty())
        .map(|turn| Line { speaker: Some(turn.speaker), text: turn.text.trim().to_owned() })
        .collect();
    Transcript { call: call.clone(), source: Source::Realtime, lines, model: None, at }
}

/// At least this share of the caller's turns must have words.
const MIN_CALLER_TURNS_WITH_WORDS: f64 = 0.7;
/// A line said this many times in a row is a recogniser in a loop, not a caller.
const MAX_EQUAL_LINES_IN_A_ROW: usize = 3;

/// Whether the realtime turns can stand as the final transcript.
///
/// An agent that spoke to nobody is fine: silence has no words to miss. What is not fine is a caller who
/// spoke and whose words are missing, or words that a recogniser repeated to itself.
pub fn good_enough(turns: &[Turn]) -> bool {
    let caller: Vec<&Turn> = turns.iter().filter(|turn| turn.speaker == Speaker::Caller).collect();
    let with_words =
        caller.iter().filter(|t| t.state != TurnState::Failed && !t.text.trim().is_empty()).count();
    if turns.iter().all(|turn| turn.text.trim().is_empty()) {
        return false;
    }
    if !caller.is_empty() && (with_words as f64) < MIN_CALLER_TURNS_WITH_WORDS * caller.len() as f64 {
        return false;
    }
    let mut run = 0;
    let mut last = "";
    for turn in &caller {
        let text = turn.text.trim();
        run = if !text.is_empty() && text == last { run + 1 } else { 1 };
        last = text;
        if run > MAX_EQUAL_LINES_IN_A_ROW {
            return false;
        }
    }
    true
}

/// Turns may be written for this long after the end: late transcripts are worth waiting for.
pub const TURNS_GRACE: Duration = Duration::from_secs(10);
/// A recording that is not announced by then will not come.
pub const RECORDING_GRACE: Duration = Duration::from_secs(15 * 60);

/// Everything the step looks at.
#[derive(Debug, Clone)]
pub struct StepInput<'a> {
    pub policy: TranscriptPolicy,
    pub record_calls: bool,
    pub ended_at: Option<Timestamp>,
    /// The report of the last session; its presence means that all turns are written.
    pub report: Option<&'a SessionReport>,
    pub turns: &'a [Turn],
    pub recording: Option<&'a RecordingState>,
    /// The final pointer, if it is set.
    pub final_source: Option<Source>,
    /// A recording's transcript that exists already.
    pub recording_transcribed: bool,
    /// Transcribing the recording was tried and cannot succeed.
    pub recording_refused: bool,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Nothing,
    /// Ask again then; not all that matters has arrived.
    Wait(Duration),
    /// Set the pointer.
    Finish(Source),
    TranscribeRecording,
}

pub fn step(input: &StepInput<'_>, now: Timestamp) -> Step {
    let Some(ended_at) = input.ended_at else { return Step::Nothing };
    if input.final_source == Some(Source::Recording)
        || (input.final_source.is_some() && input.policy != TranscriptPolicy::RecordingUpgrade)
    {
        return Step::Nothing;
    }
    let since_end = now.since(ended_at);
    if input.report.is_none() && since_end < TURNS_GRACE {
        return Step::Wait(TURNS_GRACE - since_end);
    }
    let realtime_stands = good_enough(input.turns);
    match input.policy {
        TranscriptPolicy::RealtimeOnly => {
            Step::Finish(if realtime_stands { Source::Realtime } else { Source::Failed })
        }
        TranscriptPolicy::RealtimeFirst if realtime_stands => Step::Finish(Source::Realtime),
        TranscriptPolicy::RealtimeFirst => from_recording(input, since_end, Source::Failed),
        TranscriptPolicy::RecordingUpgrade => {
            let until_then = if realtime_stands { Source::Realtime } else { Source::Failed };
            match from_recording(input, since_end, until_then) {
                // The realtime transcript serves while the recording's is awaited.
                Step::Wait(_) if realtime_stands && input.final_source.is_none() => {
                    Step::Finish(Source::Realtime)
                }
                Step::Finish(source) if input.final_source == Some(source) => Step::Nothing,
                next => next,
            }
        }
    }
}

fn from_recording(input: &StepInput<'_>, since_end: Duration, otherwise: Source) -> Step {
    if input.recording_transcribed {
        return Step::Finish(Source::Recording);
    }
    if !input.record_calls || input.recording_refused {
        return Step::Finish(otherwise);
    }
    match input.recording {
        Some(RecordingState::Archived(_)) => Step::TranscribeRecording,
        Some(RecordingState::Announced) | None if since_end < RECORDING_GRACE => {
            Step::Wait(RECORDING_GRACE - since_end)
        }
        Some(_) | None => Step::Finish(otherwise),
    }
}

#[cfg(test)]
mod tests;
