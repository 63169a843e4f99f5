//! Reading a conversation as a model would: an answer of the requested shape, made from the request's own words.
//!
//! What the simulated model understands of a language is a list of [`Fact`]s. A fact is stated only where the text
//! holds its words; everything else stays null.

use serde_json::{Value, json};

use super::schema;
use crate::openai::answers::Fact;

/// A value of a checked schema, filled in from `input`.
pub(super) fn answer(root: &Value, input: &str, facts: &[Fact]) -> Value {
    let mut answer = schema::example(root);
    fill(&mut answer, root, input, facts);
    answer
}

fn fill(value: &mut Value, schema: &Value, input: &str, facts: &[Fact]) {
    let Some(properties) = schema["properties"].as_object() else { return };
    for (name, property) in properties {
        let fact = facts.iter().find(|fact| fact.name == *name && input.contains(&fact.quote));
        let filled = match fact {
            Some(fact) if property["properties"]["quote"].is_object() => {
                Some(json!({ "value": fact.value, "quote": fact.quote, "confidence": CONFIDENCE }))
            }
            Some(fact) if allows(property, &fact.value) => Some(json!(fact.value)),
            Some(_) | None => None,
        };
        match filled {
            Some(filled) => value[name] = filled,
            None if is_plain_text(property) => value[name] = json!(said(name, input)),
            None if value[name].is_object() => fill(&mut value[name], property, input, facts),
            None => {}
        }
    }
}

const CONFIDENCE: u8 = 90;

fn is_plain_text(schema: &Value) -> bool {
    schema["type"] == "string" && schema["enum"].is_null() && schema["format"].is_null()
}

fn allows(schema: &Value, word: &str) -> bool {
    schema["enum"].as_array().is_none_or(|words| words.iter().any(|allowed| allowed == word))
}

/// A free text quotes the conversation: its beginning for a topic, its end for an outcome, how long it was otherwise.
fn said(name: &str, input: &str) -> String {
    let lines: Vec<&str> = input.lines().filter(|line| !line.trim().is_empty()).collect();
    match name {
        "topic" => {
            words(lines.iter().find(|line| line.starts_with("caller: ")).or_else(|| lines.first())).to_owned()
        }
        "outcome" => words(lines.last()).to_owned(),
        _ => format!("{} lines were said, {} of them by the caller.", lines.len(), callers(&lines)),
    }
}

/// What was said in a line, without who said it.
fn words<'a>(line: Option<&&'a str>) -> &'a str {
    line.map_or("", |line| line.split_once(": ").map_or(*line, |(_, words)| words))
}

fn callers(lines: &[&str]) -> usize {
    lines.iter().filter(|line| line.starts_with("caller: ")).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Value {
        let claim = json!({
            "type": ["object", "null"], "additionalProperties": false, "required": ["value", "quote", "confidence"],
            "properties": {
                "value": { "type": "string" }, "quote": { "type": "string" }, "confidence": { "type": "integer" }
            }
        });
        json!({
            "type": "object", "additionalProperties": false, "required": ["summary", "fields", "status"],
            "properties": {
                "summary": {
                    "type": "object", "additionalProperties": false, "required": ["topic"],
                    "properties": { "topic": { "type": "string" } }
                },
                "fields": {
                    "type": "object", "additionalProperties": false, "required": ["day", "city"],
                    "properties": { "day": claim, "city": claim }
                },
                "status": { "type": ["string", "null"], "enum": ["booked", null] }
            }
        })
    }

    #[test]
    fn facts_are_stated_where_their_words_are_and_nowhere_else() {
        let facts = [
            Fact::new("day", "2026-11-26", "Thursday"),
            Fact::new("city", "Dublin", "in Dublin"),
            Fact::new("status", "platinum", "Thursday"),
        ];
        let answer = answer(&schema(), "agent: Hello.\ncaller: Thursday, please.\n", &facts);
        assert_eq!(answer["fields"]["day"]["quote"], "Thursday");
        assert_eq!(answer["fields"]["city"], Value::Null);
        assert_eq!(answer["summary"]["topic"], "Thursday, please.");
        assert_eq!(answer["status"], "booked", "never a word that the schema does not allow");
    }
}
