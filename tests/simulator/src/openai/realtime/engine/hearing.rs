//! The caller's side: audio in, turns, their transcripts, and silence.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::Engine;
use super::speaking::Options;
use crate::audio::mulaw;
use crate::openai::fields::Fields;
use crate::openai::inspect::Violation;
use crate::openai::realtime::conversation::Item;
use crate::openai::realtime::vad::Edge;
use crate::openai::refusal::ApiRefusal;
use crate::openai::script::Heard;

/// A turn being spoken.
#[derive(Debug)]
pub(super) struct Turn {
    item_id: String,
    audio_start_ms: u64,
}

impl Engine {
    /// `input_audio_buffer.append`: the one event that is not logged, but collected as audio.
    pub(super) fn append(&mut self, value: &Value, now: Instant) -> Result<(), ApiRefusal> {
        let event = Fields::of(value, "")?;
        event.only(&["type", "event_id", "audio"])?;
        let payload = event.required_string("audio")?;
        self.note_early_audio();
        let (audio, edges) = self.input.append(payload, self.session.input_format())?;
        self.record.appended(&audio);
        for edge in edges {
            match edge {
                Edge::Started { audio_start_ms } => self.turn_started(audio_start_ms),
                Edge::Stopped { audio_end_ms } => self.turn_stopped(audio_end_ms, now),
            }
        }
        Ok(())
    }

    /// `input_audio_buffer.commit`: the client says where the turn ends; no response follows by itself.
    pub(super) fn commit_by_client(&mut self, now: Instant) -> Result<(), ApiRefusal> {
        let audio = self.input.commit()?;
        let id = match self.turn.take() {
            Some(turn) => turn.item_id,
            None => self.id("item"),
        };
        self.commit(&id, audio, now);
        Ok(())
    }

    /// There was no speech for the idle timeout: an empty turn is committed and answered.
    pub(super) fn idle(&mut self, now: Instant) {
        self.idle_at = None;
        let id = self.id("item");
        let clock_ms = self.input.clock_ms();
        self.emit(json!({
            "type": "input_audio_buffer.timeout_triggered",
            "item_id": id,
            "audio_start_ms": clock_ms.saturating_sub(self.session.idle_timeout_ms().unwrap_or_default()),
            "audio_end_ms": clock_ms,
        }));
        self.add_user_item(&id, Item::nothing_heard(&id));
        if !self.is_answering() {
            self.crossing.began();
            self.start_response(Options::of_kind("silence_prompt"), now);
        }
    }

    /// Sends a transcription event and writes a completed transcript into its item.
    pub(super) fn transcribed(&mut self, event: Value) {
        let item_id = event["item_id"].as_str().unwrap_or_default();
        if let (Some(text), Some(item)) = (event["transcript"].as_str(), self.conversation.item_mut(item_id))
        {
            item.value["content"][0]["transcript"] = json!(text);
        }
        self.emit(event);
    }

    fn turn_started(&mut self, audio_start_ms: u64) {
        let item_id = self.id("item");
        self.idle_at = None;
        self.emit(json!({
            "type": "input_audio_buffer.speech_started",
            "audio_start_ms": audio_start_ms,
            "item_id": item_id,
        }));
        self.turn = Some(Turn { item_id, audio_start_ms });
        if self.session.interrupts_response() {
            self.cancel("turn_detected");
        }
    }

    fn turn_stopped(&mut self, audio_end_ms: u64, now: Instant) {
        let Some(turn) = self.turn.take() else { return };
        self.emit(json!({
            "type": "input_audio_buffer.speech_stopped",
            "audio_end_ms": audio_end_ms,
            "item_id": turn.item_id,
        }));
        let audio = self.input.take_turn(turn.audio_start_ms, audio_end_ms);
        self.commit(&turn.item_id, audio, now);
        // A reply that was not interrupted leaves this turn without one.
        if self.session.creates_response() && !self.is_answering() {
            self.crossing.began();
            self.start_response(Options::default(), now);
        }
    }

    fn commit(&mut self, id: &str, audio: Vec<u8>, now: Instant) {
        let seconds = mulaw::duration_ms(&audio) as f64 / 1_000.0;
        self.add_user_item(id, Item::heard(id, audio));
        if self.session.transcribes() {
            let step = self.role.script.steps.get(self.conversation.turns() - 1);
            let heard = step.map(|step| step.heard.clone()).unwrap_or_default();
            self.transcribe(id, &heard, seconds, now);
        }
    }

    fn add_user_item(&mut self, id: &str, item: Item) {
        let value = item.value.clone();
        let previous = self.conversation.append(item);
        self.emit(json!({
            "type": "input_audio_buffer.committed",
            "previous_item_id": previous,
            "item_id": id,
        }));
        self.emit_item("conversation.item.added", previous.as_deref(), &value);
        self.emit_item("conversation.item.done", previous.as_deref(), &value);
    }

    fn transcribe(&mut self, id: &str, heard: &Heard, seconds: f64, now: Instant) {
        let kind = |name: &str| format!("conversation.item.input_audio_transcription.{name}");
        if heard.fails {
            let error = json!({
                "type": "transcription_error",
                "code": "audio_unintelligible",
                "message": "The audio could not be transcribed.",
                "param": null,
            });
            let event = json!({ "type": kind("failed"), "item_id": id, "content_index": 0, "error": error });
            return self.send_later(now + heard.delay, event);
        }
        for word in heard.text.split_inclusive(' ') {
            let event = json!({ "type": kind("delta"), "item_id": id, "content_index": 0, "delta": word });
            self.send_later(now + heard.delay, event);
        }
        let event = json!({
            "type": kind("completed"),
            "item_id": id,
            "content_index": 0,
            "transcript": heard.text,
            "usage": { "type": "duration", "seconds": seconds },
        });
        self.send_later(now + heard.delay, event);
    }

    fn send_later(&mut self, at: Instant, event: Value) {
        self.ids += 1;
        self.later.insert((at, self.ids), event);
    }

    /// Audio before the first `session.updated` is read in the default format, whatever it is: a client
    /// that sends it has not waited for its configuration to hold.
    fn note_early_audio(&mut self) {
        if self.session.is_configured() || self.warned_of_early_audio {
            return;
        }
        self.warned_of_early_audio = true;
        self.record.violated(Violation {
            kind: "input_audio_buffer.append".to_owned(),
            event_id: None,
            code: "audio_before_session_updated".to_owned(),
            message: "Audio was appended before session.updated and is read as PCM16 at 24kHz.".to_owned(),
        });
    }
}
