//! What the model is told of a tool: JSON, never longer than it may be, and never an error for something that was done.

use domain::tools::{ANSWER_MAX_BYTES, ToolOutcome, ToolReply};
use serde_json::{Map, Value, json};

/// What stands around a text that is cut to fit.
const FRAME_BYTES: usize = 256;
/// Of a tool that acts once.
const MAY_HAVE_ACTED: &str = "it is not known whether this was done; do not repeat it, tell the caller that it has to \
                              be checked";
const NOT_KNOWN: &str = "it is not known whether this was done. Do not say that it was. The same may be called again: it is \
                         never done twice";
const NO_ANSWER: &str = "the tool gave no answer that can be used; tell the caller so";

/// What came of a tool that acts `once`, or as often as it is asked.
pub fn of(outcome: &ToolOutcome, once: bool) -> String {
    match outcome {
        ToolOutcome::Done { reply } => done(reply),
        ToolOutcome::Refused { status, reply } => refused(*status, reply),
        ToolOutcome::Unknown { .. } if once => error("unknown", MAY_HAVE_ACTED).to_string(),
        ToolOutcome::Unknown { .. } => error("unknown", NO_ANSWER).to_string(),
        ToolOutcome::NotDone { .. } => not_done().to_string(),
    }
}

/// Nothing was done, and it may be tried again.
pub fn not_done() -> Value {
    error("not_done", "nothing was done; it may be tried again")
}

/// It is not known whether something was done that is never done twice.
pub fn not_known() -> Value {
    error("not_known", NOT_KNOWN)
}

/// An error, with what the model is to make of it.
pub fn error(code: &str, message: &str) -> Value {
    json!({ "error": code, "message": message })
}

/// The tool's own JSON as it is, and any other text as what it says beside being done.
fn done(reply: &ToolReply) -> String {
    match structured(reply) {
        Some(_) => reply.text.trim().to_owned(),
        None => with_text(json!({ "ok": true }), reply),
    }
}

fn refused(status: u16, reply: &ToolReply) -> String {
    let mut answer = error("refused", "the tool refused this and did nothing");
    answer["status"] = status.into();
    if let Some(value) = structured(reply) {
        let mut whole = answer.clone();
        whole["answer"] = value;
        let whole = whole.to_string();
        if whole.len() <= ANSWER_MAX_BYTES {
            return whole;
        }
    }
    with_text(answer, reply)
}

/// A whole object or list.
fn structured(reply: &ToolReply) -> Option<Value> {
    let value: Value = serde_json::from_str(&reply.text).ok().filter(|_| !reply.cut)?;
    (value.is_object() || value.is_array()).then_some(value)
}

fn with_text(mut answer: Value, reply: &ToolReply) -> String {
    let text = plain(&reply.text);
    let fitting = beginning(&text, ANSWER_MAX_BYTES - FRAME_BYTES);
    let cut = reply.cut || fitting.len() < text.len();
    if let Some(answer) = answer.as_object_mut() {
        put(answer, fitting, cut);
    }
    answer.to_string()
}

fn put(answer: &mut Map<String, Value>, text: &str, cut: bool) {
    if !text.is_empty() {
        answer.insert("text".to_owned(), text.into());
    }
    if cut {
        answer.insert("cut".to_owned(), "the tool said more than this".into());
    }
}

/// A text may be written as a JSON string; `null` says nothing.
fn plain(text: &str) -> String {
    match serde_json::from_str(text) {
        Ok(Value::String(text)) => text,
        Ok(Value::Null) => String::new(),
        Ok(_) | Err(_) => text.trim().to_owned(),
    }
}

