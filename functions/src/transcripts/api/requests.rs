//! What may be asked about a transcript. Unknown fields are refused with 400.

use std::collections::BTreeSet;

use domain::Speaker;
use domain::transcript::{Stage, TranscriptLine};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::edge::problem::Problem;

/// The largest body, bytes: hours of conversation are some hundred kilobytes.
pub(super) const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;
const MAX_LINES: usize = 10_000;
/// A day: no recording is longer.
const MAX_PLACE_MS: u64 = 24 * 60 * 60 * 1_000;

/// The query of `GET /v1/calls/{sid}/transcript`.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReadTranscript {
    /// The number of a version; the final one without it.
    #[param(minimum = 1, maximum = 4_294_967_295_u32, nullable = false)]
    pub(super) version: Option<u32>,
}

/// The body of `PUT /v1/calls/{sid}/transcript`: a correction by hand. `If-Match` names the state that was corrected.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [
    {"speaker": "agent", "text": "Harbour Bikes, good morning.", "start_ms": 0, "end_ms": 1800},
    {"speaker": "caller", "text": "Is my bicycle ready?", "start_ms": 2100},
]}))]
pub(super) struct EditTranscript {
    /// The whole transcript in its order, 1 to 10 000 lines.
    #[schema(min_items = 1, max_items = 10_000)]
    lines: Vec<EditedLine>,
}

/// One line of a correction.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EditedLine {
    /// `caller`, `agent`, or null where it is not known.
    #[schema(value_type = Option<Side>)]
    speaker: Option<Speaker>,
    /// What was said. A line without words is refused.
    #[schema(pattern = r"\S")]
    text: String,
    /// Its place in the recording, milliseconds from the beginning.
    #[schema(minimum = 0, maximum = 86_400_000)]
    start_ms: Option<u64>,
    /// Where it ends, milliseconds from the beginning, not before it begins.
    #[schema(minimum = 0, maximum = 86_400_000)]
    end_ms: Option<u64>,
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
        for (n, line) in self.lines.iter().enumerate() {
            for (name, place) in [("start_ms", line.start_ms), ("end_ms", line.end_ms)] {
                if place.is_some_and(|place| place > MAX_PLACE_MS) {
                    let detail = format!("give {MAX_PLACE_MS} at most: no recording is longer");
                    return Err(Problem::invalid(format!("/lines/{n}/{name}"), "range", detail));
                }
            }
            if line.end_ms.is_some_and(|end| line.start_ms.is_none_or(|start| end < start)) {
                let detail = "a line ends where it begins or later: give both places, or neither";
                return Err(Problem::invalid(format!("/lines/{n}/end_ms"), "range", detail));
            }
        }
        let line = |EditedLine { speaker, text, start_ms, end_ms }| TranscriptLine {
            start_ms,
            end_ms,
            ..TranscriptLine::new(speaker, text.trim())
        };
        Ok(self.lines.into_iter().map(line).collect())
    }
}

/// The two sides, as a request names them.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only the document knows it")]
enum Side {
    Caller,
    Agent,
}

/// The body of `POST /v1/calls/{sid}/reprocess`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"stages": ["transcript", "summary"]}))]
pub(super) struct Reprocess {
    /// What is done again, each stage at most once.
    #[schema(value_type = HashSet<StageToDo>, min_items = 1, max_items = 4)]
    stages: Vec<Stage>,
}

/// What can be done once more.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only the document knows it")]
enum StageToDo {
    /// Fetch a recording that could not be archived.
    Recording,
    /// Listen to the recording again.
    Transcript,
    /// Sum the call up again.
    Summary,
    /// Look for the business's facts again.
    Extraction,
}

impl Reprocess {
    /// # Errors
    /// 422 for a body that names no stage, or one twice.
    pub(super) fn stages(self) -> Result<BTreeSet<Stage>, Problem> {
        if self.stages.is_empty() {
            let detail = "name at least one of `recording`, `transcript`, `summary`, `extraction`";
            return Err(Problem::invalid("/stages", "empty", detail));
        }
        let named = self.stages.len();
        let stages: BTreeSet<Stage> = self.stages.into_iter().collect();
        if stages.len() < named {
            return Err(Problem::invalid("/stages", "repeated", "name each stage once"));
        }
        Ok(stages)
    }
}
