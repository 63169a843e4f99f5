//! What a call came to: its summary, the facts that the business wants to know, a status for the lead.
//!
//! A model writes them, and a value is not believed just because a model wrote it: it stands only on a
//! [quote](check_claims) that the transcript holds. For a call in which the caller said nothing no model is asked.

mod claims;
mod instructions;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

pub use claims::{CheckedClaims, check_claims};
pub use instructions::instructions;

use crate::cost::TextUsage;
use crate::recording::RecordingState;
use crate::transcript::{RECORDING_GRACE, Source};
use crate::{CallSid, Speaker, Timestamp, Transcript};

/// What a business wants to know of its calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct InsightPolicy {
    /// The facts to find out.
    pub fields: Vec<Field>,
    /// The words among which a lead's status is recommended, as the business's own system knows them; empty:
    /// none is recommended.
    pub lead_statuses: Vec<String>,
}

/// A fact to find in a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = InsightField))]
pub struct Field {
    /// The key in the record.
    pub name: String,
    /// For the model: what belongs in it.
    pub description: String,
    /// The kind of value that counts.
    pub kind: FieldKind,
}

/// What a value of a field may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = InsightKind))]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A decimal number.
    Number,
    /// `2026-11-26`.
    Date,
    /// `10:30`, on the business's clock.
    Time,
    /// As it was said, digits only, with a leading `+` if the country was named.
    Phone,
    /// One of these words.
    OneOf(Vec<String>),
}

/// The most fields that a business may ask for.
pub const MAX_FIELDS: usize = 30;

impl Default for InsightPolicy {
    fn default() -> Self {
        let field = |name: &str, description: &str, kind| Field {
            name: name.into(),
            description: description.into(),
            kind,
        };
        Self {
            fields: vec![
                field("name", "The caller's own name.", FieldKind::Text),
                field("service", "What the caller wants from the business.", FieldKind::Text),
                field(
                    "city",
                    "The town where the caller is or where the work is to be done.",
                    FieldKind::Text,
                ),
                field("requested_date", "The day that the caller asked for or agreed to.", FieldKind::Date),
                field("requested_time", "The hour that the caller asked for or agreed to.", FieldKind::Time),
                field(
                    "callback_number",
                    "A number on which the caller wants to be called.",
                    FieldKind::Phone,
                ),
            ],
            lead_statuses: ["new", "qualified", "booked", "not_interested"].map(String::from).into(),
        }
    }
}

/// What the model is asked to fill in. Everything in it is a claim.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct ModelClaims {
    /// What the call was about.
    pub summary: Summary,
    /// A claim for each field, or `None` where the model found no value.
    pub fields: BTreeMap<String, Option<Claim>>,
    /// One of the business's own words, or none.
    #[serde(default)]
    pub lead_status: Option<String>,
}

/// A value with the words that it stands on.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Claim {
    /// What the model takes the value to be.
    pub value: String,
    /// The words of the transcript that it rests on.
    pub quote: String,
    /// 0 to 100, the model's own estimate.
    pub confidence: i64,
}

/// What the call was about, as the model puts it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventSummary))]
pub struct Summary {
    /// A few words.
    pub topic: String,
    /// A few sentences.
    pub details: String,
    /// What was agreed.
    pub outcome: String,
    /// `None`: nothing is left to do.
    pub next_step: Option<String>,
}

/// A fact of the call, with the words that it rests on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extracted {
    /// The field.
    pub name: String,
    /// The value, in the form that its kind demands.
    pub value: String,
    /// The words of the transcript that it stands on.
    pub quote: String,
    /// Who said it; `None` where the transcript does not tell its speakers apart.
    pub said_by: Option<Speaker>,
    /// 0 to 100.
    pub confidence: u8,
}

/// A value that the model gave and that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voided {
    /// The field.
    pub name: String,
    /// Why the value does not count.
    pub why: Void,
}

/// Why a value does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Void {
    /// The transcript does not hold the quote.
    NotSaid,
    /// It is not what its [`FieldKind`] demands.
    WrongKind,
}

