//! What a call came to: its final words, its summary and its cost.

use domain::cost::{CallCost, Part, PartKind, TextUsage};
use domain::insight::{Extracted, Summary, Void, Voided};
use domain::transcript::Source;
use domain::{Insights, Speaker, Transcript};
use serde::Serialize;
use utoipa::ToSchema;

use crate::edge::api::schema;
use crate::shared::shapes::{Line, Time};

/// The words of the final transcript.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FinalTranscript<'a> {
    version: u32,
    lines: Vec<Line<'a>>,
    /// The model that wrote it down, if one did so afterwards.
    model: Option<&'a str>,
    at: Time,
}

impl<'a> FinalTranscript<'a> {
    pub(super) fn new(version: &'a Transcript) -> Self {
        Self {
            version: version.number,
            lines: Line::all(&version.lines),
            model: version.model.as_deref(),
            at: Time(version.at),
        }
    }
}

/// One run that summed the call up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Insights)]
pub(super) struct InsightsView<'a> {
    /// `done`, or why there is no summary.
    outcome: &'static str,
    /// From 1.
    run: u32,
    #[schema(value_type = Option<schema::SourceWord>)]
    transcript_source: Option<Source>,
    /// What the model claimed and the transcript does not hold.
    voided: Vec<VoidedView<'a>>,
    model: Option<&'a str>,
    /// Tokens of every request of the run.
    usage: Vec<TextTokens<'a>>,
    at: Time,
}

impl<'a> InsightsView<'a> {
    pub(super) fn new(run: &'a Insights) -> Self {
        Self {
            outcome: run.outcome.as_str(),
            run: run.run,
            transcript_source: run.source,
            voided: run.voided.iter().map(VoidedView::new).collect(),
            model: run.model.as_deref(),
            usage: run.usage.iter().map(TextTokens::new).collect(),
            at: Time(run.at),
        }
    }
}

/// What the call cost.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallCost)]
pub(super) struct Cost<'a> {
    /// The sum of what is known, millionths of a US dollar.
    usd_micros: u64,
    /// Whether every part has a price.
    complete: bool,
    /// The day (YYYY-MM-DD) of the prices.
    #[schema(value_type = schema::Day)]
    prices_as_of: &'a str,
    parts: Vec<PartView<'a>>,
}

impl<'a> Cost<'a> {
    pub(super) fn new(cost: &'a CallCost) -> Self {
        Self {
            usd_micros: cost.known_micros(),
            complete: cost.is_complete(),
            prices_as_of: &cost.as_of,
            parts: cost.parts.iter().map(PartView::new).collect(),
        }
    }
}

/// What the call was about, as the model puts it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Summary)]
pub(super) struct SummaryView<'a> {
    /// A few words.
    topic: &'a str,
    /// A few sentences.
    details: &'a str,
    /// What was agreed.
    outcome: &'a str,
    /// Null: nothing is left to do.
    next_step: Option<&'a str>,
}

impl<'a> SummaryView<'a> {
    pub(super) fn new(summary: &'a Summary) -> Self {
        let Summary { topic, details, outcome, next_step } = summary;
        Self { topic, details, outcome, next_step: next_step.as_deref() }
    }
}

/// A fact of the call, with the words that it rests on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Extracted)]
pub(super) struct ExtractedView<'a> {
    /// The field of the business's settings.
    name: &'a str,
    /// The value, in the form that the field's kind demands.
    value: &'a str,
    /// The words of the transcript that it stands on.
    quote: &'a str,
    /// Null where the transcript does not tell its speakers apart.
    #[schema(value_type = Option<schema::SpeakerWord>)]
    said_by: Option<Speaker>,
    #[schema(minimum = 0, maximum = 100)]
    confidence: u8,
}

impl<'a> ExtractedView<'a> {
    pub(super) fn new(extracted: &'a Extracted) -> Self {
        let Extracted { name, value, quote, said_by, confidence } = extracted;
        Self { name, value, quote, said_by: *said_by, confidence: *confidence }
    }
}

/// A value that the model gave and that was not taken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Voided)]
struct VoidedView<'a> {
    name: &'a str,
    #[schema(value_type = schema::VoidWord)]
    why: Void,
}

impl<'a> VoidedView<'a> {
    fn new(voided: &'a Voided) -> Self {
        Self { name: &voided.name, why: voided.why }
    }
}

/// Tokens of one request. Cached and written ones are parts of the input.
#[derive(Debug, Serialize, ToSchema)]
struct TextTokens<'a> {
    model: &'a str,
    input: u64,
    cached_input: u64,
    cache_write: u64,
    output: u64,
}

impl<'a> TextTokens<'a> {
    fn new(usage: &'a TextUsage) -> Self {
        let TextUsage { model, input, cached_input, cache_write, output } = usage;
        Self { model, input: *input, cached_input: *cached_input, cache_write: *cache_write, output: *output }
    }
}

/// One thing that was paid for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CostPart)]
struct PartView<'a> {
    #[schema(value_type = schema::PartKindWord)]
    kind: PartKind,
    /// The model, where one is paid.
    model: Option<&'a str>,
    /// Millionths of a US dollar; null where the price or the quantity is not known.
    micros: Option<u64>,
    /// The quantity is a ceiling, not a measurement.
    at_most: bool,
}

impl<'a> PartView<'a> {
    fn new(part: &'a Part) -> Self {
        let Part { kind, model, micros, at_most } = part;
        Self { kind: *kind, model: model.as_deref(), micros: *micros, at_most: *at_most }
    }
}
