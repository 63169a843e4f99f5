//! Whether an answer of the API is what the OpenAPI document says of its route.

use functions::document::DOCUMENT;
use serde_json::{Value, json};

/// The document, read once.
#[derive(Debug)]
pub struct Described(Value);

impl Default for Described {
    fn default() -> Self {
        Self(serde_json::from_str(DOCUMENT).expect("the document is JSON"))
    }
}

impl Described {
    /// What is wrong with an answer. `None`: nothing is, or the document does not have the route.
    pub fn fault(&self, method: &str, route: &str, status: u16, kind: &str, body: &str) -> Option<String> {
        let operation = self.0["paths"].get(route)?.get(method.to_ascii_lowercase())?;
        let place = format!("{method} {route} answered {status}");
        let Some(answer) = operation["responses"].get(status.to_string()) else {
            return Some(format!("{place}, which is not described"));
        };
        let answer = self.resolved(answer);
        let Some(content) = answer.get("content") else {
            return (!body.is_empty()).then(|| format!("{place} with a body that is not described"));
        };
        let kind = kind.split(';').next().unwrap_or_default();
        let Some(described) = content.get(kind) else {
            return Some(format!("{place} as `{kind}`, which is not described"));
        };
        let schema = json!({ "allOf": [described["schema"]], "components": self.0["components"] });
        let validator = match jsonschema::draft202012::new(&schema) {
            Ok(validator) => validator,
            Err(error) => return Some(format!("{place}: the schema is refused: {error}")),
        };
        let body: Value = match serde_json::from_str(body) {
            _ if !kind.ends_with("json") => body.into(),
            Ok(body) => body,
            Err(error) => return Some(format!("{place} with something else than JSON: {error}")),
        };
        let faults: Vec<String> =
            validator.iter_errors(&body).map(|error| format!("{}: {error}", error.instance_path())).collect();
        (!faults.is_empty()).then(|| format!("{place}: {}", faults.join("; ")))
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
        pointer.and_then(|pointer| self.0.pointer(pointer)).unwrap_or(value)
    }
}
