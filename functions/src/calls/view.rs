//! The API's JSON. Kept apart from the domain's own types, so that neither binds the other.

use std::time::Duration;

use domain::call::StatusEvent;
use domain::cost::CallCost;
use domain::phone::Caller;
use domain::recording::{RecordingKind, Search};
use domain::tools::TakenMessage;
use domain::transcript::Source;
use domain::{Call, Insights, Recording, RecordingState, SessionReport, Timestamp, Transcript, Turn};
use platform::clock;
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Serialize)]
pub(super) struct Page {
    calls: Vec<Value>,
    next: Option<String>,
}

impl Page {
    pub(super) fn new(calls: &[Call], next: Option<String>) -> Self {
        Self { calls: calls.iter().map(summary).collect(), next }
    }
}

/// One call with everything that belongs to it.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct Record(Value);

impl Record {
    pub(super) fn new(call: &Call) -> Self {
        Self(summary(call))
    }

    /// In the order in which they happened. Some of Twilio's times are whole seconds, so the rank breaks ties.
    pub(super) fn events(mut self, events: &[(String, StatusEvent)]) -> Self {
        let mut events: Vec<&(String, StatusEvent)> = events.iter().collect();
        events.sort_by_key(|(_, event)| (event.at, event.status.rank()));
        let events: Vec<Value> = events
            .iter()
            .map(|(key, event)| {
                // Of a stream, a leg or a verdict we were told something, and nothing of the call's own status.
                let told = event.moves_status() || key.starts_with("call-");
                let status = told.then(|| event.status.as_str());
                json!({ "event": key, "at": time(event.at), "status": status })
            })
            .collect();
        self.0["events"] = events.into();
        self
    }

    pub(super) fn turns(mut self, turns: &[Turn]) -> Self {
        let turns: Vec<Value> = turns
            .iter()
            .map(|turn| {
                json!({
                    "speaker": turn.speaker,
                    "state": turn.state,
                    "text": turn.text,
                    "at": time(turn.at),
                    "spoken_ms": ms(turn.spoken),
                    "heard_ms": ms(turn.heard),
                    "latency_ms": turn.latency.map(ms),
                    "tool_calls": turn.tool_calls,
                })
            })
            .collect();
        self.0["turns"] = turns.into();
        self
    }

    pub(super) fn messages(mut self, messages: &[(Timestamp, TakenMessage)]) -> Self {
        let messages: Vec<Message<'_>> =
            messages.iter().map(|(at, message)| Message::new(*at, message)).collect();
        self.0["messages"] = json!(messages);
        self
    }

    pub(super) fn report(mut self, report: Option<&SessionReport>) -> Self {
        self.0["session"] = report.map_or(Value::Null, |report| {
            json!({
                "end_reason": report.end.as_str(),
                "transfer_to": report.transfer_to,
                "epoch": report.epoch,
                "greeting_requested_ms": report.greeting_requested.map(ms),
                "greeting_heard_ms": report.greeting_heard.map(ms),
                "turn_latency_ms": { "p50": report.turn_latency_p50.map(ms), "max": report.turn_latency_max.map(ms) },
                "added_latency_us": {
                    "up": { "p50": report.added_up_p50_us, "p99": report.added_up_p99_us },
                    "down": { "p50": report.added_down_p50_us, "p99": report.added_down_p99_us },
                },
                "barge_ins": report.barge_ins,
                "barge_in_clear_max_us": report.barge_in_clear_max_us,
                "frames": { "in": report.frames_in, "forwarded": report.frames_forwarded, "dropped": report.frames_dropped },
                "padded_ms": ms(report.padded),
                "agent_audio_ms": { "sent": ms(report.agent_audio_sent), "heard": ms(report.agent_audio_heard) },
                "usage": report.usage,
                "settings_left_out": report.settings_left_out,
            })
        });
        self
    }

    pub(super) fn recording(mut self, kind: RecordingKind, recording: Option<&Recording>) -> Self {
        let name = match kind {
            RecordingKind::Call => "recording",
            RecordingKind::Voicemail => "voicemail",
        };
        self.0[name] = recording.map_or(Value::Null, |recording| {
            recording_view(recording, format!("/v1/calls/{}/{name}", recording.call))
        });
        self
    }

    /// What is said of a call in the place of its recording when it has none.
    pub(super) fn without_recording(mut self, search: Option<Search>) -> Self {
        if self.0["recording"].is_null() {
            self.0["recording"] = match search {
                Some(Search::Over(reason)) => {
                    json!({ "sid": null, "kind": "call", "state": "not_recorded", "reason": reason.as_str() })
                }
                Some(Search::Open) => json!({ "sid": null, "kind": "call", "state": "looked_for" }),
                Some(Search::Found) | None => Value::Null,
            };
        }
        self
    }

