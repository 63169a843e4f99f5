//! One Realtime session without its socket: client events and the passing of time in, server events out.

mod crossing;
mod describe;
mod hearing;
mod odd;
mod speaking;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::time::Instant;

use self::crossing::Crossing;
use self::describe::Spent;
use self::hearing::Turn;
use self::speaking::{Options, Response};
use super::conversation::Conversation;
use super::input::InputBuffer;
use super::progress::ScriptProgress;
use super::session::Session;
use super::timeline::Pace;
use crate::openai::fields::Fields;
use crate::openai::inspect::{Record, Violation};
use crate::openai::refusal::ApiRefusal;
use crate::openai::script::{Mishap, Script};

/// The longest client-chosen event id, in characters (OpenAI Realtime GA).
const MAX_EVENT_ID_CHARS: usize = 512;

/// The close code of an expired session (OpenAI Realtime GA).
const CLOSE_GOING_AWAY: u16 = 1001;

/// What one connection plays.
#[derive(Clone, Debug)]
pub(super) struct Role {
    pub(super) index: usize,
    pub(super) model: String,
    pub(super) script: Script,
    pub(super) pace: Pace,
    pub(super) lifetime: Duration,
}

/// Something for the socket to do.
#[derive(Debug)]
pub(super) enum Out {
    Event(Value),
    Close { code: u16, reason: String },
    Reset,
    Stall(Duration),
}

pub(super) struct Engine {
    role: Role,
    record: Arc<Record>,
    session: Session,
    conversation: Conversation,
    input: InputBuffer,
    turn: Option<Turn>,
    progress: ScriptProgress,
    responses: Vec<Response>,
    spent: Spent,
    /// Transcription events, which come when they are ready and not in their turn.
    later: BTreeMap<(Instant, u64), Value>,
    crossing: Crossing,
    idle_at: Option<Instant>,
    expires_at: Option<Instant>,
    warned_of_early_audio: bool,
    ids: u64,
    out: VecDeque<Out>,
}

