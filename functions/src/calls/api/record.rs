//! One call with everything that belongs to it.

mod outcome;
mod session;

use domain::call::StatusEvent;
use domain::cost::CallCost;
use domain::recording::CallRecordings;
use domain::tools::TakenMessage;
use domain::transcript::Source;
use domain::turn::{ToolCall, TurnState};
use domain::{Call, Insights, Recording, SessionReport, Speaker, Timestamp, Transcript, Turn};
use serde::Serialize;
use utoipa::ToSchema;

use super::CallSummary;
use super::recording::{NoRecording, RecordingOrReason, RecordingView};
use crate::edge::api::schema;
use crate::shared::shapes::{Message, Millis, Time};
use outcome::{Cost, ExtractedView, FinalTranscript, InsightsView, SummaryView};
use session::Session;

/// The answer of `GET /v1/calls/{sid}`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallRecord)]
pub(crate) struct Record<'a> {
    #[serde(flatten)]
    call: CallSummary<'a>,
    /// What Twilio told of the call, in the order in which it happened.
    events: Vec<Event<'a>>,
    /// What was said, in the order of the conversation.
    turns: Vec<TurnView<'a>>,
    /// What the caller left with the agent, oldest first.
    messages: Vec<Message<'a>>,
    /// The figures of the latest session; null until it is over, and for a call without one.
    session: Option<Session<'a>>,
    /// The recording of the conversation, or the reason why it is missing; null while nothing is known of it, and for a call that
    /// its business does not record.
    recording: Option<RecordingOrReason<'a>>,
    /// The message that the caller left when no agent could be had.
    voicemail: Option<RecordingView<'a>>,
    /// Where the final transcript comes from: `realtime`, `recording`, `edited` or `failed`; null while none is final.
    #[schema(value_type = Option<schema::SourceWord>)]
    transcript_source: Option<&'static str>,
    transcript: Option<FinalTranscript<'a>>,
    summary: Option<SummaryView<'a>>,
    /// What the business's settings ask for and the transcript holds; null until the call was summed up.
    extraction: Option<Vec<ExtractedView<'a>>>,
    /// One of the business's own words.
    lead_status: Option<&'a str>,
    /// The latest run that summed the call up; null until there was one.
    insights: Option<InsightsView<'a>>,
    /// Null until the call was summed up.
    cost: Option<Cost<'a>>,
}

/// Everything that a record is made of.
pub(crate) struct Sources<'a> {
    pub(crate) call: &'a Call,
    pub(crate) events: &'a [(String, StatusEvent)],
    pub(crate) turns: &'a [Turn],
    pub(crate) messages: &'a [(Timestamp, TakenMessage)],
    pub(crate) report: Option<&'a SessionReport>,
    pub(crate) recordings: &'a CallRecordings,
    pub(crate) transcript: Option<&'a (Source, Option<Transcript>)>,
    /// The latest run.
    pub(crate) insights: Option<&'a Insights>,
    pub(crate) cost: Option<&'a CallCost>,
}

impl<'a> Record<'a> {
    pub(crate) fn new(from: &Sources<'a>) -> Self {
        let view = |recording: &'a Recording, name: &str| {
            RecordingView::new(recording, format!("/v1/calls/{}/{name}", recording.call))
        };
        let own = from.recordings.own().map(|own| RecordingOrReason::Recording(view(own, "recording")));
        let without = || NoRecording::of(from.recordings.search).map(RecordingOrReason::Without);
        Self {
            call: CallSummary::new(from.call),
            events: Event::all(from.events),
            turns: from.turns.iter().map(TurnView::new).collect(),
            messages: from.messages.iter().map(|(at, message)| Message::new(*at, message)).collect(),
            session: from.report.map(Session::new),
            recording: own.or_else(without),
            voicemail: from.recordings.voicemail().map(|left| view(left, "voicemail")),
            transcript_source: from.transcript.map(|(source, _)| source.as_str()),
            transcript: from.transcript.and_then(|(_, version)| version.as_ref()).map(FinalTranscript::new),
            summary: from.insights.and_then(|run| run.summary.as_ref()).map(SummaryView::new),
            extraction: from.insights.map(|run| run.extraction.iter().map(ExtractedView::new).collect()),
            lead_status: from.insights.and_then(|run| run.lead_status.as_deref()),
            insights: from.insights.map(InsightsView::new),
            cost: from.cost.map(Cost::new),
        }
    }
}

/// Something that Twilio told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallEvent)]
struct Event<'a> {
    /// Names what was told and of what: the call, a stream, a leg, the verdict of machine detection.
    event: &'a str,
    at: Time,
    /// The status of the call; null for what says nothing of it.
    #[schema(value_type = Option<schema::CallStatusWord>)]
    status: Option<&'static str>,
}

impl<'a> Event<'a> {
    /// Some of Twilio's times are whole seconds, so the rank breaks ties.
    fn all(events: &'a [(String, StatusEvent)]) -> Vec<Self> {
        let mut events: Vec<&(String, StatusEvent)> = events.iter().collect();
        events.sort_by_key(|(_, event)| (event.at, event.status.rank()));
        let view = |(key, event): &'a (String, StatusEvent)| {
            // A stream, a leg or a verdict says nothing of the call's own status.
            let told = event.moves_status() || key.starts_with("call-");
            Self { event: key, at: Time(event.at), status: told.then(|| event.status.as_str()) }
        };
        events.into_iter().map(view).collect()
    }
}

/// One turn of the conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Turn)]
struct TurnView<'a> {
    #[schema(value_type = schema::SpeakerWord)]
    speaker: Speaker,
    /// `complete`, `interrupted` (`text` is what was generated, `heard_ms` what the caller got of it) or `failed`.
    #[schema(value_type = schema::TurnStateWord)]
    state: TurnState,
    text: &'a str,
    at: Time,
    /// The agent's: audio generated. The caller's: speech that turn detection heard.
    spoken_ms: Millis,
    /// The agent's: how much of it the line played.
    heard_ms: Millis,
    /// The agent's: from the end of the caller's speech to the first audio.
    latency_ms: Option<Millis>,
    tool_calls: Vec<ToolCallView<'a>>,
}

impl<'a> TurnView<'a> {
    fn new(turn: &'a Turn) -> Self {
        Self {
            speaker: turn.speaker,
            state: turn.state,
            text: &turn.text,
            at: Time(turn.at),
            spoken_ms: Millis(turn.spoken),
            heard_ms: Millis(turn.heard),
            latency_ms: turn.latency.map(Millis),
            tool_calls: turn.tool_calls.iter().map(ToolCallView::new).collect(),
        }
    }
}

/// A tool that the agent called, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ToolCall)]
struct ToolCallView<'a> {
    /// The model's id of this use of the tool.
    call_id: &'a str,
    name: &'a str,
    /// What the model passed, JSON.
    arguments: &'a str,
    /// What the tool answered; null if it was not told to the model.
    output: Option<&'a str>,
}

impl<'a> ToolCallView<'a> {
    fn new(call: &'a ToolCall) -> Self {
        let ToolCall { call_id, name, arguments, output } = call;
        Self { call_id, name, arguments, output: output.as_deref() }
    }
}
