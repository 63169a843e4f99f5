//! What we send. Audio has its own path, [`append_into`], because it is fifty frames a second.

use serde::Serialize;

use super::session::{MaxOutputTokens, SessionConfig, Tool, ToolChoice};
use crate::{Metadata, PrivateText, wire};

const APPEND_HEAD: &[u8] = br#"{"type":"input_audio_buffer.append","audio":""#;
const APPEND_TAIL: &[u8] = br#""}"#;

/// Bytes that [`append_into`] adds around the payload: what to reserve once per call.
pub const APPEND_OVERHEAD_BYTES: usize = APPEND_HEAD.len() + APPEND_TAIL.len();

/// Appends an `input_audio_buffer.append` around a payload, verbatim: nothing is decoded or allocated
/// beyond the buffer's own growth. The server accepts up to 15 MiB and sends no reply.
///
/// The payload must be checked base64, as the media-stream parser hands out: it goes between the quotes
/// as it is.
pub fn append_into(buf: &mut Vec<u8>, payload_b64: &[u8]) {
    debug_assert!(super::audio::is_base64(payload_b64), "unchecked audio payload");
    buf.reserve(APPEND_OVERHEAD_BYTES + payload_b64.len());
    buf.extend_from_slice(APPEND_HEAD);
    buf.extend_from_slice(payload_b64);
    buf.extend_from_slice(APPEND_TAIL);
}

/// Every client event but audio (OpenAI Realtime GA).
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub enum ClientEvent<'a> {
    /// Configures the session.
    #[serde(rename = "session.update")]
    SessionUpdate {
        /// All of its configuration.
        session: &'a SessionConfig,
    },
    /// Ends the caller's turn by hand. With turn detection on, the server does it.
    #[serde(rename = "input_audio_buffer.commit")]
    InputAudioCommit,
    /// Drops what was appended and not committed. During speech this loses the turn.
    #[serde(rename = "input_audio_buffer.clear")]
    InputAudioClear,
    /// Adds an item to the conversation.
    #[serde(rename = "conversation.item.create")]
    ItemCreate {
        /// The item.
        item: &'a NewItem,
        /// Inserts after this item; `"root"` first of all; `None` last.
        #[serde(skip_serializing_if = "Option::is_none")]
        previous_item_id: Option<&'a str>,
    },
    /// Removes an item from the conversation.
    #[serde(rename = "conversation.item.delete")]
    ItemDelete {
        /// The item.
        item_id: &'a str,
    },
    /// Tells the server how much of an assistant's audio item was heard. It forgets the item's transcript.
    #[serde(rename = "conversation.item.truncate")]
    ItemTruncate {
        /// The item.
        item_id: &'a str,
        /// Which part of its content.
        content_index: u32,
        /// What was heard of its audio, milliseconds.
        audio_end_ms: u64,
    },
    /// Asks for a response.
    #[serde(rename = "response.create")]
    ResponseCreate {
        /// What differs from the session's configuration.
        response: &'a ResponseCreate,
    },
    /// Harmless when no response is active: an error event and nothing else.
    #[serde(rename = "response.cancel")]
    ResponseCancel {
        /// The response; `None`: the one in progress.
        #[serde(skip_serializing_if = "Option::is_none")]
        response_id: Option<&'a str>,
    },
}

impl ClientEvent<'_> {
    /// The text frame to send. An `event_id` (at most 512 characters) comes back in `error.event_id` if
    /// this event is refused, and nowhere else.
    pub fn to_json(&self, event_id: Option<&str>) -> Vec<u8> {
        #[derive(Serialize)]
        struct Envelope<'a> {
            #[serde(flatten)]
            event: &'a ClientEvent<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            event_id: Option<&'a str>,
        }

        wire::to_json(&Envelope { event: self, event_id })
    }
}

