//! One call with everything that belongs to it.

mod outcome;
mod session;

use domain::access::KeyId;
use domain::call::StatusEvent;
use domain::contact::ContactId;
use domain::listening::Listener;
use domain::turn::{AnswerSteps, ToolCall, TurnState};
use domain::{Call, Epoch, Speaker, Turn};
use serde::Serialize;
use stores::contacts::Stored;
use utoipa::ToSchema;

use super::CallSummary;
use super::recording::{RecordingOrReason, RecordingView, of_call};
use crate::calls::parts::Parts;
use crate::edge::api::schema;
use crate::shared::shapes::{Message, Millis, Time};
use outcome::{Cost, ExtractedView, FinalTranscript, InsightsView, SummaryView};
use session::{Session, SessionEnd};

/// The contact at the other end of a call.
#[derive(Debug, Serialize, ToSchema)]
struct CallContact<'a> {
    /// For a contact that was merged, the one that it went into.
    #[schema(value_type = schema::ContactId)]
    id: ContactId,
    /// What it is called; null: no name is known.
    name: Option<&'a str>,
}

impl<'a> CallContact<'a> {
    fn new(Stored { contact, .. }: &'a Stored) -> Self {
        Self { id: contact.id, name: contact.name().map(|name| name.value.as_str()) }
    }
}

/// A person who listened to a call while it went on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallListener)]
struct ListenerView<'a> {
    /// The key with which they had signed in.
    #[schema(value_type = schema::KeyId)]
    key: &'a KeyId,
    began_at: Time,
    /// Null while they listen, and where the end was lost with the process that carried the call.
    ended_at: Option<Time>,
}

impl<'a> ListenerView<'a> {
    fn new(Listener { view: _, by, began_at, ended_at }: &'a Listener) -> Self {
        Self { key: by, began_at: Time(*began_at), ended_at: ended_at.map(Time) }
    }
}

/// A call, and of what belongs to it that which `include` names.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallRecord)]
pub(crate) struct Record<'a> {
    #[serde(flatten)]
    call: CallSummary<'a>,
    /// The contact at the other end as it is now; null once it is deleted. With `include=contact`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<CallContact<'a>>, required = false)]
    contact: Option<Option<CallContact<'a>>>,
    /// What Twilio told of the call, in the order in which it happened. With `include=events`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    events: Option<Vec<Event<'a>>>,
    /// What was said, in the order of the conversation. With `include=turns`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    turns: Option<Vec<TurnView<'a>>>,
    /// What was said last; null until something was. With `include=last_turn`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<TurnView<'a>>, required = false)]
    last_turn: Option<Option<TurnView<'a>>>,
    /// What the caller left with the agent, oldest first. With `include=messages`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    messages: Option<Vec<Message<'a>>>,
    /// Who listened to the call while it went on, the first one first. With `include=listeners`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    listeners: Option<Vec<ListenerView<'a>>>,
    /// The figures of the latest session; null until it is over, and for a call without one. With `include=session`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Session<'a>>, required = false)]
    session: Option<Option<Session<'a>>>,
    /// Every session that is over and could tell how it ended, the first one first: why a later one began. With
    /// `include=sessions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sessions: Option<Vec<SessionEnd<'a>>>,
    /// The recording of the conversation, or the reason why it is missing; null while nothing is known of it, and for a call that
    /// its business does not record. With `include=recordings`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RecordingOrReason<'a>>, required = false)]
    recording: Option<Option<RecordingOrReason<'a>>>,
    /// The message that the caller left when no agent could be had. With `include=recordings`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RecordingView<'a>>, required = false)]
    voicemail: Option<Option<RecordingView<'a>>>,
    /// Where the final transcript comes from: `realtime`, `recording`, `edited` or `failed`; null while none is final. With
    /// `include=transcript`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::SourceWord>, required = false)]
    transcript_source: Option<Option<&'static str>>,
    /// With `include=transcript`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<FinalTranscript<'a>>, required = false)]
    transcript: Option<Option<FinalTranscript<'a>>>,
    /// With `include=insights`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SummaryView<'a>>, required = false)]
    summary: Option<Option<SummaryView<'a>>>,
    /// What the business's settings ask for and the transcript holds; null until the call was summed up. With
    /// `include=insights`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<ExtractedView<'a>>>, required = false)]
    extraction: Option<Option<Vec<ExtractedView<'a>>>>,
    /// One of the business's own words. With `include=insights`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    lead_status: Option<Option<&'a str>>,
    /// The latest run that summed the call up; null until there was one. With `include=insights`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<InsightsView<'a>>, required = false)]
    insights: Option<Option<InsightsView<'a>>>,
    /// Null until the call was summed up. With `include=cost`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Cost<'a>>, required = false)]
    cost: Option<Option<Cost<'a>>>,
}