/// The longest beginning of a text that takes at most `max_bytes` bytes within JSON.
fn beginning(text: &str, max_bytes: usize) -> &str {
    let mut left = max_bytes;
    let end = text.char_indices().find_map(|(at, character)| {
        let bytes = match character {
            '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
            '\0'..='\u{1f}' => 6,
            other => other.len_utf8(),
        };
        match left.checked_sub(bytes) {
            Some(rest) => {
                left = rest;
                None
            }
            None => Some(at),
        }
    });
    &text[..end.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use domain::tools::{Lost, Missed};
    use proptest::prelude::*;

    use super::*;

    fn answered(status: u16, text: &str) -> Value {
        let reply = ToolReply { text: text.to_owned(), cut: false };
        serde_json::from_str(&of(&ToolOutcome::of(status, reply), true)).unwrap()
    }

    /// Cases C11 and B09.
    #[test]
    fn what_was_done_is_told_as_done_whatever_was_answered() {
        for (text, told) in [
            ("", json!({ "ok": true })),
            (" \r\n", json!({ "ok": true })),
            ("null", json!({ "ok": true })),
            ("Accepted", json!({ "ok": true, "text": "Accepted" })),
            ("\"Accepted\"", json!({ "ok": true, "text": "Accepted" })),
            ("<html>Created</html>", json!({ "ok": true, "text": "<html>Created</html>" })),
            ("{\"price\":NaN}", json!({ "ok": true, "text": "{\"price\":NaN}" })),
            ("{\"booked\":true", json!({ "ok": true, "text": "{\"booked\":true" })),
            ("true", json!({ "ok": true, "text": "true" })),
            ("1e999", json!({ "ok": true, "text": "1e999" })),
            (" {\"booked\":true}\n", json!({ "booked": true })),
            ("[\"09:00\"]", json!(["09:00"])),
            ("{\"error\":\"none\"}", json!({ "error": "none" })),
        ] {
            for status in [200, 201, 202, 204, 299] {
                assert_eq!(answered(status, text), told, "{status} {text:?}");
            }
        }
    }

    /// Case C11.
    #[test]
    fn what_was_refused_is_told_with_the_reason() {
        let told = answered(409, r#"{"reason":"taken","free":["10:00"]}"#);
        assert_eq!((&told["error"], &told["status"]), (&json!("refused"), &json!(409)));
        assert_eq!(told["answer"], json!({ "reason": "taken", "free": ["10:00"] }));
        assert_eq!(answered(422, "No such day")["text"], "No such day");
        assert_eq!(answered(404, "").get("text"), None);
    }

    /// Case C11.
    #[test]
    fn what_may_have_been_done_is_not_to_be_repeated() {
        let may_have_acted = [
            ToolOutcome::of(302, ToolReply::default()),
            ToolOutcome::of(500, ToolReply::default()),
            ToolOutcome::Unknown { why: Lost::Timeout },
            ToolOutcome::Unknown { why: Lost::Connection },
            ToolOutcome::Unknown { why: Lost::Asker },
        ];
        for outcome in may_have_acted {
            for once in [true, false] {
                let told = of(&outcome, once);
                assert!(told.contains("\"unknown\""), "{told}");
                assert!(!told.contains("again") && !told.contains("failed"), "{told}");
            }
        }
        for outcome in
            [ToolOutcome::of(503, ToolReply::default()), ToolOutcome::NotDone { why: Missed::Unreachable }]
        {
            assert!(of(&outcome, true).contains("nothing was done"));
        }
    }

    proptest! {
        /// Case C11. Whatever a tool says, the model gets JSON of a bounded length that says what happened.
        #[test]
        fn no_answer_is_too_long_or_an_error_for_what_was_done(
            status in prop::sample::select(vec![200u16, 202, 409, 422]),
            unit in prop::sample::select(vec!["a", "\"", "\\", "\u{1}", "\n", "é", "🚲", "1e15,", "[", "{\"a\":"]),
            repeats in 0..20_000usize,
            open in prop::sample::select(vec!["", "[", "{\"x\": \""]),
            close in prop::sample::select(vec!["", "0]", "\"}"]),
            cut: bool,
        ) {
            let text = format!("{open}{}{close}", unit.repeat(repeats));
            let end = text.floor_char_boundary(ANSWER_MAX_BYTES);
            let reply = ToolReply { text: text[..end].to_owned(), cut: cut || end < text.len() };
            let told = of(&ToolOutcome::of(status, reply), true);
            prop_assert!(told.len() <= ANSWER_MAX_BYTES, "{} bytes", told.len());
            let told: Value = serde_json::from_str(&told).unwrap();
            prop_assert_eq!(told["error"] == "refused", status >= 400);
        }
    }
}
