//! Output items: opened, filled delta by delta, closed.

use serde_json::{Value, json};

use super::Response;
use crate::audio::mulaw;
use crate::openai::realtime::conversation::Item;
use crate::openai::realtime::engine::Engine;

/// The output item being produced.
#[derive(Debug)]
pub(super) enum Open {
    Message { item_id: String, previous: Option<String>, transcript: String },
    Call { item_id: String, previous: Option<String>, call_id: String, name: String, arguments: String },
}

impl Open {
    fn item_id(&self) -> &str {
        match self {
            Self::Message { item_id, .. } | Self::Call { item_id, .. } => item_id,
        }
    }

    fn previous(&self) -> Option<&str> {
        match self {
            Self::Message { previous, .. } | Self::Call { previous, .. } => previous.as_deref(),
        }
    }

    fn value(&self, status: &str) -> Value {
        match self {
            Self::Message { item_id, transcript, .. } => {
                message(item_id, status, &json!([{ "type": "output_audio", "transcript": transcript }]))
            }
            Self::Call { item_id, call_id, name, arguments, .. } => json!({
                "id": item_id,
                "object": "realtime.item",
                "type": "function_call",
                "status": status,
                "call_id": call_id,
                "name": name,
                "arguments": arguments,
            }),
        }
    }
}

impl Response {
    /// The keys that say where an event of an item belongs.
    pub(super) fn address(&self, open: &Open) -> Value {
        json!({ "response_id": self.id, "item_id": open.item_id(), "output_index": self.output.len() })
    }
}

impl Engine {
    pub(super) fn open_message(&mut self, response: &mut Response) {
        let item_id = self.id("item");
        let previous = self.conversation.last_id();
        let value = message(&item_id, "in_progress", &json!([]));
        let open = Open::Message { item_id, previous, transcript: String::new() };
        self.added(response, &open, value);
        let part = json!({ "type": "audio", "transcript": "" });
        self.emit_at(
            &response.address(&open),
            "response.content_part.added",
            json!({ "content_index": 0, "part": part }),
        );
        response.open = Some(open);
    }

    pub(super) fn open_call(&mut self, response: &mut Response, name: String) {
        let (item_id, call_id) = (self.id("item"), self.id("call"));
        let previous = self.conversation.last_id();
        let open = Open::Call { item_id, previous, call_id, name, arguments: String::new() };
        self.added(response, &open, open.value("in_progress"));
        response.open = Some(open);
    }

    pub(super) fn transcript_delta(&mut self, response: &mut Response, words: &str) {
        response.written.push_str(words);
        let Some(open) = &mut response.open else { return };
        if let Open::Message { transcript, .. } = open {
            transcript.push_str(words);
        }
        let address = json!({
            "response_id": response.id, "item_id": open.item_id(), "output_index": response.output.len(),
        });
        let kind = "response.output_audio_transcript.delta";
        self.emit_at(&address, kind, json!({ "content_index": 0, "delta": words }));
    }

    pub(super) fn audio_delta(&mut self, response: &mut Response, audio: &[u8]) {
        let Some(open) = &response.open else { return };
        self.session.lock_voice();
        response.audio_deltas += 1;
        response.spoken_ms += mulaw::duration_ms(audio);
        if let Some(item) = self.conversation.item_mut(open.item_id()) {
            item.audio.extend_from_slice(audio);
        }
        let address = response.address(open);
        self.stray_audio(address, audio);
    }

    /// Audio for an address, whether or not its response is still alive.
    pub(super) fn stray_audio(&mut self, address: Value, audio: &[u8]) {
        let delta = self.session.output_format().encode(audio);
        self.emit_at(&address, "response.output_audio.delta", json!({ "content_index": 0, "delta": delta }));
    }

    pub(super) fn arguments_delta(&mut self, response: &mut Response, piece: &str) {
        response.written.push_str(piece);
        let Some(Open::Call { item_id, call_id, arguments, .. }) = &mut response.open else { return };
        arguments.push_str(piece);
        let address = json!({
            "response_id": response.id, "item_id": item_id, "output_index": response.output.len(),
        });
        let more = json!({ "call_id": call_id, "delta": piece });
        self.emit_at(&address, "response.function_call_arguments.delta", more);
    }

    /// Ends the open item. An interrupted call is "done" too, with whatever arguments it had.
    pub(super) fn close(&mut self, response: &mut Response, status: &str, announced_twice: bool) {
        let Some(open) = response.open.take() else { return };
        let address = response.address(&open);
        match &open {
            Open::Message { transcript, .. } => {
                self.emit_at(&address, "response.output_audio.done", json!({ "content_index": 0 }));
                let said = json!({ "content_index": 0, "transcript": transcript });
                self.emit_at(&address, "response.output_audio_transcript.done", said);
                let part = json!({ "type": "audio", "transcript": transcript });
                let part = json!({ "content_index": 0, "part": part });
                self.emit_at(&address, "response.content_part.done", part);
            }
            Open::Call { call_id, name, arguments, .. } => {
                let call = json!({ "call_id": call_id, "name": name, "arguments": arguments });
                self.emit_at(&address, "response.function_call_arguments.done", call);
            }
        }
        let value = open.value(status);
        if response.in_conversation {
            if let Some(item) = self.conversation.item_mut(open.item_id()) {
                item.complete(value.clone());
            }
            self.emit_item("conversation.item.done", open.previous(), &value);
        }
        for _ in 0..=usize::from(announced_twice) {
            self.emit(json!({
                "type": "response.output_item.done",
                "response_id": response.id,
                "output_index": response.output.len(),
                "item": value,
            }));
        }
        response.output.push(value);
    }

    fn added(&mut self, response: &Response, open: &Open, value: Value) {
        self.emit(json!({
            "type": "response.output_item.added",
            "response_id": response.id,
            "output_index": response.output.len(),
            "item": value,
        }));
        if response.in_conversation {
            self.emit_item("conversation.item.added", open.previous(), &value);
            self.conversation.append(Item::written(value));
        }
    }

    fn emit_at(&mut self, address: &Value, kind: &str, more: Value) {
        let mut event = json!({ "type": kind });
        for source in [address, &more] {
            for (key, value) in source.as_object().into_iter().flatten() {
                event[key] = value.clone();
            }
        }
        self.emit(event);
    }
}

fn message(id: &str, status: &str, content: &Value) -> Value {
    json!({
        "id": id,
        "object": "realtime.item",
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": content,
    })
}