/// An item to put into the conversation: history to replay, a note to the model, or a tool's result.
/// Assistant audio cannot be created, only its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewItem {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(flatten)]
    kind: NewItemKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum NewItemKind {
    Message { role: &'static str, content: [TextPart; 1] },
    FunctionCall { call_id: String, name: String, arguments: PrivateText },
    FunctionCallOutput { call_id: String, output: PrivateText },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct TextPart {
    #[serde(rename = "type")]
    kind: &'static str,
    text: PrivateText,
}

impl NewItem {
    /// A message of the system.
    pub fn system(text: impl Into<String>) -> Self {
        Self::message("system", "input_text", text.into())
    }

    /// A message of the caller.
    pub fn user(text: impl Into<String>) -> Self {
        Self::message("user", "input_text", text.into())
    }

    /// A message of the agent.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::message("assistant", "output_text", text.into())
    }

    /// `arguments` is the JSON text as the model wrote it.
    pub fn function_call(
        call_id: impl Into<String>,
        name: impl Into<String>,
        arguments: impl Into<String>,
    ) -> Self {
        let arguments = PrivateText::from(arguments.into());
        Self::of(NewItemKind::FunctionCall { call_id: call_id.into(), name: name.into(), arguments })
    }

    /// Every `call_id` must be answered, failures too. `output` is a string, by convention JSON text.
    pub fn function_call_output(call_id: impl Into<String>, output: impl Into<String>) -> Self {
        let output = PrivateText::from(output.into());
        Self::of(NewItemKind::FunctionCallOutput { call_id: call_id.into(), output })
    }

    /// Chooses the item's id, so that creating it twice is refused as `item_create_duplicate_item_id`.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    fn message(role: &'static str, kind: &'static str, text: String) -> Self {
        Self::of(NewItemKind::Message { role, content: [TextPart { kind, text: PrivateText::from(text) }] })
    }

    fn of(kind: NewItemKind) -> Self {
        Self { id: None, kind }
    }
}

/// How a response should differ from the session's settings. All fields are optional.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ResponseCreate {
    /// *Replaces* the session's instructions for this response, so it has to bring the persona along.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<PrivateText>,
    /// Comes back with `response.created` and `response.done`: how a greeting is told from an answer.
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
    /// Whether the response becomes part of the conversation.
    #[serde(skip_serializing_if = "is_default")]
    pub conversation: Conversation,
    /// The whole context of this response, instead of the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Vec<NewItem>>,
    /// Each tool replaces the session's; an empty list allows none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<Tool>>,
    /// Whether the model may call tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ToolChoice>,
    /// The longest response, tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<MaxOutputTokens>,
}

/// Where the response goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Conversation {
    /// Into the conversation.
    #[default]
    Auto,
    /// Nowhere: it leaves no trace in the conversation.
    None,
}

