//! The shape of the answer, from the business's own lists.

use domain::insight::{Field, FieldKind, InsightPolicy, MAX_FIELDS};
use openai::responses::{SchemaError, StrictSchema};
use serde_json::{Map, Value, json};

const NAME: &str = "call_insights";

/// # Errors
/// [`SchemaError`] when the settings make no schema that strict mode takes.
pub(super) fn of(policy: &InsightPolicy) -> Result<StrictSchema, SchemaError> {
    let fields: Map<String, Value> =
        policy.fields.iter().take(MAX_FIELDS).map(|field| (field.name.clone(), claim(field))).collect();
    let mut answer = Map::new();
    answer.insert("summary".into(), summary());
    answer.insert("fields".into(), object(fields));
    if !policy.lead_statuses.is_empty() {
        let mut words: Vec<Value> = policy.lead_statuses.iter().map(|word| json!(word)).collect();
        words.push(Value::Null);
        answer.insert("lead_status".into(), json!({ "type": ["string", "null"], "enum": words }));
    }
    StrictSchema::new(NAME, object(answer))
}

fn summary() -> Value {
    let text = |what: &str| json!({ "type": "string", "description": what });
    let fields = [
        ("topic", text("What the call was about, in a few words.")),
        ("details", text("What was said that matters, in two to four sentences.")),
        ("outcome", text("What was agreed or decided, in one sentence.")),
        (
            "next_step",
            json!({ "type": ["string", "null"], "description": "Who has to do what now; null if nothing is left." }),
        ),
    ];
    object(fields.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect())
}

/// A value with the words that it rests on, or null.
fn claim(field: &Field) -> Value {
    let value = match &field.kind {
        FieldKind::Text => json!({ "type": "string" }),
        FieldKind::Number => json!({ "type": "string", "description": "A decimal number." }),
        FieldKind::Date => json!({ "type": "string", "description": "YYYY-MM-DD." }),
        FieldKind::Time => json!({ "type": "string", "description": "HH:MM, 24 hours." }),
        FieldKind::Phone => {
            json!({ "type": "string", "description": "Digits only, with + in front if the country was named." })
        }
        FieldKind::OneOf(words) => json!({ "type": "string", "enum": words }),
    };
    let parts = [
        ("value", value),
        ("quote", json!({ "type": "string", "description": "Exact words of the transcript." })),
        ("confidence", json!({ "type": "integer", "minimum": 0, "maximum": 100 })),
    ];
    let mut claim = object(parts.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect());
    claim["type"] = json!(["object", "null"]);
    claim["description"] = json!(field.description);
    claim
}

fn object(properties: Map<String, Value>) -> Value {
    let required: Vec<&String> = properties.keys().collect();
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_of_a_business_makes_a_strict_schema() {
        let empty = InsightPolicy { fields: vec![], lead_statuses: vec![] };
        let odd = Field {
            name: "größe \"x\"".into(),
            description: String::new(),
            kind: FieldKind::OneOf(vec!["s".into()]),
        };
        let odd = InsightPolicy { fields: vec![odd; MAX_FIELDS + 5], ..empty.clone() };
        for policy in [InsightPolicy::default(), empty.clone(), odd] {
            assert!(of(&policy).is_ok(), "{policy:?}");
        }
        let without = serde_json::to_value(of(&empty).unwrap()).unwrap();
        let required = without["schema"]["required"].as_array().unwrap();
        assert!(required.len() == 2 && !required.contains(&json!("lead_status")), "{required:?}");
    }
}
