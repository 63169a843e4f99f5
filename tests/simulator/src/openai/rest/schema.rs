//! JSON schemas under strict mode: its rules, and an example that satisfies a schema.

use serde_json::{Map, Value, json};

use crate::openai::refusal::ApiRefusal;

/// Keywords that strict mode takes.
const KEYWORDS: &[&str] = &[
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "anyOf",
    "$ref",
    "$defs",
    "definitions",
    "title",
    "description",
    "pattern",
    "format",
    "multipleOf",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minItems",
    "maxItems",
];

/// Nesting of a schema and of its example.
const MAX_DEPTH: usize = 10;

/// Items of an example's array, whatever its `minItems` asks for.
const MAX_EXAMPLE_ITEMS: u64 = 100;

/// Checks a root schema against the rules of strict mode (OpenAI Structured Outputs).
pub(super) fn check(root: &Value) -> Result<(), ApiRefusal> {
    if root["type"] != "object" {
        return Err(invalid("", "schema must be an object at its root"));
    }
    check_at(root, "", 0)
}

/// A value that satisfies a checked schema; optional things are left null or empty.
pub(super) fn example(root: &Value) -> Value {
    example_at(root, root, "value", 0)
}

fn check_at(schema: &Value, path: &str, depth: usize) -> Result<(), ApiRefusal> {
    let Some(keywords) = schema.as_object() else { return Err(invalid(path, "schema must be an object")) };
    if depth > MAX_DEPTH {
        return Err(invalid(path, "schema is nested too deeply"));
    }
    if let Some(unknown) = keywords.keys().find(|key| !KEYWORDS.contains(&key.as_str())) {
        return Err(invalid(path, &format!("'{unknown}' is not permitted")));
    }
    if is_object(schema) {
        check_object(keywords, path)?;
    }
    for (name, property) in children(schema) {
        check_at(property, &format!("{path}/{name}"), depth + 1)?;
    }
    Ok(())
}

fn check_object(schema: &Map<String, Value>, path: &str) -> Result<(), ApiRefusal> {
    if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
        return Err(invalid(path, "'additionalProperties' is required to be supplied and to be false"));
    }
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties = schema.get("properties").and_then(Value::as_object);
    match properties.into_iter().flatten().find(|(name, _)| !required.contains(&name.as_str())) {
        Some((name, _)) => Err(invalid(
            path,
            &format!(
                "'required' is required to be an array including every key in properties. Missing '{name}'"
            ),
        )),
        None => Ok(()),
    }
}

fn children(schema: &Value) -> Vec<(String, &Value)> {
    let named = ["properties", "$defs", "definitions"].into_iter().filter_map(|key| schema[key].as_object());
    let named = named.flatten().map(|(name, child)| (name.clone(), child));
    let choices = schema["anyOf"].as_array().into_iter().flatten();
    let choices = choices.enumerate().map(|(index, child)| (format!("anyOf[{index}]"), child));
    let items = schema.get("items").map(|child| ("items".to_owned(), child));
    named.chain(choices).chain(items).collect()
}

fn is_object(schema: &Value) -> bool {
    match &schema["type"] {
        Value::Array(types) => types.iter().any(|kind| kind == "object"),
        kind => kind == "object",
    }
}

fn example_at(schema: &Value, root: &Value, name: &str, depth: usize) -> Value {
    if depth > MAX_DEPTH {
        return Value::Null;
    }
    if let Some(pointer) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        let target = root.pointer(pointer).unwrap_or(&Value::Null);
        return example_at(target, root, name, depth + 1);
    }
    if let Some(value) = schema.get("const").or_else(|| schema["enum"].get(0)) {
        return value.clone();
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let nullable = choices.iter().any(|choice| choice["type"] == "null");
        let first = choices.first().unwrap_or(&Value::Null);
        return if nullable { Value::Null } else { example_at(first, root, name, depth + 1) };
    }
    let kind = match &schema["type"] {
        Value::Array(types) if types.iter().any(|kind| kind == "null") => "null",
        Value::Array(types) => types.first().and_then(Value::as_str).unwrap_or("null"),
        kind => kind.as_str().unwrap_or("null"),
    };
    match kind {
        "object" => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            properties.map(|(key, child)| (key.clone(), example_at(child, root, key, depth + 1))).collect()
        }
        "array" => {
            let items = schema["minItems"].as_u64().unwrap_or(0).min(MAX_EXAMPLE_ITEMS);
            (0..items).map(|_| example_at(&schema["items"], root, name, depth + 1)).collect()
        }
        "string" => json!(string(schema["format"].as_str(), name)),
        "boolean" => json!(false),
        "integer" => json!(schema["minimum"].as_i64().unwrap_or(0)),
        "number" => json!(schema["minimum"].as_f64().unwrap_or(0.0)),
        _ => Value::Null,
    }
}

fn string(format: Option<&str>, name: &str) -> String {
    match format {
        Some("date") => "2026-11-26".to_owned(),
        Some("date-time") => "2026-11-26T10:30:00Z".to_owned(),
        Some("time") => "10:30:00Z".to_owned(),
        Some("email") => "caller@example.com".to_owned(),
        _ => format!("Simulated {}.", name.replace('_', " ")),
    }
}

fn invalid(path: &str, rule: &str) -> ApiRefusal {
    let at = if path.is_empty() { "()".to_owned() } else { format!("({path})") };
    ApiRefusal::new(
        "invalid_json_schema",
        format!("Invalid schema for response_format: in context={at}, {rule}."),
    )
    .at("text.format.schema")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary() -> Value {
        json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["summary", "sentiment", "appointment", "tags"],
            "properties": {
                "summary": { "type": "string" },
                "sentiment": { "type": "string", "enum": ["good", "bad"] },
                "appointment": {
                    "type": ["object", "null"],
                    "additionalProperties": false,
                    "required": ["day"],
                    "properties": { "day": { "type": "string", "format": "date" } },
                },
                "tags": { "type": "array", "items": { "$ref": "#/$defs/tag" }, "minItems": 1 },
            },
            "$defs": { "tag": { "type": "string" } },
        })
    }

    #[test]
    fn a_strict_schema_has_an_example() {
        check(&summary()).unwrap();
        assert_eq!(
            example(&summary()),
            json!({
                "summary": "Simulated summary.",
                "sentiment": "good",
                "appointment": null,
                "tags": ["Simulated tags."],
            })
        );
    }

    #[test]
    fn every_object_is_closed_and_requires_all_it_has() {
        let mut open = summary();
        open["properties"]["appointment"]["additionalProperties"] = json!(true);
        assert!(check(&open).unwrap_err().message.contains("(/appointment)"));
        let mut optional = summary();
        optional["required"] = json!(["summary"]);
        assert!(check(&optional).unwrap_err().message.contains("Missing '"));
    }

    #[test]
    fn unsupported_keywords_and_roots_are_refused() {
        let mut schema = summary();
        schema["properties"]["summary"]["default"] = json!("");
        assert!(check(&schema).unwrap_err().message.contains("'default' is not permitted"));
        assert_eq!(check(&json!({ "type": "array" })).unwrap_err().code, "invalid_json_schema");
    }
}
