//! One call with everything that belongs to it.

use domain::call::StatusEvent;
use domain::cost::{CallCost, Part, TextUsage};
use domain::insight::{Extracted, Summary, Voided};
use domain::recording::CallRecordings;
use domain::tools::TakenMessage;
use domain::transcript::{Source, TranscriptLine};
use domain::turn::{ToolCall, TurnState, Usage};
use domain::{Call, Epoch, Insights, Recording, SessionReport, Speaker, Timestamp, Transcript, Turn};
use serde::Serialize;

use super::CallSummary;
use super::recording::{NoRecording, RecordingOrReason, RecordingView};
use crate::shared::shapes::{Message, Millis, Time};

/// The answer of `GET /v1/calls/{sid}`.
#[derive(Debug, Serialize)]
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
    transcript_source: Option<&'static str>,
    transcript: Option<FinalTranscript<'a>>,
    summary: Option<&'a Summary>,
    /// What the business's settings ask for and the transcript holds; null until the call was summed up.
    extraction: Option<&'a [Extracted]>,
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
            summary: from.insights.and_then(|run| run.summary.as_ref()),
            extraction: from.insights.map(|run| run.extraction.as_slice()),
            lead_status: from.insights.and_then(|run| run.lead_status.as_deref()),
            insights: from.insights.map(InsightsView::new),
            cost: from.cost.map(Cost::new),
        }
    }
}

/// Something that Twilio told.
#[derive(Debug, Serialize)]
struct Event<'a> {
    /// Names what was told and of what: the call, a stream, a leg, the verdict of machine detection.
    event: &'a str,
    at: Time,
    /// The status of the call; null for what says nothing of it.
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
#[derive(Debug, Serialize)]
struct TurnView<'a> {
    speaker: Speaker,
    /// `complete`, `interrupted` (`text` is what was generated, `heard_ms` what the caller got of it) or `failed`.
    state: TurnState,
    text: &'a str,
    at: Time,
    /// The agent's: audio generated. The caller's: speech that turn detection heard.
    spoken_ms: Millis,
    /// The agent's: how much of it the line played.
    heard_ms: Millis,
    /// The agent's: from the end of the caller's speech to the first audio.
    latency_ms: Option<Millis>,
    tool_calls: &'a [ToolCall],
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
            tool_calls: &turn.tool_calls,
        }
    }
}

/// The figures of one session: one epoch of the call.
#[derive(Debug, Serialize)]
struct Session<'a> {
    end_reason: &'static str,
    /// The entry of the directory that the call went to.
    transfer_to: Option<&'a str>,
    /// From 1; each loss of a session begins another.
    epoch: Epoch,
    /// From the stream's start to the greeting being asked of the model.
    greeting_requested_ms: Option<Millis>,
    /// From the stream's start to the first audio of the greeting.
    greeting_heard_ms: Option<Millis>,
    turn_latency_ms: TurnLatency,
    added_latency_us: AddedLatency,
    /// How often the caller interrupted.
    barge_ins: u32,
    /// From the caller's speech to the line being cleared, worst case, microseconds.
    barge_in_clear_max_us: Option<u64>,
    frames: Frames,
    /// Caller silence put in for gaps in Twilio's timestamps.
    padded_ms: Millis,
    agent_audio_ms: AgentAudio,
    /// Tokens of the Realtime API by class.
    usage: &'a Usage,
    /// Optional settings of the business that the model did not take.
    settings_left_out: &'a [String],
}

/// From the end of the caller's speech to the agent's first audio, milliseconds.
#[derive(Debug, Serialize)]
struct TurnLatency {
    p50: Option<Millis>,
    max: Option<Millis>,
}

/// The time that frames spent inside the bridge, microseconds.
#[derive(Debug, Serialize)]
struct AddedLatency {
    /// From the caller to the model.
    up: Percentiles,
    /// From the model to the caller.
    down: Percentiles,
}

#[derive(Debug, Serialize)]
struct Percentiles {
    p50: Option<u64>,
    p99: Option<u64>,
}

/// Frames of 20 ms from the caller.
#[derive(Debug, Serialize)]
struct Frames {
    r#in: u64,
    forwarded: u64,
    dropped: u64,
}

/// The agent's audio, milliseconds.
#[derive(Debug, Serialize)]
struct AgentAudio {
    sent: Millis,
    /// What the line played of it.
    heard: Millis,
}

impl<'a> Session<'a> {
    fn new(report: &'a SessionReport) -> Self {
        Self {
            end_reason: report.end.as_str(),
            transfer_to: report.transfer_to.as_deref(),
            epoch: report.epoch,
            greeting_requested_ms: report.greeting_requested.map(Millis),
            greeting_heard_ms: report.greeting_heard.map(Millis),
            turn_latency_ms: TurnLatency {
                p50: report.turn_latency_p50.map(Millis),
                max: report.turn_latency_max.map(Millis),
            },
            added_latency_us: AddedLatency {
                up: Percentiles { p50: report.added_up_p50_us, p99: report.added_up_p99_us },
                down: Percentiles { p50: report.added_down_p50_us, p99: report.added_down_p99_us },
            },
            barge_ins: report.barge_ins,
            barge_in_clear_max_us: report.barge_in_clear_max_us,
            frames: Frames {
                r#in: report.frames_in,
                forwarded: report.frames_forwarded,
                dropped: report.frames_dropped,
            },
            padded_ms: Millis(report.padded),
            agent_audio_ms: AgentAudio {
                sent: Millis(report.agent_audio_sent),
                heard: Millis(report.agent_audio_heard),
            },
            usage: &report.usage,
            settings_left_out: &report.settings_left_out,
        }
    }
}

/// The words of the final transcript.
#[derive(Debug, Serialize)]
struct FinalTranscript<'a> {
    version: u32,
    lines: &'a [TranscriptLine],
    /// The model that wrote it down, if one did so afterwards.
    model: Option<&'a str>,
    at: Time,
}

impl<'a> FinalTranscript<'a> {
    fn new(version: &'a Transcript) -> Self {
        Self {
            version: version.number,
            lines: &version.lines,
            model: version.model.as_deref(),
            at: Time(version.at),
        }
    }
}

/// One run that summed the call up.
#[derive(Debug, Serialize)]
struct InsightsView<'a> {
    /// `done`, or why there is no summary.
    outcome: &'static str,
    /// From 1.
    run: u32,
    transcript_source: Option<Source>,
    /// What the model claimed and the transcript does not hold.
    voided: &'a [Voided],
    model: Option<&'a str>,
    /// Tokens of every request of the run.
    usage: &'a [TextUsage],
    at: Time,
}

impl<'a> InsightsView<'a> {
    fn new(run: &'a Insights) -> Self {
        Self {
            outcome: run.outcome.as_str(),
            run: run.run,
            transcript_source: run.source,
            voided: &run.voided,
            model: run.model.as_deref(),
            usage: &run.usage,
            at: Time(run.at),
        }
    }
}

/// What the call cost.
#[derive(Debug, Serialize)]
struct Cost<'a> {
    /// The sum of what is known, millionths of a US dollar.
    usd_micros: u64,
    /// Whether every part has a price.
    complete: bool,
    /// The day (YYYY-MM-DD) of the prices.
    prices_as_of: &'a str,
    parts: &'a [Part],
}

impl<'a> Cost<'a> {
    fn new(cost: &'a CallCost) -> Self {
        Self {
            usd_micros: cost.known_micros(),
            complete: cost.is_complete(),
            prices_as_of: &cost.as_of,
            parts: &cost.parts,
        }
    }
}
