//! Events as gateways and test servers write them: whole numbers with a fraction, `null` and values of other kinds in
//! fields that an event can do without. What an event is about is left as it is.

use serde_json::{Value, json};

/// Makes every optional field of an event odd.
pub(super) fn make(event: &mut Value) {
    let kind = event["type"].as_str().unwrap_or_default().to_owned();
    if let Some(fields) = event.as_object_mut() {
        for (name, value) in fields.iter_mut() {
            match name.as_str() {
                "audio_start_ms" => *value = Value::Null,
                "audio_end_ms" if kind.starts_with("input_audio_buffer.") => *value = json!(-1),
                "output_index" => *value = json!(1.5),
                "content_index" => *value = Value::Null,
                "languages" => *value = json!(["en", 7, null]),
                "logprobs" => *value = json!("none"),
                "usage" => *value = odd_usage(value),
                "rate_limits" => *value = json!([{ "name": 7, "limit": 12.5, "remaining": -1 }, null]),
                _ => {}
            }
        }
    }
    if let Some(response) = event.get_mut("response").and_then(Value::as_object_mut) {
        if response.get("status_details").is_none_or(Value::is_null) {
            response.insert("status_details".into(), json!("none"));
        }
        if let Some(usage) = response.get_mut("usage") {
            *usage = odd_usage(usage);
        }
        response.insert("conversation_id".into(), json!([]));
        response.insert("max_output_tokens".into(), json!(-1));
    }
    if let Some(item) = event.get_mut("item").and_then(Value::as_object_mut) {
        item.insert("object".into(), json!(1.5));
    }
}

/// The same figures with fractions, and values that are not numbers.
fn odd_usage(usage: &Value) -> Value {
    let Some(fields) = usage.as_object() else { return json!("none") };
    let odd = fields.iter().map(|(name, value)| {
        let value = match value {
            Value::Number(number) => json!(number.as_f64().unwrap_or_default()),
            Value::Object(_) => odd_usage(value),
            other => other.clone(),
        };
        (name.clone(), if name == "total_tokens" { Value::Null } else { value })
    });
    Value::Object(odd.chain([("image_tokens".to_owned(), json!(-1))]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_event_is_about_stays() {
        let mut event = json!({
            "type": "response.output_audio.delta", "response_id": "r", "item_id": "i", "output_index": 0,
            "content_index": 0, "delta": "AAAA"
        });
        make(&mut event);
        assert_eq!((&event["delta"], &event["content_index"]), (&json!("AAAA"), &Value::Null));
        let mut done =
            json!({ "type": "response.done", "response": { "id": "r", "usage": { "output_tokens": 3 } } });
        make(&mut done);
        assert_eq!(done["response"]["usage"]["output_tokens"].to_string(), "3.0");
        assert_eq!(done["response"]["status_details"], "none");
    }
}
