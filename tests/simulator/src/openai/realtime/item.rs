//! The rules of an item that a client creates (OpenAI Realtime GA, `conversation.item.create`).

use serde_json::{Value, json};

use crate::openai::fields::Fields;
use crate::openai::refusal::ApiRefusal;

/// The longest client-chosen item id, in characters.
const MAX_ID_CHARS: usize = 512;

/// Checks the `item` of the event and returns it as the conversation holds it.
pub(super) fn check(event: &Fields<'_>) -> Result<Value, ApiRefusal> {
    let item = event.required_object("item")?;
    if item.string("id")?.is_some_and(|id| id.is_empty() || id.len() > MAX_ID_CHARS) {
        return Err(ApiRefusal::invalid("item.id", format_args!("1 to {MAX_ID_CHARS} characters")));
    }
    item.required_string("type")?;
    match item.one_of("type", &["message", "function_call", "function_call_output"])? {
        Some("function_call") => {
            item.only(&["id", "object", "type", "status", "call_id", "name", "arguments"])?;
            item.required_string("name")?;
            item.required_string("arguments")?;
            call_id(&item)?;
        }
        Some("function_call_output") => {
            item.only(&["id", "object", "type", "status", "call_id", "output"])?;
            item.required_string("output")?;
            call_id(&item)?;
        }
        _ => message(&item)?,
    }
    let mut value = event.require("item")?.clone();
    value["object"] = json!("realtime.item");
    value["status"] = json!("completed");
    Ok(value)
}

fn message(item: &Fields<'_>) -> Result<(), ApiRefusal> {
    item.only(&["id", "object", "type", "status", "role", "content"])?;
    item.required_string("role")?;
    let allowed: &[&str] = match item.one_of("role", &["system", "user", "assistant"])? {
        Some("assistant") => &["output_text"],
        Some("system") => &["input_text"],
        _ => &["input_text", "input_audio"],
    };
    item.require("content")?;
    for (index, part) in item.list("content")?.into_iter().flatten().enumerate() {
        let part = Fields::of(part, item.at(format_args!("content[{index}]")))?;
        part.required_string("type")?;
        if part.one_of("type", allowed)? == Some("input_audio") {
            part.only(&["type", "audio", "transcript"])?;
            part.required_string("audio")?;
        } else {
            part.only(&["type", "text"])?;
            part.required_string("text")?;
        }
    }
    Ok(())
}

fn call_id(item: &Fields<'_>) -> Result<(), ApiRefusal> {
    let id = item.required_string("call_id")?;
    let clean = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if clean { Ok(()) } else { Err(ApiRefusal::invalid("item.call_id", "letters, digits, '_' and '-'")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_item(item: Value) -> Result<Value, ApiRefusal> {
        check(&Fields::of(&json!({ "item": item }), "").unwrap())
    }

    fn message_of(role: &str, part: Value) -> Value {
        json!({ "type": "message", "role": role, "content": [part] })
    }

    #[test]
    fn each_role_has_its_content_types() {
        let text = |kind: &str| json!({ "type": kind, "text": "Hello" });
        for (role, kind) in [("system", "input_text"), ("user", "input_text"), ("assistant", "output_text")] {
            assert_eq!(check_item(message_of(role, text(kind))).unwrap()["status"], "completed");
        }
        for (role, kind) in [("assistant", "input_text"), ("user", "output_text"), ("assistant", "text")] {
            assert_eq!(
                check_item(message_of(role, text(kind))).unwrap_err().code,
                "invalid_value",
                "{role} {kind}"
            );
        }
    }

    #[test]
    fn assistant_audio_cannot_be_created() {
        let part = json!({ "type": "output_audio", "transcript": "Hello" });
        assert_eq!(check_item(message_of("assistant", part)).unwrap_err().code, "invalid_value");
    }

    #[test]
    fn a_text_part_without_text_is_named() {
        let refusal = check_item(message_of("user", json!({ "type": "input_text" }))).unwrap_err();
        assert_eq!(refusal.message, "Missing required parameter: 'item.content[0].text'.");
    }

    #[test]
    fn a_tool_output_is_a_string() {
        let item = json!({ "type": "function_call_output", "call_id": "call_1", "output": { "ok": true } });
        assert_eq!(check_item(item).unwrap_err().param.as_deref(), Some("item.output"));
    }

    #[test]
    fn a_call_id_with_a_slash_is_refused() {
        let item = json!({ "type": "function_call_output", "call_id": "call_1/finished", "output": "" });
        assert_eq!(check_item(item).unwrap_err().param.as_deref(), Some("item.call_id"));
    }
}
