//! Items of the conversation as the server describes them.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::PrivateText;
use crate::wire::{self, optional};

/// A turn, a tool call or a tool's result. Every field of it is one that its event can do without.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "WireItem")]
pub struct Item {
    /// `item_...`, or the id that we chose; empty where the server gives none.
    pub id: String,
    /// How far the item is.
    pub status: ItemStatus,
    /// What it is.
    pub kind: ItemKind,
}

/// What an item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemKind {
    /// Words of one party.
    Message {
        /// The party.
        role: Role,
        /// The words, in parts.
        content: Vec<ContentPart>,
    },
    /// A call of a tool.
    FunctionCall(FunctionCall),
    /// The answer of a tool.
    FunctionCallOutput {
        /// The call that it answers.
        call_id: String,
    },
    /// A kind that did not exist when this was written.
    Other,
}

/// A call of a tool by the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionCall {
    /// The model's key of the call.
    pub call_id: String,
    /// The tool.
    pub name: String,
    /// JSON text as the model wrote it: check before use.
    pub arguments: PrivateText,
}

/// How far an item is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemStatus {
    /// The model is still making it.
    InProgress,
    /// It is complete.
    Completed,
    /// Cut short: what a function call holds may be half a JSON text.
    Incomplete,
    /// Absent or new.
    #[default]
    #[serde(other)]
    Other,
}

/// Whose words a message holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The application's.
    System,
    /// The caller's.
    User,
    /// The agent's.
    Assistant,
    /// A role that is not known here.
    #[default]
    #[serde(other)]
    Other,
}

/// Part of a message. The audio itself is never kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "WirePart")]
pub enum ContentPart {
    /// Written words.
    Text(PrivateText),
    /// The transcript is missing while it is being made, and after a truncation.
    Audio {
        /// Its words, once they are known.
        transcript: Option<PrivateText>,
    },
    /// A kind that is not known here.
    #[default]
    Other,
}

impl Item {
    /// The call to carry out, if this is one that the model finished. An interrupted call also ends, with
    /// its arguments cut off, but not as completed. Where no status is given the arguments show whether they are whole.
    pub fn completed_call(&self) -> Option<&FunctionCall> {
        let ItemKind::FunctionCall(call) = &self.kind else { return None };
        let completed = match self.status {
            ItemStatus::Completed => true,
            ItemStatus::InProgress | ItemStatus::Incomplete => false,
            ItemStatus::Other => serde_json::from_str::<Value>(call.arguments.as_str()).is_ok(),
        };
        completed.then_some(call)
    }

    /// The field for want of which a finished call can be neither made nor answered. A call of nothing is one of a
    /// tool that does not exist, and is answered like it.
    pub(super) fn lacks(&self) -> Option<&'static str> {
        match &self.kind {
            ItemKind::FunctionCall(call) if call.call_id.is_empty() => Some("call_id"),
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
    /// The words of the part, if it has any.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.as_str()),
            Self::Audio { transcript } => transcript.as_ref().map(PrivateText::as_str),
            Self::Other => None,
        }
    }
}

#[derive(Deserialize)]
struct WireItem {
    #[serde(rename = "type", default, deserialize_with = "optional")]
    kind: String,
    #[serde(default, deserialize_with = "optional")]
    id: String,
    #[serde(default, deserialize_with = "optional")]
    status: ItemStatus,
    #[serde(default, deserialize_with = "optional")]
    role: Role,
    #[serde(default, deserialize_with = "wire::list")]
    content: Vec<ContentPart>,
    #[serde(default, deserialize_with = "optional")]
    call_id: String,
    #[serde(default, deserialize_with = "optional")]
    name: String,
    #[serde(default, deserialize_with = "json_text")]
    arguments: PrivateText,
}

impl From<WireItem> for Item {
    fn from(wire: WireItem) -> Self {
        let WireItem { kind, id, status, role, content, call_id, name, arguments } = wire;
        let kind = match kind.as_str() {
            "message" => ItemKind::Message { role, content },
            "function_call" => ItemKind::FunctionCall(FunctionCall { call_id, name, arguments }),
            "function_call_output" => ItemKind::FunctionCallOutput { call_id },
            _ => ItemKind::Other,
        };
        Self { id, status, kind }
    }
}

