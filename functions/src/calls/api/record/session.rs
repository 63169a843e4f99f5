//! The figures of one session of a call.

use domain::turn::Usage;
use domain::{Epoch, SessionReport};
use serde::Serialize;
use utoipa::ToSchema;

use crate::edge::api::schema;
use crate::shared::shapes::{Millis, Time};

/// The figures of one session: one epoch of the call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionFigures)]
pub(super) struct Session<'a> {
    #[schema(value_type = schema::EndReasonWord)]
    end_reason: &'static str,
    /// The entry of the directory that the call went to.
    transfer_to: Option<&'a str>,
    /// From 1; each loss of a session begins another.
    #[schema(value_type = u32)]
    epoch: Epoch,
    /// From the stream's start to the greeting being asked of the model.
    greeting_requested_ms: Option<Millis>,
    /// From the stream's start to the first audio of the greeting.
    greeting_heard_ms: Option<Millis>,
    turn_latency_ms: TurnLatency,
    added_latency_us: AddedLatency,
    /// How often the caller interrupted.
    barge_ins: u32,
    /// How often the agent said that an appointment is made or changed although no tool had done it. Each time it was told
    /// to take that back.
    unbacked_claims: u32,
    /// From the caller's speech to the line being cleared, worst case, microseconds.
    barge_in_clear_max_us: Option<u64>,
    frames: Frames,
    /// Caller silence put in for gaps in Twilio's timestamps.
    padded_ms: Millis,
    agent_audio_ms: AgentAudio,
    /// Tokens of the Realtime API by class.
    usage: Tokens,
    /// Optional settings of the business that the model did not take.
    settings_left_out: &'a [String],
}

/// How one session of a call ended.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionEnd<'a> {
    /// From 1.
    #[schema(value_type = u32)]
    epoch: Epoch,
    began_at: Time,
    ended_at: Time,
    #[schema(value_type = schema::EndReasonWord)]
    end_reason: &'static str,
    /// The entry of the directory that the call went to. A later session began because it was not answered there.
    transfer_to: Option<&'a str>,
}

impl<'a> SessionEnd<'a> {
    pub(super) fn new(report: &'a SessionReport) -> Self {
        Self {
            epoch: report.epoch,
            began_at: Time(report.started_at),
            ended_at: Time(report.ended_at),
            end_reason: report.end.as_str(),
            transfer_to: report.transfer_to.as_deref(),
        }
    }
}

/// From the end of the caller's speech to the agent's first audio, milliseconds.
#[derive(Debug, Serialize, ToSchema)]
struct TurnLatency {
    p50: Option<Millis>,
    max: Option<Millis>,
}

/// The time that frames spent inside the bridge, microseconds.
#[derive(Debug, Serialize, ToSchema)]
struct AddedLatency {
    /// From the caller to the model.
    up: Percentiles,
    /// From the model to the caller.
    down: Percentiles,
}

#[derive(Debug, Serialize, ToSchema)]
struct Percentiles {
    p50: Option<u64>,
    p99: Option<u64>,
}

/// Frames of 20 ms from the caller.
#[derive(Debug, Serialize, ToSchema)]
struct Frames {
    r#in: u64,
    forwarded: u64,
    dropped: u64,
}

/// The agent's audio, milliseconds.
#[derive(Debug, Serialize, ToSchema)]
struct AgentAudio {
    sent: Millis,
    /// What the line played of it.
    heard: Millis,
}

impl<'a> Session<'a> {
    pub(super) fn new(report: &'a SessionReport) -> Self {
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
            unbacked_claims: report.unbacked_claims,
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
            usage: Tokens::new(&report.usage),
            settings_left_out: &report.settings_left_out,
        }
    }
}

/// Tokens of the Realtime API by class, summed over a session. Cached tokens are a part of the input.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RealtimeTokens)]
struct Tokens {
    /// Responses that were counted.
    responses: u32,
    input_text: u64,
    input_audio: u64,
    cached_text: u64,
    cached_audio: u64,
    output_text: u64,
    output_audio: u64,
}

impl Tokens {
    fn new(usage: &Usage) -> Self {
        let Usage {
            responses,
            input_text,
            input_audio,
            cached_text,
            cached_audio,
            output_text,
            output_audio,
        } = *usage;
        Self { responses, input_text, input_audio, cached_text, cached_audio, output_text, output_audio }
    }
}
