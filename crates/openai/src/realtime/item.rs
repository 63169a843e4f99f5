//! Items of the conversation as the server describes them.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::value::RawValue;

use crate::PrivateText;
use crate::wire::{Tag, null_as_default};

/// A turn, a tool call or a tool's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// `item_...`, or the id that we chose; empty where the server gives none.
    pub id: String,
    pub status: ItemStatus,
    pub kind: ItemKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemKind {
    Message {
        role: Role,
        content: Vec<ContentPart>,
    },
    FunctionCall(FunctionCall),
    FunctionCallOutput {
        call_id: String,
    },
    /// A kind that did not exist when this was written.
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct FunctionCall {
    pub call_id: String,
    pub name: String,
    /// JSON text as the model wrote it: check before use.
    #[serde(default, deserialize_with = "null_as_default")]
    pub arguments: PrivateText,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemStatus {
    InProgress,
    Completed,
    /// Cut short: what a function call holds may be half a JSON text.
    Incomplete,
    /// Absent or new.
    #[default]
    #[serde(other)]
    Other,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    System,
    User,
    Assistant,
    #[default]
    #[serde(other)]
    Other,
}

/// Part of a message. The audio itself is never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContentPart {
    Text(PrivateText),
    /// The transcript is missing while it is being made, and after a truncation.
    Audio {
        transcript: Option<PrivateText>,
    },
    Other,
}

impl Item {
    /// The call to carry out, if this is one that the model finished. An interrupted call also ends, with
    /// its arguments cut off, but not as completed.
    pub fn completed_call(&self) -> Option<&FunctionCall> {
        match (&self.kind, self.status) {
            (ItemKind::FunctionCall(call), ItemStatus::Completed) => Some(call),
            _ => None,
        }
    }

    /// What a message says, parts joined: texts and transcripts alike.
    pub fn text(&self) -> PrivateText {
        let ItemKind::Message { content, .. } = &self.kind else { return PrivateText::default() };
        let parts: Vec<&str> = content.iter().filter_map(ContentPart::text).collect();
        PrivateText::from(parts.concat())
    }
}

impl ContentPart {
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.as_str()),
            Self::Audio { transcript } => transcript.as_ref().map(PrivateText::as_str),
            Self::Other => None,
        }
    }
}

// Both go by their `type` first, so that a kind from the future cannot fail on a field whose name it shares
// with one of ours.
impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Common<'a> {
            #[serde(rename = "type", borrow)]
            kind: Cow<'a, str>,
            #[serde(default, deserialize_with = "null_as_default")]
            id: String,
            #[serde(default, deserialize_with = "null_as_default")]
            status: ItemStatus,
        }
        #[derive(serde::Deserialize)]
        struct Message {
            #[serde(default, deserialize_with = "null_as_default")]
            role: Role,
            #[serde(default, deserialize_with = "null_as_default")]
            content: Vec<ContentPart>,
        }
        #[derive(serde::Deserialize)]
        struct CallOutput {
            call_id: String,
        }

        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        let Common { kind, id, status } = serde_json::from_str(raw).map_err(D::Error::custom)?;
        let kind = match kind.as_ref() {
            "message" => {
                serde_json::from_str(raw).map(|Message { role, content }| ItemKind::Message { role, content })
            }
            "function_call" => serde_json::from_str(raw).map(ItemKind::FunctionCall),
            "function_call_output" => serde_json::from_str(raw)
                .map(|CallOutput { call_id }| ItemKind::FunctionCallOutput { call_id }),
            _ => Ok(ItemKind::Other),
        };
        Ok(Item { id, status, kind: kind.map_err(D::Error::custom)? })
    }
}

impl<'de> Deserialize<'de> for ContentPart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Text {
            #[serde(default, deserialize_with = "null_as_default")]
            text: PrivateText,
        }
        #[derive(serde::Deserialize)]
        struct Audio {
            #[serde(default)]
            transcript: Option<PrivateText>,
        }

        let raw = <&'de RawValue>::deserialize(deserializer)?;
        // Items say `output_text`; the content_part events still say `text`.
        let part = match Tag::of(raw).map_err(D::Error::custom)?.as_ref() {
            "input_text" | "output_text" | "text" => {
                serde_json::from_str(raw.get()).map(|Text { text }| ContentPart::Text(text))
            }
            "input_audio" | "output_audio" | "audio" => {
                serde_json::from_str(raw.get()).map(|Audio { transcript }| ContentPart::Audio { transcript })
            }
            _ => Ok(ContentPart::Other),
        };
        part.map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(json: &str) -> Item {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_spoken_answer_is_read_from_its_transcript() {
        let answer = item(
            r#"{"id":"item_1","type":"message","status":"completed","role":"assistant",
                "content":[{"type":"output_audio","transcript":"Hallo"},{"type":"output_text","text":"!"}]}"#,
        );
        assert_eq!(answer.text().as_str(), "Hallo!");
        assert_eq!(answer.completed_call(), None);
    }

    #[test]
    fn only_a_completed_call_is_carried_out() {
        let call = |status: &str| {
            item(&format!(
                r#"{{"id":"item_2","type":"function_call","status":"{status}","call_id":"call_1",
                     "name":"book","arguments":"{{\"day\":"}}"#
            ))
        };
        assert_eq!(call("incomplete").completed_call(), None);
        assert_eq!(call("in_progress").completed_call(), None);
        assert_eq!(call("completed").completed_call().map(|call| call.name.as_str()), Some("book"));
    }

    #[test]
    fn a_truncated_answer_has_no_transcript() {
        let cut =
            item(r#"{"id":"i","type":"message","role":"assistant","content":[{"type":"output_audio"}]}"#);
        assert!(cut.text().is_empty());
    }

    #[test]
    fn kinds_roles_parts_and_states_from_the_future_parse() {
        for future in [
            r#"{"type":"hologram","id":null,"status":"shimmering","content":"?","call_id":7,"output":{}}"#,
            r#"{"type":"message","id":"i","role":"referee","content":[{"type":"scent","text":[1]}]}"#,
            r#"{"type":"message","id":"i","role":null,"content":null}"#,
        ] {
            assert!(item(future).text().is_empty(), "{future}");
        }
    }

    #[test]
    fn a_known_kind_must_have_what_it_needs() {
        for broken in [
            r#"{"type":"function_call","id":"i","name":"book","arguments":"{}"}"#,
            r#"{"type":"function_call_output","id":"i"}"#,
            r#"{"type":"message","id":"i","content":"text"}"#,
            r#"{"id":"i"}"#,
            r#"[]"#,
        ] {
            assert!(serde_json::from_str::<Item>(broken).is_err(), "{broken}");
        }
    }
}
