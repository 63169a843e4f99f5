//! The model's side: responses, created, spoken beat by beat, cancelled.

mod options;
mod output;

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

pub(super) use self::options::Options;
use self::output::Open;
use super::Engine;
use crate::openai::realtime::progress::Scene;
use crate::openai::realtime::timeline::{Beat, Timeline};
use crate::openai::refusal::ApiRefusal;
use crate::openai::script::{Ending, Mishap, Reply};

/// A response under way.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) id: String,
    /// False for an out-of-band response (`conversation: "none"`).
    pub(super) in_conversation: bool,
    pub(super) metadata: Value,
    /// The finished output items.
    pub(super) output: Vec<Value>,
    pub(super) spoken_ms: u64,
    /// Words and arguments produced so far.
    pub(super) written: String,
    pub(super) timeline: Timeline,
    reply: Reply,
    open: Option<Open>,
    audio_deltas: usize,
}

impl Engine {
    /// `response.create`.
    pub(super) fn create_response(&mut self, options: Options, now: Instant) -> Result<(), ApiRefusal> {
        let active = self.responses.iter().find(|response| response.in_conversation);
        if let (true, Some(active)) = (options.in_conversation, active) {
            let message = format!(
                "Conversation already has an active response in progress: {}. Wait until the response is \
                 finished before creating a new one.",
                active.id
            );
            return Err(ApiRefusal::new("conversation_already_has_active_response", message));
        }
        self.start_response(options, now);
        Ok(())
    }

    /// `response.cancel`.
    pub(super) fn cancel_by_client(&mut self, id: Option<&str>) -> Result<(), ApiRefusal> {
        let wanted = |response: &Response| id.map_or(response.in_conversation, |id| response.id == id);
        let Some(position) = self.responses.iter().position(wanted) else {
            let message = "Cancellation failed: no active response found";
            return Err(ApiRefusal::new("response_cancel_not_active", message));
        };
        self.cancel_at(position, "client_cancelled");
        Ok(())
    }

    /// Cancels the conversation's response, if there is one.
    pub(super) fn cancel(&mut self, reason: &str) {
        if let Some(position) = self.responses.iter().position(|response| response.in_conversation) {
            self.cancel_at(position, reason);
        }
    }

    pub(super) fn is_answering(&self) -> bool {
        self.responses.iter().any(|response| response.in_conversation)
    }

    /// Starts to speak what the script has for this moment.
    pub(super) fn start_response(&mut self, options: Options, now: Instant) {
        self.idle_at = None;
        let scene = Scene {
            kind: options.metadata["kind"].as_str(),
            turns: self.conversation.turns(),
            after_tool_output: self.conversation.ends_with_tool_output(),
            has_acted: self.conversation.has_acted(),
        };
        let mut reply = self.progress.next(&self.role.script, scene);
        reply.fill(|tool, pointer| self.conversation.told(tool, pointer));
        let response = Response {
            id: self.id("resp"),
            in_conversation: options.in_conversation,
            metadata: options.metadata,
            output: Vec::new(),
            spoken_ms: 0,
            written: String::new(),
            timeline: Timeline::of(&reply, &self.role.pace, now),
            reply,
            open: None,
            audio_deltas: 0,
        };
        let described = self.describe(&response, "in_progress", &Value::Null, &Value::Null);
        self.emit(json!({ "type": "response.created", "response": described }));
        self.emit(json!({
            "type": "rate_limits.updated",
            "rate_limits": [
                { "name": "requests", "limit": 10_000, "remaining": 9_999, "reset_seconds": 0.006 },
                { "name": "tokens", "limit": 2_000_000, "remaining": 1_990_000, "reset_seconds": 0.3 },
            ],
        }));
        self.responses.push(response);
    }

    /// Sends what is due of every response.
    pub(super) fn perform(&mut self, now: Instant) {
        let due = |response: &Response| response.timeline.next_at().is_some_and(|at| at <= now);
        while let Some(position) = self.responses.iter().position(due) {
            let mut response = self.responses.remove(position);
            if let Some(mishap) = response.struck() {
                if let Mishap::Gap(gap) = mishap {
                    response.timeline.postpone(gap);
                }
                self.mishap(&mishap);
                self.responses.insert(position, response);
                if matches!(mishap, Mishap::Close { .. } | Mishap::Reset | Mishap::Stall(_)) {
                    return;
                }
                continue;
            }
            match response.timeline.pop_due(now) {
                Some(Beat::Finish) | None => self.finish(response, now),
                Some(beat) => {
                    self.play(&mut response, beat);
                    self.responses.insert(position, response);
                }
            }
        }
    }

    fn play(&mut self, response: &mut Response, beat: Beat) {
        match beat {
            Beat::OpenMessage => self.open_message(response),
            Beat::Transcript(words) => self.transcript_delta(response, &words),
            Beat::Audio(audio) => self.audio_delta(response, &audio),
            Beat::CloseMessage => {
                let status =
                    if response.reply.ending == Ending::Completed { "completed" } else { "incomplete" };
                self.close(response, status, false);
            }
            Beat::OpenCall { name } => self.open_call(response, name),
            Beat::Arguments(piece) => self.arguments_delta(response, &piece),
            Beat::CloseCall { announced_twice } => self.close(response, "completed", announced_twice),
            Beat::Finish => {}
        }
    }

    fn finish(&mut self, response: Response, now: Instant) {
        let (status, details) = match &response.reply.ending {
            Ending::Completed => ("completed", Value::Null),
            Ending::Failed { code } => {
                let message = "The simulated model was told to fail here.";
                let error = json!({ "type": "server_error", "code": code, "message": message });
                ("failed", json!({ "type": "failed", "error": error }))
            }
            Ending::OutOfCapacity { again_in } => {
                let message = format!(
                    "Rate limit reached for {} on tokens per min. Please try again in {}s.",
                    self.role.model,
                    again_in.as_secs_f64()
                );
                let error = json!({ "type": "tokens", "code": "rate_limit_exceeded", "message": message });
                ("failed", json!({ "type": "failed", "error": error }))
            }
            Ending::Incomplete { reason } => {
                ("incomplete", json!({ "type": "incomplete", "reason": reason }))
            }
        };
        self.done(&response, status, &details);
        if response.in_conversation
            && let Some(idle_ms) = self.session.idle_timeout_ms()
        {
            let played_and_idle = Duration::from_millis(response.spoken_ms + idle_ms);
            self.idle_at = Some(now + played_and_idle);
        }
    }

    fn cancel_at(&mut self, position: usize, reason: &str) {
        let mut response = self.responses.remove(position);
        let mut late = response.timeline.cut(response.reply.late_deltas);
        let last = late.pop();
        let address = response.open.as_ref().map(|open| response.address(open));
        for audio in late {
            self.audio_delta(&mut response, &audio);
        }
        self.close(&mut response, "incomplete", false);
        self.done(&response, "cancelled", &json!({ "type": "cancelled", "reason": reason }));
        if let (Some(audio), Some(address)) = (last, address) {
            self.stray_audio(address, &audio);
        }
    }

    fn done(&mut self, response: &Response, status: &str, details: &Value) {
        let usage = if response.reply.without_usage { Value::Null } else { self.usage(response) };
        let described = self.describe(response, status, details, &usage);
        self.emit(json!({ "type": "response.done", "response": described }));
        self.crossing.ended(&response.id);
    }
}

impl Response {
    fn struck(&self) -> Option<Mishap> {
        self.reply.faults.iter().find_map(|fault| fault.strike(self.audio_deltas)).cloned()
    }
}
