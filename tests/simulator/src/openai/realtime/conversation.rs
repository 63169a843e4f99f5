//! The conversation as the model remembers it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::item;
use crate::audio::mulaw::{self, BYTES_PER_MS};
use crate::openai::fields::Fields;
use crate::openai::refusal::ApiRefusal;

/// Items of one conversation.
const MAX_ITEMS: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Conversation {
    items: Vec<Item>,
    changed: bool,
}

#[derive(Debug)]
pub(super) struct Item {
    pub(super) value: Value,
    /// What the item sounds like, in mu-law; for an item being spoken, what was sent so far.
    pub(super) audio: Vec<u8>,
    /// The caller said something: these turns move the script on.
    is_turn: bool,
    truncated: bool,
}

impl Item {
    /// An item the client or the model wrote.
    pub(super) fn written(value: Value) -> Self {
        let is_turn = value["role"] == "user";
        Self { value, audio: Vec::new(), is_turn, truncated: false }
    }

    /// A turn heard on the line.
    pub(super) fn heard(id: &str, audio: Vec<u8>) -> Self {
        Self { value: user_audio(id), audio, is_turn: true, truncated: false }
    }

    /// The silence that an idle timeout commits, without speech.
    pub(super) fn nothing_heard(id: &str) -> Self {
        Self { value: user_audio(id), audio: Vec::new(), is_turn: false, truncated: false }
    }

    /// The finished item in place of the one in progress. What was cut off before stays cut off.
    pub(super) fn complete(&mut self, value: Value) {
        self.value = value;
        if self.truncated {
            self.drop_transcript();
        }
    }

    fn drop_transcript(&mut self) {
        if let Some(content) = self.value.pointer_mut("/content/0").and_then(Value::as_object_mut) {
            content.remove("transcript");
        }
    }

    fn id(&self) -> &str {
        self.value["id"].as_str().unwrap_or_default()
    }
}

impl Conversation {
    /// The id after which a new item would stand; `None` for the first.
    pub(super) fn last_id(&self) -> Option<String> {
        self.items.last().map(|item| item.id().to_owned())
    }

    /// Adds an item at the end; returns the id before it.
    pub(super) fn append(&mut self, item: Item) -> Option<String> {
        let previous = self.last_id();
        self.changed = true;
        self.items.push(item);
        previous
    }

    /// Adds a client's item where `conversation.item.create` wants it; returns the id before it.
    pub(super) fn create(
        &mut self,
        event: &Fields<'_>,
        new_id: String,
    ) -> Result<(Option<String>, Value), ApiRefusal> {
        event.only(&["type", "event_id", "item", "previous_item_id"])?;
        let mut value = item::check(event)?;
        if value["id"].is_null() {
            value["id"] = json!(new_id);
        }
        let id = value["id"].as_str().unwrap_or_default();
        if self.position(id).is_some() {
            let message = format!("Error adding item: an item with ID '{id}' already exists.");
            return Err(ApiRefusal::new("item_create_duplicate_item_id", message).at("item.id"));
        }
        if self.items.len() >= MAX_ITEMS {
            return Err(ApiRefusal::new(
                "invalid_value",
                format!("The conversation holds {MAX_ITEMS} items."),
            ));
        }
        if value["type"] == "function_call_output" {
            self.check_call_id(value["call_id"].as_str().unwrap_or_default())?;
        }
        let at = match event.string("previous_item_id")? {
            None => self.items.len(),
            Some("root") => 0,
            Some(previous) => 1 + self.required(previous, "previous_item_id")?,
        };
        let previous = at.checked_sub(1).map(|before| self.items[before].id().to_owned());
        self.changed = true;
        self.items.insert(at, Item::written(value.clone()));
        Ok((previous, value))
    }

    pub(super) fn delete(&mut self, id: &str) -> Result<(), ApiRefusal> {
        let position = self.required(id, "item_id")?;
        self.changed = true;
        self.items.remove(position);
        Ok(())
    }

    /// The item with its audio.
    pub(super) fn retrieve(&self, id: &str) -> Result<Value, ApiRefusal> {
        let item = &self.items[self.required(id, "item_id")?];
        let mut value = item.value.clone();
        if !item.audio.is_empty() {
            value["content"][0]["audio"] = json!(BASE64_STANDARD.encode(&item.audio));
        }
        Ok(value)
    }

