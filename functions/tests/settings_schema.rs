//! Settings in the document: described to the last field, with the bounds that are checked.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::time::Duration;

use domain::duration::{self, Words};
use domain::{Settings, settings_check, testing};
use functions::document::DOCUMENT;
use serde_json::{Value, json};

/// An editor of settings knows every field: what it means, how far it may go, and what holds without it.
#[test]
fn settings_are_described_to_the_last_field() {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let (mut parts, mut next, mut fields) = (BTreeSet::new(), vec!["Settings".to_owned()], 0);
    let mut missing = vec![];
    while let Some(name) = next.pop() {
        if !parts.insert(name.clone()) {
            continue;
        }
        each_schema(&document["components"]["schemas"][&name], &name, &mut |schema, at| {
            if let Some(reference) = schema["$ref"].as_str() {
                next.push(reference.rsplit('/').next().unwrap().to_owned());
            }
            let Some(properties) = schema["properties"].as_object() else {
                if !is_bounded(schema) {
                    missing.push(format!("{at} has no bound: {schema}"));
                }
                return;
            };
            assert_eq!(schema["additionalProperties"], false, "{at} takes unknown fields");
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            // The one word of a choice says what it is by itself.
            let is_choice = at.ends_with(']');
            for (field, property) in properties {
                fields += 1;
                let told = property["description"].as_str().unwrap_or_default();
                let has_default = property.get("default").is_some();
                if told.is_empty() && !is_choice || has_default == required.contains(&field.as_str().into()) {
                    missing.push(format!("{at}/{field}: {property}"));
                }
            }
        });
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(fields > 90 && parts.len() > 20, "{fields} fields of {parts:?}");
    let example = document.pointer("/components/schemas/Settings/example").unwrap();
    stores::businesses::document::settings(&example.to_string()).unwrap();
}

/// Visits a schema and all within it.
fn each_schema<'a>(schema: &'a Value, at: &str, visit: &mut impl FnMut(&'a Value, &str)) {
    visit(schema, at);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        each_schema(property, &format!("{at}/{name}"), visit);
    }
    for (index, item) in schema["oneOf"].as_array().into_iter().flatten().enumerate() {
        each_schema(item, &format!("{at}[{index}]"), visit);
    }
    for word in ["items", "additionalProperties"] {
        if schema[word].is_object() {
            each_schema(&schema[word], &format!("{at}/{word}"), visit);
        }
    }
}

/// Whether a value has an end.
fn is_bounded(schema: &Value) -> bool {
    let kinds: Vec<&str> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    let has = |words: &[&str]| words.iter().any(|word| schema.get(*word).is_some());
    kinds.iter().all(|kind| match *kind {
        "string" => has(&["maxLength", "pattern", "enum", "format"]),
        "integer" | "number" => has(&["minimum"]) && has(&["maximum"]),
        "array" => has(&["maxItems"]),
        _ => true,
    })
}

/// Everything that may be there, once.
fn full() -> Value {
    let mut settings = serde_json::to_value(testing::settings()).unwrap();
    settings["prompts"]["inbound"]["languages"] =
        json!({ "en": { "instructions": "Be kind.", "greeting": "Hello." } });
    settings["policies"]["consent"] =
        json!({ "say": { "text": "This call is recorded.", "language": "en-GB", "voice": null } });
    settings["policies"]["when_no_agent"]["voicemail"] = json!({ "max_length": "1m" });
    settings["policies"]["conversation"]["voicemail"] = json!({ "leave_message": { "text": "Call us." } });
    settings["policies"]["conversation"]["phrases"]["goodbyes"] = json!(["so long"]);
    settings["voice"]["keywords"] = json!(["Harbour"]);
    settings["tools"]["directory"] = json!([{ "id": "desk", "label": "the desk", "number": "+12025550101" }]);
    settings["tools"]["http"] = json!([{
        "name": "book", "description": "Books.", "parameters": "{}", "url": "https://tools.example/", "timeout": "5s",
        "once": true,
    }]);
    settings["insights"]["fields"][0]["kind"] = json!({ "one_of": ["a"] });
    settings["hours"] = json!({
        "week": { "monday": ["09:00-17:00"] },
        "holidays": [{ "on": "12-25", "name": "Christmas", "open": ["09:00-10:00"],
            "outside": { "forward": { "to": "desk" } } }],
        "exceptions": [{ "first": "2026-12-28", "last": "2026-12-31", "name": "Stocktaking", "open": [],
            "outside": { "agent": { "instructions": "We count." } } }],
        "outside": "voicemail",
    });
    serde_json::to_value(serde_json::from_value::<Settings>(settings).unwrap()).unwrap()
}

