//! What may be asked about a transcript. Unknown fields are refused with 400.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use domain::Speaker;
use domain::transcript::{Stage, TranscriptLine};
use http::StatusCode;
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
    /// 413 for a body over [`MAX_BODY_BYTES`], 400 for one that is no correction.
    pub(super) fn lines(body: Result<Json<Self>, JsonRejection>) -> Result<Vec<TranscriptLine>, Problem> {
        let Json(edit) = body.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too large").detail("at most 2 MiB")
            }
            _ => Problem::bad_request(
                "the body is `{\"lines\": [{\"speaker\": \"caller\" or \"agent\" or null, \"text\": ...}]}`",
            ),
        })?;
        if edit.lines.is_empty() || edit.lines.len() > MAX_LINES {
            return Err(Problem::bad_request(format!("`lines` has 1 to {MAX_LINES} entries")));
        }
        if edit.lines.iter().any(|line| line.text.trim().is_empty()) {
            return Err(Problem::bad_request("a line without words cannot be kept: leave it out"));
        }
        let line = |EditedLine { speaker, text, start_ms }| TranscriptLine {
            start_ms,
            ..TranscriptLine::new(speaker, text.trim())
        };
        Ok(edit.lines.into_iter().map(line).collect())
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
    /// 400 for a body that names no stage.
    pub(super) fn stages(body: Result<Json<Self>, JsonRejection>) -> Result<BTreeSet<Stage>, Problem> {
        let stages = body.map(|Json(ask)| ask.stages).unwrap_or_default();
        if stages.is_empty() {
            let shape =
                "the body is `{\"stages\": [...]}` of `recording`, `transcript`, `summary`, `extraction`";
            return Err(Problem::bad_request(shape));
        }
        Ok(stages)
    }
}
