use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

/// Longest name of a schema.
pub const MAX_SCHEMA_NAME_CHARS: usize = 64;

/// A JSON Schema that OpenAI's strict mode accepts, checked here instead of by a 400 in production.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename = "json_schema")]
pub struct StrictSchema {
    name: String,
    strict: bool,
    schema: Value,
}

/// Which rule of strict mode is broken, and where (a JSON pointer; empty for the root).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// The schema's name is not one that the API takes.
    #[error("schema name `{0}`: use 1 to {MAX_SCHEMA_NAME_CHARS} of A-Z, a-z, 0-9, _ and -")]
    Name(String),
    /// Something that must be an object is something else.
    #[error("schema at `{at}` is not an object")]
    NotAnObject {
        /// Where in the schema.
        at: String,
    },
    /// An object allows fields that it does not name.
    #[error("object at `{at}` needs \"additionalProperties\": false")]
    OpenObject {
        /// Where in the schema.
        at: String,
    },
    /// An object does not require each of its fields.
    #[error("object at `{at}` must name exactly its properties in `required`; an optional one is nullable")]
    Required {
        /// Where in the schema.
        at: String,
    },
}

impl StrictSchema {
    /// # Errors
    /// When a rule of strict mode is broken anywhere in the schema.
    pub fn new(name: impl Into<String>, schema: Value) -> Result<Self, SchemaError> {
        let name = name.into();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if name.is_empty() || name.len() > MAX_SCHEMA_NAME_CHARS || !name.bytes().all(plain) {
            return Err(SchemaError::Name(name));
        }
        check(&schema, "")?;
        Ok(Self { name, strict: true, schema })
    }
}

fn check(schema: &Value, at: &str) -> Result<(), SchemaError> {
    let Value::Object(schema) = schema else {
        return Err(SchemaError::NotAnObject { at: at.to_owned() });
    };
    if is_object_type(schema) {
        check_object(schema, at)?;
    }
    for keyword in ["properties", "$defs", "definitions"] {
        if let Some(Value::Object(children)) = schema.get(keyword) {
            for (name, child) in children {
                check(child, &format!("{at}/{keyword}/{name}"))?;
            }
        }
    }
    if let Some(items) = schema.get("items") {
        check(items, &format!("{at}/items"))?;
    }
    if let Some(Value::Array(choices)) = schema.get("anyOf") {
        for (n, choice) in choices.iter().enumerate() {
            check(choice, &format!("{at}/anyOf/{n}"))?;
        }
    }
    Ok(())
}

fn is_object_type(schema: &Map<String, Value>) -> bool {
    let by_type = match schema.get("type") {
        Some(Value::String(kind)) => kind == "object",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        _ => false,
    };
    by_type || schema.contains_key("properties")
}

fn check_object(schema: &Map<String, Value>, at: &str) -> Result<(), SchemaError> {
    if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
        return Err(SchemaError::OpenObject { at: at.to_owned() });
    }
    let properties: BTreeSet<&str> = match schema.get("properties") {
        Some(Value::Object(properties)) => properties.keys().map(String::as_str).collect(),
        _ => BTreeSet::new(),
    };
    let required: BTreeSet<&str> = match schema.get("required") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => BTreeSet::new(),
    };
    if properties == required { Ok(()) } else { Err(SchemaError::Required { at: at.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(properties: Value, required: Value) -> Value {
        json!({"type": "object", "additionalProperties": false, "properties": properties, "required": required})
    }

    #[test]
    fn optional_fields_are_required_and_nullable() {
        let schema = object(
            json!({
                "name": {"type": ["string", "null"]},
                "slots": {"type": "array", "items": object(json!({"day": {"type": "string"}}), json!(["day"]))}
            }),
            json!(["slots", "name"]),
        );
        assert!(StrictSchema::new("extraction-1", schema).is_ok());
    }

    #[test]
    fn the_broken_rule_is_found_at_any_depth() {
        let open = json!({"type": ["object", "null"], "properties": {}, "required": []});
        for (schema, error) in [
            (open.clone(), SchemaError::OpenObject { at: String::new() }),
            (
                object(json!({"a": {"type": "array", "items": open}}), json!(["a"])),
                SchemaError::OpenObject { at: "/properties/a/items".to_owned() },
            ),
            (
                json!({"anyOf": [{"type": "null"}, object(json!({"b": {"type": "string"}}), json!([]))]}),
                SchemaError::Required { at: "/anyOf/1".to_owned() },
            ),
            (
                json!({"type": "string", "$defs": {"x": object(json!({}), json!(["ghost"]))}}),
                SchemaError::Required { at: "/$defs/x".to_owned() },
            ),
            (json!(true), SchemaError::NotAnObject { at: String::new() }),
        ] {
            assert_eq!(StrictSchema::new("s", schema), Err(error));
        }
    }

    #[test]
    fn names_are_plain() {
        for name in ["", "call summary", "zusammenfassung_ü", &"n".repeat(65)] {
            assert!(matches!(StrictSchema::new(name, json!({})), Err(SchemaError::Name(_))), "{name}");
        }
    }
}