/// Visits each value of a document with the schema that describes it.
fn each_value<'a>(
    document: &'a Value,
    schema: &'a Value,
    value: &Value,
    at: &str,
    visit: &mut impl FnMut(&'a Value, &str),
) {
    let named = |schema: &'a Value| match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    let schema = named(schema);
    let options = schema["oneOf"].as_array().into_iter().flatten().map(named);
    for schema in options.chain([schema]) {
        visit(schema, at);
        for (name, value) in value.as_object().into_iter().flatten() {
            let field = schema.get("properties").and_then(|fields| fields.get(name));
            let field = field.or_else(|| schema.get("additionalProperties").filter(|any| any.is_object()));
            if let Some(field) = field {
                each_value(document, field, value, &format!("{at}/{name}"), visit);
            }
        }
        for (index, value) in value.as_array().into_iter().flatten().enumerate() {
            if let Some(items) = schema.get("items") {
                each_value(document, items, value, &format!("{at}/{index}"), visit);
            }
        }
    }
}

/// Whether settings with this value there cannot be published as they are meant, and the finding points there.
fn is_found(value: Value, at: &str) -> bool {
    let mut settings = full();
    *settings.pointer_mut(at).unwrap() = value;
    // What cannot be read is refused before.
    let Ok(settings) = serde_json::from_value::<Settings>(settings) else { return true };
    let found = settings_check::check(&testing::business(), &settings);
    found.iter().any(|finding| finding.pointer.starts_with(at))
}

/// Whatever is beyond a bound of the document is found by the check, and what is at the bound is not for that.
#[test]
fn the_bounds_of_settings_are_those_of_the_check() {
    // Numbers that have no other end than that of their type.
    const FREE: [&str; 4] =
        ["/revision", "/outbound/per_day/calls", "/outbound/per_day/minutes", "/outbound/per_day/micros"];
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let full = full();
    let (mut tried, mut missed) = (BTreeSet::new(), vec![]);
    let root = document.pointer("/components/schemas/Settings").unwrap();
    each_value(&document, root, &full, "", &mut |schema, at| {
        let value = full.pointer(at).unwrap();
        let beyond: Vec<Value> = match value {
            _ if FREE.contains(&at) => vec![],
            Value::String(_) if schema.get("x-length-of-time").is_some() => {
                let bounds = &schema["x-length-of-time"];
                let read = |name: &str| duration::parse(bounds[name].as_str().unwrap()).unwrap();
                let (min, max, step) = (read("minimum"), read("maximum"), Duration::from_millis(1));
                let below = min.checked_sub(step).into_iter();
                below.chain([max + step]).map(|bound| Words(bound).to_string().into()).collect()
            }
            Value::String(_) => {
                let longest = schema["maxLength"].as_u64().map(|max| "x".repeat(max as usize + 1));
                let shortest = schema["minLength"].as_u64().filter(|min| *min > 0).map(|_| String::new());
                longest.into_iter().chain(shortest).map(Value::from).collect()
            }
            Value::Number(_) => {
                let number = |name: &str| schema[name].as_f64();
                let above = number("maximum").map(|max| json!((max + 1.0) as i64));
                let below = number("minimum").map(|min| json!((min - 1.0) as i64));
                above.into_iter().chain(below).collect()
            }
            Value::Array(items) => {
                let most = schema["maxItems"].as_u64().filter(|_| !items.is_empty());
                most.map(|most| vec![items[0].clone(); most as usize + 1].into()).into_iter().collect()
            }
            _ => vec![],
        };
        for value in beyond {
            tried.insert(at.to_owned());
            if !is_found(value.clone(), at) {
                let shown: String = value.to_string().chars().take(40).collect();
                missed.push(format!("{at} = {shown} is beyond {schema}"));
            }
        }
    });
    assert!(missed.is_empty(), "{missed:#?}");
    assert!(tried.len() > 50, "{tried:?}");
}