impl<'a> Record<'a> {
    pub(crate) fn new(call: &'a Call, parts: &'a Parts) -> Self {
        let Parts { events, turns, last_turn, messages, listeners, report, reports, .. } = parts;
        let Parts { recordings, transcript, insights, cost, .. } = parts;
        let insights = insights.as_ref().map(Option::as_ref);
        let transcript = transcript.as_ref().map(Option::as_ref);
        Self {
            call: CallSummary::new(call),
            contact: parts.contact.as_ref().map(|known| known.as_ref().map(CallContact::new)),
            events: events.as_deref().map(Event::all),
            turns: turns.as_ref().map(|turns| turns.iter().map(TurnView::new).collect()),
            last_turn: last_turn.as_ref().map(|last| last.as_ref().map(TurnView::new)),
            messages: messages
                .as_ref()
                .map(|left| left.iter().map(|(at, message)| Message::new(*at, message)).collect()),
            listeners: listeners.as_ref().map(|all| all.iter().map(ListenerView::new).collect()),
            session: report.as_ref().map(|report| report.as_ref().map(Session::new)),
            sessions: reports.as_ref().map(|all| all.iter().map(SessionEnd::new).collect()),
            recording: recordings.as_ref().map(RecordingOrReason::of),
            voicemail: recordings.as_ref().map(|all| all.voicemail().map(|left| of_call(left, "voicemail"))),
            transcript_source: transcript.map(|known| known.map(|(source, _)| source.as_str())),
            transcript: transcript
                .map(|known| known.and_then(|(_, version)| version.as_ref()).map(FinalTranscript::new)),
            summary: insights.map(|run| run.and_then(|run| run.summary.as_ref()).map(SummaryView::new)),
            extraction: insights
                .map(|run| run.map(|run| run.extraction.iter().map(ExtractedView::new).collect())),
            lead_status: insights.map(|run| run.and_then(|run| run.lead_status.as_deref())),
            insights: insights.map(|run| run.map(InsightsView::new)),
            cost: cost.as_ref().map(|cost| cost.as_ref().map(Cost::new)),
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
    /// The session of the call, from 1: a call that is taken up again after its stream or its bridge was lost goes on in the
    /// next one. `include=sessions` tells why.
    #[schema(value_type = u32)]
    epoch: Epoch,
    /// When the model's connection that carried it was taken into use. Two turns of one epoch differ in it if the model's
    /// connection was replaced between them: it was lost, or its time was nearly up. Null where it is not known.
    model_since: Option<Time>,
    /// The agent's: audio generated. The caller's: speech that turn detection heard.
    spoken_ms: Millis,
    /// The agent's: how much of it the line played.
    heard_ms: Millis,
    /// The agent's: from the end of the caller's speech to the first audio.
    latency_ms: Option<Millis>,
    /// The agent's, of an answer with a latency: the other steps on the way to it.
    steps: Option<StepsView>,
    tool_calls: Vec<ToolCallView<'a>>,
}

impl<'a> TurnView<'a> {
    fn new(turn: &'a Turn) -> Self {
        Self {
            speaker: turn.speaker,
            state: turn.state,
            text: &turn.text,
            at: Time(turn.at),
            epoch: turn.epoch,
            model_since: turn.model_since.map(Time),
            spoken_ms: Millis(turn.spoken),
            heard_ms: Millis(turn.heard),
            latency_ms: turn.latency.map(Millis),
            steps: turn.latency.map(|_| StepsView::new(turn.steps)),
            tool_calls: turn.tool_calls.iter().map(ToolCallView::new).collect(),
        }
    }
}

/// Steps on the way to an answer, each counted like `latency_ms` from the end of the caller's speech; null where it is not
/// known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AnswerSteps)]
struct StepsView {
    /// The caller's words were known as text. The model answers the sound without them, so that they may come last.
    words_ms: Option<Millis>,
    /// The model began to answer.
    begun_ms: Option<Millis>,
    /// The caller heard the first sound, as the line tells.
    heard_ms: Option<Millis>,
}

impl StepsView {
    fn new(AnswerSteps { words, begun, heard }: AnswerSteps) -> Self {
        Self { words_ms: words.map(Millis), begun_ms: begun.map(Millis), heard_ms: heard.map(Millis) }
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
