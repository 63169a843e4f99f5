//! What may be asked about a transcript. Unknown fields are refused with 400.

use std::collections::BTreeSet;

use domain::Speaker;
use domain::transcript::{Stage, TranscriptLine};
use serde::Deserialize;

use crate::edge::problem::Problem;

/// The largest body, bytes: hours of conversation are some hundred kilobytes.
pub(super) const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;
const MAX_LINES: usize = 10_000;

/// The query of `GET /v1/calls/{sid}/transcript`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadTranscript {
    /// The number of a version; the final one without it.
    pub(super) version: Option<u32>,
}

/// The body of `PUT /v1/calls/{sid}/transcript`: a correction by hand. `If-Match` names the state that was corrected.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EditTranscript {
    /// The whole transcript in its order, 1 to 10 000 lines.
    lines: Vec<EditedLine>,
}

/// One line of a correction.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EditedLine {
    /// `caller`, `agent`, or null where it is not known.
    speaker: Option<Speaker>,
    /// What was said. A line without words is refused.
    text: String,
    /// Its place in the recording, milliseconds from the beginning.
    start_ms: Option<u64>,
}

impl EditTranscript {
    /// The corrected lines.
    ///
    /// # Errors
    /// 422 for lines that cannot be kept.
    pub(super) fn lines(self) -> Result<Vec<TranscriptLine>, Problem> {
        if self.lines.is_empty() || self.lines.len() > MAX_LINES {
            return Err(Problem::invalid("/lines", "length", format!("give 1 to {MAX_LINES} lines")));
        }
        if let Some(empty) = self.lines.iter().position(|line| line.text.trim().is_empty()) {
            let detail = "a line without words cannot be kept: leave it out";
            return Err(Problem::invalid(format!("/lines/{empty}/text"), "empty", detail));
        }
        let line = |EditedLine { speaker, text, start_ms }| TranscriptLine {
            start_ms,
            ..TranscriptLine::new(speaker, text.trim())
        };
        Ok(self.lines.into_iter().map(line).collect())
    }
}

/// The body of `POST /v1/calls/{sid}/reprocess`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reprocess {
    /// What is done again: `recording`, `transcript`, `summary`, `extraction`; at least one.
    stages: BTreeSet<Stage>,
}

impl Reprocess {
    /// # Errors
    /// 422 for a body that names no stage.
    pub(super) fn stages(self) -> Result<BTreeSet<Stage>, Problem> {
        if self.stages.is_empty() {
            let detail = "name at least one of `recording`, `transcript`, `summary`, `extraction`";
            return Err(Problem::invalid("/stages", "empty", detail));
        }
        Ok(self.stages)
    }
}