    /// Cuts a spoken item to what was heard. Its transcript is removed, because the word at which the cut fell is not
    /// known.
    pub(super) fn truncate(
        &mut self,
        id: &str,
        content_index: i64,
        audio_end_ms: i64,
    ) -> Result<(), ApiRefusal> {
        let position = self.required(id, "item_id")?;
        let item = &mut self.items[position];
        if item.value["role"] != "assistant" || item.audio.is_empty() {
            return Err(ApiRefusal::new(
                "invalid_value",
                "Only model output audio messages can be truncated",
            ));
        }
        if content_index != 0 {
            return Err(ApiRefusal::invalid("content_index", "0"));
        }
        let Ok(end_ms) = u64::try_from(audio_end_ms) else {
            return Err(ApiRefusal::invalid("audio_end_ms", "a number of milliseconds of at least 0"));
        };
        let duration_ms = mulaw::duration_ms(&item.audio);
        if end_ms > duration_ms {
            let message = format!("Audio content of {duration_ms}ms is already shorter than {end_ms}ms");
            return Err(ApiRefusal::new("invalid_value", message));
        }
        self.changed = true;
        item.audio.truncate(end_ms as usize * BYTES_PER_MS);
        item.truncated = true;
        item.drop_transcript();
        Ok(())
    }

    pub(super) fn item_mut(&mut self, id: &str) -> Option<&mut Item> {
        let position = self.position(id)?;
        self.changed = true;
        self.items.get_mut(position)
    }

    /// How many times the caller has spoken or written.
    pub(super) fn turns(&self) -> usize {
        self.items.iter().filter(|item| item.is_turn).count()
    }

    /// Whether a tool was called for what the caller said last, on this connection or on one before.
    pub(super) fn has_acted(&self) -> bool {
        let mut since = self.items.iter().rev().take_while(|item| !item.is_turn);
        since.any(|item| item.value["type"] == "function_call")
    }

    /// The text at a JSON pointer of what a tool told last.
    pub(super) fn told(&self, tool: &str, pointer: &str) -> Option<String> {
        let text = |item: &Item, name: &str| item.value[name].as_str().map(str::to_owned);
        let mut outputs = self.items.iter().rev().filter(|item| item.value["type"] == "function_call_output");
        let of_tool = |output: &&Item| {
            let is_call = |item: &&Item| item.value["type"] == "function_call" && item.value["name"] == tool;
            self.items.iter().filter(is_call).any(|call| call.value["call_id"] == output.value["call_id"])
        };
        let output = outputs.find(of_tool)?;
        let output: Value = serde_json::from_str(&text(output, "output")?).ok()?;
        output.pointer(pointer)?.as_str().map(str::to_owned)
    }

    /// Whether a tool's answer is the last thing in the conversation.
    pub(super) fn ends_with_tool_output(&self) -> bool {
        self.items.last().is_some_and(|item| item.value["type"] == "function_call_output")
    }

    /// Whether anything may have changed since the last time this was asked.
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// The items without their audio.
    pub(super) fn values(&self) -> Vec<Value> {
        self.items.iter().map(|item| item.value.clone()).collect()
    }

    /// Milliseconds of audio, the caller's and the model's.
    pub(super) fn audio_ms(&self) -> (u64, u64) {
        let sum = |role: &str| {
            let of_role = self.items.iter().filter(|item| item.value["role"] == role);
            of_role.map(|item| mulaw::duration_ms(&item.audio)).sum()
        };
        (sum("user"), sum("assistant"))
    }

    fn check_call_id(&self, call_id: &str) -> Result<(), ApiRefusal> {
        let known = |item: &Item| {
            item.value["type"] == "function_call" && item.value["call_id"].as_str() == Some(call_id)
        };
        if self.items.iter().any(known) {
            return Ok(());
        }
        let message = format!("Tool call ID '{call_id}' not found in conversation.");
        Err(ApiRefusal::new("invalid_tool_call_id", message))
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.items.iter().position(|item| item.id() == id)
    }

    fn required(&self, id: &str, param: &str) -> Result<usize, ApiRefusal> {
        self.position(id).ok_or_else(|| {
            ApiRefusal::new("invalid_value", format!("Item with ID '{id}' does not exist.")).at(param)
        })
    }
}