#[derive(Deserialize)]
struct WirePart {
    #[serde(rename = "type", default, deserialize_with = "optional")]
    kind: String,
    #[serde(default, deserialize_with = "optional")]
    text: PrivateText,
    #[serde(default, deserialize_with = "optional")]
    transcript: Option<PrivateText>,
}

impl From<WirePart> for ContentPart {
    fn from(WirePart { kind, text, transcript }: WirePart) -> Self {
        // Items say `output_text`; the content_part events still say `text`.
        match kind.as_str() {
            "input_text" | "output_text" | "text" => Self::Text(text),
            "input_audio" | "output_audio" | "audio" => Self::Audio { transcript },
            _ => Self::Other,
        }
    }
}

/// A text that holds JSON; some servers write the object itself in its place.
fn json_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PrivateText, D::Error> {
    let raw = <&'de RawValue>::deserialize(deserializer)?.get();
    if raw.starts_with('{') {
        return Ok(PrivateText::from(raw));
    }
    Ok(serde_json::from_str(raw).unwrap_or_default())
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

    /// A truncation takes the transcript of its item with it, whatever the part was; what is left of the message stands.
    #[test]
    fn a_truncated_answer_has_no_transcript() {
        let said = |part: &str| {
            item(&format!(
                r#"{{"id":"i","type":"message","status":"incomplete","role":"assistant",
                    "content":[{{"type":"output_text","text":"One moment. "}},{part}]}}"#
            ))
        };
        let whole = said(r#"{"type":"output_audio","transcript":"We open at nine."}"#);
        assert_eq!(whole.text().as_str(), "One moment. We open at nine.");
        for cut in [r#"{"type":"output_audio"}"#, r#"{"type":"output_audio","transcript":null}"#] {
            let cut = said(cut);
            assert_eq!(cut.text().as_str(), "One moment. ");
            let ItemKind::Message { role: Role::Assistant, content } = &cut.kind else { panic!("{cut:?}") };
            assert_eq!(content[1], ContentPart::Audio { transcript: None });
            assert_eq!(content[1].text(), None, "no words are not the empty words");
        }
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

    /// Case C15.
    #[test]
    fn the_least_of_an_item_is_an_item() {
        assert_eq!(item("{}"), Item { id: String::new(), status: ItemStatus::Other, kind: ItemKind::Other });
        assert_eq!(serde_json::from_str::<ContentPart>("{}").unwrap(), ContentPart::Other);
        let some = item(r#"{"type":"message","content":["?",{"type":"text","text":"Hello"},null]}"#);
        assert_eq!(some.text().as_str(), "Hello");
    }

    /// Case C15.
    #[test]
    fn a_call_without_a_status_is_carried_out_if_its_arguments_are_whole() {
        let call = |arguments: &str| {
            item(&format!(
                r#"{{"id":"i","type":"function_call","status":null,"call_id":"c","name":"book","arguments":{arguments}}}"#
            ))
        };
        for (arguments, whole) in
            [(r#""{\"day\":1}""#, true), (r#"{"day":1}"#, true), (r#""{\"day\":""#, false)]
        {
            let call = call(arguments);
            assert_eq!(call.completed_call().is_some(), whole, "{arguments}");
        }
        let written_out = call(r#"{"day": 1}"#);
        assert_eq!(written_out.completed_call().unwrap().arguments.as_str(), r#"{"day": 1}"#);
    }

    #[test]
    fn a_finished_call_lacks_what_it_cannot_be_made_without() {
        for (call, lacks) in [
            (r#"{"type":"function_call","id":"i","name":"book","arguments":"{}"}"#, Some("call_id")),
            (r#"{"type":"function_call","id":"i","call_id":"c","name":7}"#, None),
            (r#"{"type":"function_call","call_id":"c","name":"book"}"#, None),
            (r#"{"type":"function_call_output","id":"i"}"#, None),
        ] {
            assert_eq!(item(call).lacks(), lacks, "{call}");
        }
        assert!(serde_json::from_str::<Item>("7").is_err());
    }
}