fn is_default(conversation: &Conversation) -> bool {
    *conversation == Conversation::default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn json_of(event: &ClientEvent<'_>, event_id: Option<&str>) -> Value {
        serde_json::from_slice(&event.to_json(event_id)).unwrap()
    }

    #[test]
    fn an_append_is_the_payload_between_two_constants() {
        let mut buf = Vec::with_capacity(APPEND_OVERHEAD_BYTES + 8);
        append_into(&mut buf, b"//7+/w==");
        assert_eq!(buf.len(), APPEND_OVERHEAD_BYTES + 8);
        assert_eq!(
            serde_json::from_slice::<Value>(&buf).unwrap(),
            json!({"type": "input_audio_buffer.append", "audio": "//7+/w=="})
        );
    }

    #[test]
    fn events_have_the_documented_shapes() {
        let config = SessionConfig::change().instructions("Be brief.").build().unwrap();
        for (event, expected) in [
            (
                ClientEvent::SessionUpdate { session: &config },
                json!({"type": "session.update", "session": {"type": "realtime", "instructions": "Be brief."}}),
            ),
            (ClientEvent::InputAudioCommit, json!({"type": "input_audio_buffer.commit"})),
            (ClientEvent::InputAudioClear, json!({"type": "input_audio_buffer.clear"})),
            (
                ClientEvent::ItemDelete { item_id: "item_1" },
                json!({"type": "conversation.item.delete", "item_id": "item_1"}),
            ),
            (
                ClientEvent::ItemTruncate { item_id: "item_1", content_index: 0, audio_end_ms: 1_500 },
                json!({
                    "type": "conversation.item.truncate", "item_id": "item_1", "content_index": 0,
                    "audio_end_ms": 1500
                }),
            ),
            (
                ClientEvent::ResponseCreate { response: &ResponseCreate::default() },
                json!({"type": "response.create", "response": {}}),
            ),
            (ClientEvent::ResponseCancel { response_id: None }, json!({"type": "response.cancel"})),
            (
                ClientEvent::ResponseCancel { response_id: Some("resp_1") },
                json!({"type": "response.cancel", "response_id": "resp_1"}),
            ),
        ] {
            assert_eq!(json_of(&event, None), expected);
            let mut with_id = expected;
            with_id["event_id"] = json!("evt_1");
            assert_eq!(json_of(&event, Some("evt_1")), with_id);
        }
    }

    #[test]
    fn the_greeting_carries_its_instructions_and_its_kind() {
        let response = ResponseCreate {
            instructions: Some(PrivateText::from("Greet in German.")),
            metadata: Metadata::default().with("kind", "greeting").unwrap(),
            ..ResponseCreate::default()
        };
        assert_eq!(
            json_of(&ClientEvent::ResponseCreate { response: &response }, Some("greet")),
            json!({
                "type": "response.create", "event_id": "greet",
                "response": {"instructions": "Greet in German.", "metadata": {"kind": "greeting"}}
            })
        );
    }

    #[test]
    fn an_out_of_band_response_names_its_own_context() {
        let response = ResponseCreate {
            conversation: Conversation::None,
            input: Some(vec![NewItem::user("Sum up.")]),
            tools: Some(vec![]),
            tool_choice: Some(ToolChoice::None),
            max_output_tokens: Some(MaxOutputTokens::Limit(64)),
            ..ResponseCreate::default()
        };
        assert_eq!(
            serde_json::to_value(&response).unwrap(),
            json!({
                "conversation": "none",
                "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Sum up."}]}],
                "tools": [], "tool_choice": "none", "max_output_tokens": 64
            })
        );
    }

    /// Fault 58.
    #[test]
    fn a_conversation_is_replayed_with_its_tool_calls() {
        let replay = [
            (
                NewItem::user("Thursday?").with_id("item_1"),
                json!({
                    "id": "item_1", "type": "message", "role": "user",
                    "content": [{"type": "input_text", "text": "Thursday?"}]
                }),
            ),
            (
                NewItem::function_call("call_1", "slots", r#"{"day":"thu"}"#),
                json!({
                    "type": "function_call", "call_id": "call_1", "name": "slots",
                    "arguments": "{\"day\":\"thu\"}"
                }),
            ),
            (
                NewItem::function_call_output("call_1", r#"{"ok":true}"#),
                json!({"type": "function_call_output", "call_id": "call_1", "output": "{\"ok\":true}"}),
            ),
            (
                NewItem::assistant("Nine o'clock."),
                json!({
                    "type": "message", "role": "assistant",
                    "content": [{"type": "output_text", "text": "Nine o'clock."}]
                }),
            ),
            (
                NewItem::system("The caller pressed 1."),
                json!({
                    "type": "message", "role": "system",
                    "content": [{"type": "input_text", "text": "The caller pressed 1."}]
                }),
            ),
        ];
        for (item, expected) in replay {
            let event = ClientEvent::ItemCreate { item: &item, previous_item_id: Some("root") };
            assert_eq!(
                json_of(&event, None),
                json!({"type": "conversation.item.create", "previous_item_id": "root", "item": expected})
            );
        }
    }

    #[test]
    fn debug_prints_no_text() {
        let item = NewItem::function_call("call_1", "dial", r#"{"number":"+43123"}"#);
        let shown = format!("{:?}", ClientEvent::ItemCreate { item: &item, previous_item_id: None });
        assert!(shown.contains("call_1") && !shown.contains("+43123"), "{shown}");
    }
}