    pub(super) fn transcript(mut self, transcript: Option<&(Source, Option<Transcript>)>) -> Self {
        self.0["transcript_source"] = transcript.map_or(Value::Null, |(source, _)| source.as_str().into());
        let version = transcript.and_then(|(_, version)| version.as_ref());
        self.0["transcript"] = version.map_or(Value::Null, |version| {
            json!({
                "version": version.number,
                "lines": version.lines,
                "model": version.model,
                "at": time(version.at),
            })
        });
        self
    }

    /// What the latest run made of the call. `insights` is null until there was one.
    pub(super) fn insights(mut self, insights: Option<&Insights>) -> Self {
        self.0["summary"] = json!(insights.and_then(|run| run.summary.as_ref()));
        self.0["extraction"] = json!(insights.map(|run| &run.extraction));
        self.0["lead_status"] = json!(insights.and_then(|run| run.lead_status.as_deref()));
        self.0["insights"] = insights.map_or(Value::Null, |run| {
            json!({
                "outcome": run.outcome.as_str(),
                "run": run.run,
                "transcript_source": run.source,
                "voided": run.voided,
                "model": run.model,
                "usage": run.usage,
                "at": time(run.at),
            })
        });
        self
    }

    pub(super) fn cost(mut self, cost: Option<&CallCost>) -> Self {
        self.0["cost"] = cost.map_or(Value::Null, |cost| {
            json!({
                "usd_micros": cost.known_micros(),
                "complete": cost.is_complete(),
                "prices_as_of": cost.as_of,
                "parts": cost.parts,
            })
        });
        self
    }
}

/// A message that a caller left with the agent.
#[derive(Serialize)]
pub(crate) struct Message<'a> {
    at: String,
    r#for: Option<&'a str>,
    message: &'a str,
    callback: Option<&'a str>,
}

impl<'a> Message<'a> {
    pub(crate) fn new(at: Timestamp, message: &'a TakenMessage) -> Self {
        let TakenMessage { recipient, text, callback } = message;
        Self { at: time(at), r#for: recipient.as_deref(), message: text, callback: callback.as_deref() }
    }
}

/// All recordings of a call, in the order in which they were heard of.
pub(super) fn recordings(all: &[Recording]) -> Value {
    let mut all: Vec<&Recording> = all.iter().collect();
    all.sort_by_key(|recording| recording.announced_at);
    let one = |recording: &&Recording| {
        recording_view(recording, format!("/v1/calls/{}/recordings/{}", recording.call, recording.sid))
    };
    json!({ "recordings": all.iter().map(one).collect::<Vec<_>>() })
}

/// `link` leads to the bytes, once there are any.
fn recording_view(recording: &Recording, link: String) -> Value {
    let mut view = json!({
        "sid": recording.sid,
        "kind": recording.kind.as_str(),
        "source": recording.source.as_str(),
        "state": recording.state.as_str(),
        "legal_hold": recording.held,
        "deleted_at_twilio": recording.deleted_at_twilio.map(time),
    });
    match &recording.state {
        RecordingState::Archived(archived) => {
            view["link"] = link.into();
            view["object"] = archived.key.as_str().into();
            view["bytes"] = archived.bytes.into();
            view["sha256"] = archived.sha256.as_str().into();
            view["codec"] = archived.format.codec.as_str().into();
            view["channels"] = archived.format.channels.into();
            view["sample_rate_hz"] = archived.format.sample_rate_hz.into();
            view["duration_ms"] = archived.format.duration_ms.into();
            view["archived_at"] = time(archived.at).into();
            view["retention"] = archived.retention.as_str().into();
        }
        RecordingState::Failed { reason } => view["reason"] = reason.as_str().into(),
        RecordingState::Deleted(deletion) => {
            view["deleted_at"] = time(deletion.at).into();
            view["reason"] = deletion.reason.as_str().into();
        }
        RecordingState::Absent => view["error_code"] = recording.error_code.into(),
        RecordingState::InProgress | RecordingState::Announced | RecordingState::Lost => {}
    }
    view
}

/// A number, or the word for what is none.
pub(crate) fn caller(from: &Caller) -> &str {
    match from {
        Caller::Number(number) => number.as_e164(),
        Caller::Hidden => "hidden",
        Caller::Other(_) => "other",
    }
}

fn summary(call: &Call) -> Value {
    json!({
        "sid": call.sid,
        "status": call.status.as_str(),
        "direction": call.direction.as_str(),
        "from": caller(&call.from),
        "to": call.to.as_ref().map(|number| number.as_e164()),
        "opened_at": time(call.opened_at),
        "answered_at": call.answered_at.map(time),
        "ended_at": call.ended_at.map(time),
        "duration_s": call.duration.map(|duration| duration.as_secs()),
        "settings_revision": call.revision,
        "refusal": call.refusal.map(|refusal| refusal.as_str()),
        "sip_response_code": call.sip_response_code,
        "error_code": call.error_code,
        "reason": call.task.as_ref().and_then(|task| task.reason.as_deref()),
    })
}

fn time(at: Timestamp) -> String {
    clock::rfc3339(at)
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