fn user_audio(id: &str) -> Value {
    json!({
        "id": id,
        "object": "realtime.item",
        "type": "message",
        "status": "completed",
        "role": "user",
        "content": [{ "type": "input_audio", "transcript": null }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(conversation: &mut Conversation, event: Value) -> Result<Option<String>, ApiRefusal> {
        conversation
            .create(&Fields::of(&event, "").unwrap(), "item_new".to_owned())
            .map(|(previous, _)| previous)
    }

    fn user(id: &str) -> Value {
        json!({ "id": id, "type": "message", "role": "user", "content": [{ "type": "input_text", "text": "Hi" }] })
    }

    fn spoken(ms: usize) -> Conversation {
        let mut conversation = Conversation::default();
        let value = json!({
            "id": "said", "type": "message", "role": "assistant",
            "content": [{ "type": "output_audio", "transcript": "Of course." }],
        });
        let mut item = Item::written(value);
        item.audio = vec![mulaw::SILENCE; ms * BYTES_PER_MS];
        conversation.append(item);
        conversation
    }

    #[test]
    fn items_go_last_first_or_behind_a_named_one() {
        let mut conversation = Conversation::default();
        assert_eq!(create(&mut conversation, json!({ "item": user("a") })), Ok(None));
        assert_eq!(create(&mut conversation, json!({ "item": user("b") })), Ok(Some("a".to_owned())));
        assert_eq!(
            create(&mut conversation, json!({ "item": user("c"), "previous_item_id": "root" })),
            Ok(None)
        );
        let behind = json!({ "item": user("d"), "previous_item_id": "a" });
        assert_eq!(create(&mut conversation, behind), Ok(Some("a".to_owned())));
        let order: Vec<Value> = conversation.values().iter().map(|item| item["id"].clone()).collect();
        assert_eq!(order, ["c", "a", "d", "b"]);
        assert_eq!(conversation.turns(), 4);
    }

    #[test]
    fn a_second_item_of_the_same_id_is_refused() {
        let mut conversation = Conversation::default();
        create(&mut conversation, json!({ "item": user("a") })).unwrap();
        let refusal = create(&mut conversation, json!({ "item": user("a") })).unwrap_err();
        assert_eq!(refusal.code, "item_create_duplicate_item_id");
    }

    #[test]
    fn a_tool_output_needs_its_call() {
        let mut conversation = Conversation::default();
        let output =
            json!({ "item": { "type": "function_call_output", "call_id": "call_1", "output": "{}" } });
        assert_eq!(create(&mut conversation, output.clone()).unwrap_err().code, "invalid_tool_call_id");
        let call = json!({ "type": "function_call", "call_id": "call_1", "name": "book", "arguments": "{}", "id": "c" });
        create(&mut conversation, json!({ "item": call })).unwrap();
        create(&mut conversation, output).unwrap();
        assert!(conversation.ends_with_tool_output());
    }

    #[test]
    fn truncating_cuts_the_audio_and_drops_the_transcript() {
        let mut conversation = spoken(2_000);
        conversation.truncate("said", 0, 1_500).unwrap();
        assert_eq!(conversation.audio_ms(), (0, 1_500));
        assert_eq!(conversation.values()[0]["content"][0], json!({ "type": "output_audio" }));
        conversation.truncate("said", 0, 1_500).unwrap();
        assert_eq!(
            conversation.truncate("said", 0, 1_501).unwrap_err().message,
            "Audio content of 1500ms is already shorter than 1501ms"
        );
    }

    #[test]
    fn what_was_cut_while_it_was_spoken_stays_cut() {
        let mut conversation = spoken(1_000);
        let finished = conversation.values().remove(0);
        conversation.truncate("said", 0, 300).unwrap();
        conversation.item_mut("said").unwrap().complete(finished);
        assert_eq!(conversation.values()[0]["content"][0], json!({ "type": "output_audio" }));
    }

    #[test]
    fn only_spoken_answers_can_be_truncated() {
        let mut conversation = spoken(100);
        create(&mut conversation, json!({ "item": user("a") })).unwrap();
        assert!(conversation.truncate("a", 0, 0).unwrap_err().message.starts_with("Only model output"));
        assert!(conversation.truncate("nobody", 0, 0).unwrap_err().message.contains("does not exist"));
        assert_eq!(conversation.truncate("said", 0, -1).unwrap_err().param.as_deref(), Some("audio_end_ms"));
        assert_eq!(conversation.truncate("said", 1, 0).unwrap_err().param.as_deref(), Some("content_index"));
    }
}
