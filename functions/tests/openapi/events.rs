//! The page of events and their JSON schema are what the table of types makes.

use std::fmt::Write as _;
use std::path::PathBuf;

use domain::event::{API_VERSION, Type};
use functions::features::document;
use serde_json::{Map, Value, json};

const BEGINS: &str = "<!-- Made of the table of types (crates/domain/src/event.rs). A test writes it: do not edit below. -->\n";

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

/// The JSON schema (2020-12) of everything that an endpoint is sent, out of the document's webhooks. `$defs` has that of each
/// type under its name.
fn json_schema() -> Value {
    let document = serde_json::to_value(document()).unwrap();
    let mut definitions: Map<String, Value> = Map::new();
    let components = document["components"]["schemas"].as_object().unwrap();
    let mut waiting: Vec<String> = vec![];
    for kind in Type::ALL {
        let content = &document["webhooks"][kind.name()]["post"]["requestBody"]["content"];
        let mut schema = content["application/json"]["schema"].clone();
        waiting.extend(refer(&mut schema));
        definitions.insert(kind.name().to_owned(), schema);
    }
    while let Some(name) = waiting.pop() {
        if !definitions.contains_key(&name) {
            let mut schema = components[&name].clone();
            waiting.extend(refer(&mut schema));
            definitions.insert(name, schema);
        }
    }
    definitions.sort_keys();
    let all = Type::ALL.iter().map(|kind| json!({ "$ref": format!("#/$defs/{}", kind.name()) }));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What an endpoint of Switchboard is sent",
        "oneOf": all.collect::<Vec<_>>(),
        "$defs": definitions,
    })
}

/// Makes a schema of the document one that stands by itself, and names those that it refers to.
fn refer(schema: &mut Value) -> Vec<String> {
    match schema {
        Value::String(text) => {
            let Some(name) = text.strip_prefix("#/components/schemas/").map(str::to_owned) else {
                return vec![];
            };
            *text = format!("#/$defs/{name}");
            vec![name]
        }
        Value::Array(all) => all.iter_mut().flat_map(refer).collect(),
        Value::Object(fields) => fields.values_mut().flat_map(refer).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => vec![],
    }
}

/// The part of the page that the table makes.
fn types() -> String {
    let mut page = format!(
        "{BEGINS}\nThe version of the form is `{API_VERSION}`.\n\n| type | form | when |\n|---|---|---|\n"
    );
    for kind in Type::ALL {
        let (name, anchor) = (kind.name(), kind.name().replace('.', ""));
        writeln!(page, "| [`{name}`](#{anchor}) | {} | {} |", kind.version(), kind.when()).unwrap();
    }
    let schema = json_schema();
    for kind in Type::ALL {
        let body = &schema["$defs"][kind.schema_name().as_ref()];
        write!(
            page,
            "\n### {}\n\n{}\n\n| field of `data` | what it is |\n|---|---|\n",
            kind.name(),
            kind.when()
        )
        .unwrap();
        for (name, property) in body["properties"].as_object().unwrap() {
            writeln!(page, "| `{name}` | {} |", described(&schema, property)).unwrap();
        }
        write!(page, "\n```json\n{}```\n", kind.example()).unwrap();
    }
    page
}

/// What a property is, in the words of its own or of what it refers to.
fn described(schema: &Value, property: &Value) -> String {
    let own = property["description"].as_str();
    let alternatives = property["oneOf"].as_array().into_iter().flatten();
    let inner = alternatives.chain([property]).find_map(|one| {
        let name = one["$ref"].as_str()?.strip_prefix("#/$defs/")?;
        one["description"].as_str().or_else(|| schema["$defs"][name]["description"].as_str())
    });
    own.or(inner).expect("every field says what it is").replace('\n', " ")
}

#[test]
fn the_page_and_the_schema_are_what_the_table_makes() {
    let schema = format!("{}\n", serde_json::to_string_pretty(&json_schema()).unwrap());
    let page = std::fs::read_to_string(file("events.md")).unwrap();
    let (words, _) = page.split_once(BEGINS).expect("the line above which people write");
    let made = format!("{words}{}", types());
    if std::env::var_os(super::UPDATE).is_some() {
        std::fs::write(file("events.schema.json"), &schema).unwrap();
        std::fs::write(file("events.md"), &made).unwrap();
        return;
    }
    let hint = format!("run this test with {}=1", super::UPDATE);
    assert!(page == made, "docs/events.md is not what the table makes: {hint}");
    let stored = std::fs::read_to_string(file("events.schema.json")).unwrap();
    assert!(stored == schema, "docs/events.schema.json is not what the table makes: {hint}");
}

/// A receiver is promised what its example has: every field, and no other one.
#[test]
fn every_example_has_the_fields_of_its_schema() {
    let schema = json_schema();
    for kind in Type::ALL {
        let example: Value = serde_json::from_str(kind.example()).unwrap();
        let body = &schema["$defs"][kind.schema_name().as_ref()];
        let promised: Vec<&String> = body["properties"].as_object().unwrap().keys().collect();
        let shown: Vec<&String> = example.as_object().unwrap().keys().collect();
        let sorted = |mut all: Vec<&String>| {
            all.sort();
            all.into_iter().cloned().collect::<Vec<_>>()
        };
        assert_eq!(sorted(shown), sorted(promised), "{}", kind.name());
    }
}
