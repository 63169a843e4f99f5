//! What is told of a transcript and of a run that processes a call again.

use std::collections::BTreeSet;

use domain::transcript::{Reprocessing, Run, Stage};
use domain::{CallSid, RecordingSid, Timestamp, Transcript};
use serde::Serialize;
use stores::transcripts::Pointer;
use utoipa::ToSchema;

use crate::edge::api::schema;
use crate::shared::shapes::{Line, Time};

/// The answer of `GET` and `PUT /v1/calls/{sid}/transcript`. Its `ETag` names the state of the final pointer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Transcript)]
pub(super) struct TranscriptAnswer<'a> {
    /// Where the final transcript comes from: `realtime`, `recording`, `edited` or `failed`; null while none is final.
    #[schema(value_type = Option<schema::SourceWord>)]
    transcript_source: Option<&'static str>,
    /// The number of the version whose lines follow; null where the final transcript is `failed`.
    version: Option<u32>,
    /// What was said, in its order.
    lines: Vec<Line<'a>>,
    /// Every version that there is, the first one first.
    versions: Vec<Version<'a>>,
}

/// One version of a transcript, without its words.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TranscriptVersion)]
struct Version<'a> {
    /// Its number, from 1.
    version: u32,
    #[schema(value_type = schema::SourceWord)]
    source: &'static str,
    /// The run that made it. The call's own is 0; a reprocessing or an edit is the next one.
    #[schema(value_type = u32)]
    run: Run,
    /// The model whose words they are.
    model: Option<&'a str>,
    /// The recording that was listened to.
    #[schema(value_type = Option<schema::RecordingSid>)]
    recording: Option<&'a RecordingSid>,
    at: Time,
    /// Whether the final pointer stands on it.
    r#final: bool,
}

impl<'a> TranscriptAnswer<'a> {
    pub(super) fn new(
        pointer: Option<&Pointer>,
        shown: Option<&'a Transcript>,
        versions: &'a [Transcript],
    ) -> Self {
        let version = |version: &'a Transcript| Version {
            version: version.number,
            source: version.source.as_str(),
            run: version.run,
            model: version.model.as_deref(),
            recording: version.recording.as_ref(),
            at: Time(version.at),
            r#final: pointer.is_some_and(|pointer| pointer.number == Some(version.number)),
        };
        Self {
            transcript_source: pointer.map(|pointer| pointer.source.as_str()),
            version: shown.map(|version| version.number),
            lines: shown.map(|version| Line::all(&version.lines)).unwrap_or_default(),
            versions: versions.iter().map(version).collect(),
        }
    }
}

/// The answer of `POST /v1/calls/{sid}/reprocess` (202) and of `GET /v1/calls/{sid}/reprocess/{run}`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Run)]
pub(super) struct RunAnswer<'a> {
    /// Its number, from 1.
    #[schema(value_type = u32)]
    run: Run,
    #[schema(value_type = schema::CallSid)]
    call: &'a CallSid,
    #[schema(value_type = Vec<schema::StageWord>)]
    stages: &'a BTreeSet<Stage>,
    asked_at: Time,
    /// `running`, `lost` when it came to no end in its time, `superseded` by a later run, or what came of it.
    #[schema(value_type = schema::RunStateWord)]
    state: &'static str,
}

impl<'a> RunAnswer<'a> {
    /// `current` is the call's latest run.
    pub(super) fn new(call: &'a CallSid, run: &'a Reprocessing, current: Run, now: Timestamp) -> Self {
        let state = match run.outcome {
            Some(outcome) => outcome.as_str(),
            None if current > run.run => "superseded",
            None if run.is_open(now) => "running",
            None => "lost",
        };
        Self { run: run.run, call, stages: &run.stages, asked_at: Time(run.asked_at), state }
    }
}
