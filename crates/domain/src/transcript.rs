//! A call's transcript: its versions, which of them is final, and the one pure step that decides.
//!
//! Webhooks, the archiver, an operator and the step itself all trigger the same [`step()`]; it looks at what exists
//! and says what to do next. Asking twice is harmless.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::turn::Speaker;
use crate::{CallSid, RecordingSid, Timestamp, Turn};

pub mod quality;
pub mod run;
pub mod speech;
pub mod step;
pub mod stitch;

pub use quality::{Expected, Flaw, Heard, is_wordless};
pub use run::{Reprocessing, Run, RunOutcome, Stage};
pub use step::{RECORDING_GRACE, Reprocess, Step, StepInput, step};

/// Where a transcript's words come from.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumString, VariantArray,
)]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The live call.
    Realtime,
    /// The recording.
    Recording,
    /// A person corrected it.
    Edited,
    /// No source gave words.
    Failed,
}

impl Source {
    /// Every source.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The reverse of [`as_str`](Self::as_str); `None` for an unknown word.
    pub fn parse(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

/// One version of a call's words. Never changed once it is stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    /// The call.
    pub call: CallSid,
    /// Where its words come from.
    pub source: Source,
    /// What was said, in order.
    pub lines: Vec<TranscriptLine>,
    /// The model that wrote it down, if one did so afterwards.
    pub model: Option<String>,
    /// When it was written.
    pub at: Timestamp,
    /// From 1, in the order in which the call's versions were stored; 0 before that.
    #[serde(default)]
    pub number: u32,
    /// The run that wrote it.
    #[serde(default)]
    pub run: Run,
    /// The recording that was listened to.
    #[serde(default)]
    pub recording: Option<RecordingSid>,
    /// Audio that was sent to the model, milliseconds: what it bills.
    #[serde(default)]
    pub listened_ms: u64,
}

/// What one side said at a time.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TranscriptLine {
    /// `None` where the speakers could not be told apart.
    pub speaker: Option<Speaker>,
    /// The words.
    pub text: String,
    /// Where in the recording it begins, milliseconds, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_ms: Option<u64>,
    /// Where in the recording it ends, milliseconds, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_ms: Option<u64>,
}

impl TranscriptLine {
    /// A line without a time.
    pub fn new(speaker: Option<Speaker>, text: impl Into<String>) -> Self {
        Self { speaker, text: text.into(), start_ms: None, end_ms: None }
    }

    /// The same line from one place in the recording to another.
    #[must_use]
    pub fn within(self, start: Duration, end: Duration) -> Self {
        let millis = |place: Duration| u64::try_from(place.as_millis()).ok();
        Self { start_ms: millis(start), end_ms: millis(end.max(start)), ..self }
    }
}

impl Transcript {
    /// A version that is not stored yet.
    pub fn new(call: &CallSid, source: Source, lines: Vec<TranscriptLine>, at: Timestamp) -> Self {
        Self {
            call: call.clone(),
            source,
            lines,
            model: None,
            at,
            number: 0,
            run: Run::FIRST,
            recording: None,
            listened_ms: 0,
        }
    }

    /// Words in all lines that are not the agent's.
    pub fn callers_words(&self) -> usize {
        let callers = self.lines.iter().filter(|line| line.speaker != Some(Speaker::Agent));
        callers.map(|line| line.text.split_whitespace().count()).sum()
    }
}

// What callers say is personal data: it reaches the store, never a log line.
impl std::fmt::Debug for Transcript {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transcript")
            .field("source", &self.source)
            .field("number", &self.number)
            .field("run", &self.run)
            .field("lines", &self.lines.len())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for TranscriptLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TranscriptLine")
            .field("speaker", &self.speaker)
            .field("start_ms", &self.start_ms)
            .field("end_ms", &self.end_ms)
            .finish_non_exhaustive()
    }
}

/// The realtime transcript is what the turns say, in their order, without what is not to be believed: that stays
/// with the turns. `began` is when the call's first stream began, and with it the recording: without it the lines have no
/// places in that.
pub fn from_turns(
    call: &CallSid,
    turns: &[Turn],
    began: Option<Timestamp>,
    expected: &Expected,
    at: Timestamp,
) -> Transcript {
    let line = |turn: &Turn| {
        let line = TranscriptLine::new(Some(turn.speaker), turn.text.trim());
        match (began, turn.audible()) {
            (Some(began), Some(long)) => line.within(turn.at.since(began), turn.at.since(began) + long),
            (Some(began), None) => {
                TranscriptLine { end_ms: None, ..line.within(turn.at.since(began), Duration::ZERO) }
            }
            (None, _) => line,
        }
    };
    let lines = turns
        .iter()
        .filter(|turn| !is_wordless(&turn.text) && quality::flaw_of_turn(turn, expected).is_none())
        .map(line)
        .collect();
    Transcript::new(call, Source::Realtime, lines, at)
}

#[cfg(test)]
mod tests;