/// How the attempt to sum a call up ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum InsightOutcome {
    /// The call was summed up.
    Done,
    /// There are no words of a caller; no model was asked.
    NobodySpoke,
    /// There is no transcript to sum up; no model was asked.
    NoTranscript,
    /// The model declined.
    Refused,
    /// The answer did not fit into the tokens it may use.
    Incomplete,
    /// OpenAI's content filter cut the answer off.
    ContentFilter,
    /// The answer is not what the schema demands.
    InvalidAnswer,
    /// No model takes the request as it is.
    Rejected,
    /// The models could not be reached in all attempts.
    Unavailable,
    /// The models had no room for the request in all attempts.
    Overloaded,
    /// The account has no money or no rights.
    Quota,
}

impl InsightOutcome {
    /// The label in records, metrics and the API.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// One version of what a call came to. Immutable; the highest run is the one that counts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insights {
    /// The call.
    pub call: CallSid,
    /// From 1.
    pub run: u32,
    /// Digest of everything the run depended on. Nothing is run twice on the same.
    pub input: String,
    /// The transcript that was read.
    pub source: Option<Source>,
    /// What the attempt came to.
    pub outcome: InsightOutcome,
    /// What the call was about, if it was summed up.
    pub summary: Option<Summary>,
    /// The values that stand on quotes.
    pub extraction: Vec<Extracted>,
    /// The values that do not count.
    pub voided: Vec<Voided>,
    /// One of the business's own words.
    pub lead_status: Option<String>,
    /// The model whose answer it is.
    pub model: Option<String>,
    /// What every request of this run used, answers that came to nothing included.
    pub usage: Vec<TextUsage>,
    /// When it was written.
    pub at: Timestamp,
}

/// Everything that decides whether it is time.
#[derive(Debug, Clone, Copy)]
pub struct StageInput<'a> {
    /// When the call ended; `None` while it is up.
    pub ended_at: Option<Timestamp>,
    /// The call was refused or belongs to no settings: it has no conversation.
    pub refused: bool,
    /// Whether the call was to be recorded.
    pub record_calls: bool,
    /// The state of its recording, if there is one.
    pub recording: Option<&'a RecordingState>,
    /// Where the final transcript comes from; `None` before that is decided.
    pub final_source: Option<Source>,
    /// The final transcript.
    pub transcript: Option<&'a Transcript>,
}

/// What to do about a call's insights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Whatever is missing will ask again by itself.
    Nothing,
    /// Look again after this time.
    Wait(Duration),
    /// The outcome is plain without a model.
    Plain(InsightOutcome),
    /// Ask a model.
    Ask,
}

/// The last stage of a call: it waits until the transcript is final and the recording has come to its end,
/// so that what is said about the call afterwards is said once and whole.
pub fn stage(input: &StageInput<'_>, now: Timestamp) -> Stage {
    let Some(ended_at) = input.ended_at else { return Stage::Nothing };
    if input.refused {
        return Stage::Plain(InsightOutcome::NobodySpoke);
    }
    let Some(source) = input.final_source else { return Stage::Nothing };
    let since_end = now.since(ended_at);
    let recording_open =
        matches!(input.recording, None | Some(RecordingState::InProgress | RecordingState::Announced));
    if input.record_calls && recording_open && since_end < RECORDING_GRACE {
        return Stage::Wait(RECORDING_GRACE - since_end);
    }
    match input.transcript {
        _ if source == Source::Failed => Stage::Plain(InsightOutcome::NoTranscript),
        None => Stage::Plain(InsightOutcome::NoTranscript),
        Some(transcript) if caller_spoke(transcript) => Stage::Ask,
        Some(_) => Stage::Plain(InsightOutcome::NobodySpoke),
    }
}

/// Lines whose speaker is not known may be the caller's.
fn caller_spoke(transcript: &Transcript) -> bool {
    transcript.lines.iter().any(|line| line.speaker != Some(Speaker::Agent) && !line.text.trim().is_empty())
}

// What was said, and what was made of it, is personal: it reaches the store and the API, never a log line.
macro_rules! private {
    ($($name:ident),+) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        })+
    };
}

private!(ModelClaims, Claim, Summary, Extracted);

impl fmt::Debug for Insights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Insights")
            .field("call", &self.call)
            .field("run", &self.run)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