impl Engine {
    /// A session that has just been opened; `session.created` is its first output.
    pub(super) fn open(role: Role, record: Arc<Record>, now: Instant) -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + role.lifetime;
        let session = Session::new(&format!("sess_{}", role.index), &role.model, unix.as_secs());
        let mut engine = Self {
            expires_at: Some(now + role.lifetime),
            role,
            record,
            session,
            conversation: Conversation::default(),
            input: InputBuffer::default(),
            turn: None,
            progress: ScriptProgress::default(),
            responses: Vec::new(),
            spent: Spent::default(),
            later: BTreeMap::new(),
            crossing: Crossing::default(),
            idle_at: None,
            warned_of_early_audio: false,
            ids: 0,
            out: VecDeque::new(),
        };
        engine.input.detect(engine.session.vad());
        engine.publish_session("session.created");
        engine
    }

    /// The next thing to do, in order.
    pub(super) fn poll(&mut self) -> Option<Out> {
        self.out.pop_front()
    }

    /// When [`Engine::tick`] has something to do next.
    pub(super) fn due(&self) -> Option<Instant> {
        let responses = self.responses.iter().filter_map(|response| response.timeline.next_at());
        let later = self.later.keys().next().map(|(at, _)| *at);
        responses.chain(later).chain(self.idle_at).chain(self.expires_at).min()
    }

    /// Does what is due at `now`.
    pub(super) fn tick(&mut self, now: Instant) {
        // First, because a reply may end the connection: a tick that comes late must not lose what was due before.
        while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= now) {
            let event = entry.remove();
            self.transcribed(event);
        }
        self.perform(now);
        if self.idle_at.is_some_and(|at| at <= now) {
            self.idle(now);
        }
        if self.expires_at.is_some_and(|at| at <= now) {
            self.expires_at = None;
            let message = "Your session hit the maximum duration of 60 minutes.";
            let error = ApiRefusal::new("session_expired", message).to_json();
            self.emit(json!({ "type": "error", "error": error }));
            self.out.push_back(Out::Close { code: CLOSE_GOING_AWAY, reason: message.to_owned() });
        }
        self.publish_conversation();
    }

    /// Sends an event of a test. Only an object is given an `event_id`.
    pub(super) fn inject(&mut self, event: Value) {
        if event.is_object() {
            self.emit(event);
        } else {
            self.out.push_back(Out::Event(event));
        }
    }

    /// Takes a text message of the client.
    pub(super) fn receive(&mut self, text: &str, now: Instant) {
        let Ok(value) = serde_json::from_str::<Value>(text) else {
            let refusal = ApiRefusal::new("invalid_event", "The message is not valid JSON.");
            return self.refuse("", None, refusal);
        };
        let kind = value["type"].as_str().unwrap_or_default().to_owned();
        let event_id = value["event_id"].as_str().map(str::to_owned);
        let accepted = if kind == "input_audio_buffer.append" {
            self.append(&value, now)
        } else {
            self.record.received(&kind, value.clone());
            self.handle(&kind, &value, now)
        };
        if let Err(refusal) = accepted {
            if self.crossing.explains(&refusal, &value) {
                self.answer_refused(event_id.as_deref(), &refusal);
            } else {
                self.refuse(&kind, event_id, refusal);
            }
        }
        self.publish_conversation();
    }

    fn handle(&mut self, kind: &str, value: &Value, now: Instant) -> Result<(), ApiRefusal> {
        let event = Fields::of(value, "")?;
        event.required_string("type")?;
        if event.string("event_id")?.is_some_and(|id| id.chars().count() > MAX_EVENT_ID_CHARS) {
            return Err(ApiRefusal::invalid(
                "event_id",
                format_args!("at most {MAX_EVENT_ID_CHARS} characters"),
            ));
        }
        let only = |keys: &[&str]| event.only(&[&["type", "event_id"], keys].concat());
        match kind {
            "session.update" => {
                only(&["session"])?;
                self.session.update(event.require("session")?)?;
                self.input.detect(self.session.vad());
                self.publish_session("session.updated");
            }
            "input_audio_buffer.commit" => {
                only(&[])?;
                self.commit_by_client(now)?;
            }
            "input_audio_buffer.clear" => {
                only(&[])?;
                self.input.clear();
                self.turn = None;
                self.emit(json!({ "type": "input_audio_buffer.cleared" }));
            }
            "conversation.item.create" => {
                let id = self.id("item");
                let (previous, item) = self.conversation.create(&event, id)?;
                self.emit_item("conversation.item.added", previous.as_deref(), &item);
                self.emit_item("conversation.item.done", previous.as_deref(), &item);
            }
            "conversation.item.retrieve" => {
                only(&["item_id"])?;
                let item = self.conversation.retrieve(event.required_string("item_id")?)?;
                self.emit(json!({ "type": "conversation.item.retrieved", "item": item }));
            }
            "conversation.item.delete" => {
                only(&["item_id"])?;
                let id = event.required_string("item_id")?;
                self.conversation.delete(id)?;
                self.emit(json!({ "type": "conversation.item.deleted", "item_id": id }));
            }
            "conversation.item.truncate" => {
                only(&["item_id", "content_index", "audio_end_ms"])?;
                self.truncate(&event)?;
            }
            "response.create" => {
                only(&["response"])?;
                let options = Options::read(&event, &self.role.model)?;
                self.create_response(options, now)?;
            }
            "response.cancel" => {
                only(&["response_id"])?;
                self.cancel_by_client(event.string("response_id")?)?;
            }
            "output_audio_buffer.clear" => {
                let message = "output_audio_buffer.clear needs a WebRTC or SIP connection.";
                return Err(ApiRefusal::new("invalid_event", message));
            }
            _ => return Err(ApiRefusal::new("invalid_value", format!("Invalid value: '{kind}'.")).at("type")),
        }
        Ok(())
    }

    fn truncate(&mut self, event: &Fields<'_>) -> Result<(), ApiRefusal> {
        let id = event.required_string("item_id")?;
        event.require("content_index")?;
        event.require("audio_end_ms")?;
        let content_index = event.integer("content_index", i64::MIN..=i64::MAX)?.unwrap_or_default();
        let audio_end_ms = event.integer("audio_end_ms", i64::MIN..=i64::MAX)?.unwrap_or_default();
        self.conversation.truncate(id, content_index, audio_end_ms)?;
        self.emit(json!({
            "type": "conversation.item.truncated",
            "item_id": id,
            "content_index": content_index,
            "audio_end_ms": audio_end_ms,
        }));
        Ok(())
    }

    fn mishap(&mut self, mishap: &Mishap) {
        match mishap {
            Mishap::Close { code, reason } => {
                self.out.push_back(Out::Close { code: *code, reason: reason.clone() });
            }
            Mishap::Reset => self.out.push_back(Out::Reset),
            Mishap::Gap(_) => {}
            Mishap::Stall(pause) => self.out.push_back(Out::Stall(*pause)),
            Mishap::Error(error) => self.emit(json!({ "type": "error", "error": error })),
            Mishap::Events(events) => events.iter().cloned().for_each(|event| self.emit(event)),
        }
    }

    /// Answers a mistake of the client and remembers it.
    fn refuse(&mut self, kind: &str, event_id: Option<String>, refusal: ApiRefusal) {
        self.answer_refused(event_id.as_deref(), &refusal);
        self.record.violated(Violation {
            kind: kind.to_owned(),
            event_id,
            code: refusal.code,
            message: refusal.message,
        });
    }

    fn answer_refused(&mut self, event_id: Option<&str>, refusal: &ApiRefusal) {
        let mut error = refusal.to_json();
        error["event_id"] = json!(event_id);
        self.emit(json!({ "type": "error", "error": error }));
    }

    fn emit_item(&mut self, kind: &str, previous: Option<&str>, item: &Value) {
        self.emit(json!({ "type": kind, "previous_item_id": previous, "item": item }));
    }

    fn emit(&mut self, mut event: Value) {
        if event["event_id"].is_null() {
            event["event_id"] = json!(self.id("event"));
        }
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        if self.role.script.odd_fields {
            odd::make(&mut event);
        }
        let audio = (kind == "response.output_audio.delta").then(|| event["delta"].take());
        self.record.sent(&kind, event.clone());
        if let Some(audio) = audio {
            event["delta"] = audio;
        }
        self.out.push_back(Out::Event(event));
    }

    fn publish_session(&mut self, kind: &str) {
        let session = self.session.value().clone();
        self.record.session(session.clone());
        self.emit(json!({ "type": kind, "session": session }));
    }

    fn publish_conversation(&mut self) {
        if self.conversation.take_changed() {
            self.record.conversation(self.conversation.values());
        }
    }

    fn id(&mut self, prefix: &str) -> String {
        self.ids += 1;
        format!("{prefix}_{}_{}", self.role.index, self.ids)
    }
}
