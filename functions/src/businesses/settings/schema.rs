//! Settings in the OpenAPI document. Their shape is derived from the domain's types; the bounds that are entered here are
//! those that the check of settings goes by, and the defaults are what a document without the field is read as.

mod bounds;

use std::collections::BTreeSet;

use domain::Settings;
use serde_json::Value;
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems};
use utoipa::openapi::{Components, Ref, RefOr, Schema};

use bounds::{bounds, enter};

/// The component that all the others belong to.
const SETTINGS: &str = "Settings";
/// Items of a path that are those of an array.
const EACH: &str = "[]";

/// Settings in which only what must be there is there.
const BARE: &str = r#"{
    "prompts": {
        "inbound": {
            "instructions": "Help callers to book the service of a bicycle.",
            "greeting": "{{business_name}}, good morning."
        }
    },
    "voice": {
        "model": "gpt-realtime-2.1",
        "voice": "marin",
        "languages": ["en"],
        "keywords": ["Harbour"],
        "turn_detection": { "Semantic": { "eagerness": "auto" } }
    },
    "policies": { "record_calls": false, "transcript": "realtime_first", "conversation": {} }
}"#;

/// The areas that may be there, with nothing in them that may be left out.
const SPARSE: &str = r#"{
    "prompts": {},
    "policies": {
        "record_calls": false, "transcript": "realtime_first", "conversation": {}, "when_no_agent": {}
    },
    "tools": {},
    "hours": { "week": {}, "outside": "voicemail" },
    "outbound": {}
}"#;

/// Everything that may be there and holds fields of its own, without these fields.
const NESTED: &str = r#"{
    "prompts": { "inbound": { "instructions": "Help.", "greeting": "Hello.", "languages": { "de": {} } } },
    "policies": {
        "record_calls": false,
        "transcript": "realtime_first",
        "recording": {},
        "conversation": { "phrases": {} },
        "consent": { "say": { "text": "This call is recorded." } },
        "when_no_agent": { "voicemail": {} }
    },
    "tools": {
        "http": [
            { "name": "book", "description": "Books.", "parameters": "{}", "url": "https://tools.example/", "timeout": "5s" }
        ]
    },
    "insights": {},
    "hours": {
        "week": {},
        "holidays": [{ "on": "12-25", "name": "Christmas" }],
        "exceptions": [{ "first": "2026-12-28", "name": "Stocktaking" }],
        "outside": "voicemail"
    },
    "words": {},
    "outbound": { "hours": {}, "per_day": {} }
}"#;

/// The bare settings with these areas.
fn with(areas: &str) -> Value {
    let [mut settings, areas] = [BARE, areas].map(|text| serde_json::from_str(text).unwrap_or_default());
    if let (Value::Object(settings), Value::Object(areas)) = (&mut settings, areas) {
        settings.extend(areas);
    }
    settings
}

/// Completes what is derived.
pub(crate) fn describe(components: &mut Components) {
    for name in parts(components) {
        name_choices(components, &name);
    }
    for name in parts(components) {
        if let Some(part) = components.schemas.get_mut(&name) {
            close(part);
        }
    }
    for (path, bound) in bounds() {
        let mut steps = path.split('/');
        let part = steps.next().and_then(|name| components.schemas.get_mut(name));
        if let Some(RefOr::T(field)) = part.and_then(|part| find(part, &steps.collect::<Vec<_>>())) {
            enter(field, &bound);
        }
    }
    for given in ["{}", SPARSE, NESTED].map(with) {
        let read = serde_json::from_value::<Settings>(given.clone()).and_then(serde_json::to_value);
        if let Ok(read) = read {
            defaults(components, SETTINGS, &mut vec![], &given, &read);
        }
    }
    if let Some(RefOr::T(Schema::Object(settings))) = components.schemas.get_mut(SETTINGS) {
        settings.example = Some(with("{}"));
    }
}

/// The components that settings are made of.
pub(crate) fn parts(components: &Components) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    let mut next = vec![SETTINGS.to_owned()];
    while let Some(name) = next.pop() {
        if let Some(part) = components.schemas.get(&name)
            && known.insert(name)
        {
            references(&serde_json::to_value(part).unwrap_or_default(), &mut next);
        }
    }
    known
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let name = fields.get("$ref").and_then(Value::as_str).and_then(name_of);
            found.extend(name.map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

fn name_of(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/components/schemas/")
}

/// Gives what belongs to the word of a choice a name of its own, since generators of clients name it otherwise as they
/// please, and not always once.
fn name_choices(components: &mut Components, part: &str) {
    let Some(RefOr::T(Schema::OneOf(either))) = components.schemas.get_mut(part) else { return };
    let mut named = vec![];
    for item in &mut either.items {
        let RefOr::T(Schema::Object(choice)) = item else { continue };
        for (word, field) in &mut choice.properties {
            let RefOr::T(Schema::Object(object)) = field else { continue };
            if object.properties.is_empty() {
                continue;
            }
            let camel = word.split('_').map(|part| part[..1].to_ascii_uppercase() + &part[1..]);
            let name = format!("{part}{}", camel.collect::<String>());
            let mut reference = Ref::from_schema_name(&name);
            reference.description = object.description.clone().unwrap_or_default();
            named.push((name, std::mem::replace(field, RefOr::Ref(reference))));
        }
    }
    components.schemas.extend(named);
}

/// Objects have no fields but their own, and what may be null is described where it stands.
fn close(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) if !object.properties.is_empty() => {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            object.properties.values_mut().for_each(close);
        }
        RefOr::T(Schema::OneOf(either)) => {
            for item in &mut either.items {
                match item {
                    RefOr::Ref(reference) if either.description.is_none() => {
                        either.description = Some(std::mem::take(&mut reference.description));
                    }
                    item => close(item),
                }
            }
        }
        _ => {}
    }
}

/// What stands at a path within a component.
fn find<'a>(schema: &'a mut RefOr<Schema>, path: &[&str]) -> Option<&'a mut RefOr<Schema>> {
    let [step, rest @ ..] = path else { return Some(schema) };
    match schema {
        RefOr::T(Schema::Object(object)) => match object.properties.get_mut(*step) {
            Some(field) => find(field, rest),
            None => match object.additional_properties.as_deref_mut() {
                Some(AdditionalProperties::RefOr(value)) => find(value, rest),
                _ => None,
            },
        },
        RefOr::T(Schema::Array(list)) if *step == EACH => match &mut list.items {
            ArrayItems::RefOrSchema(items) => find(items, rest),
            ArrayItems::False => None,
        },
        RefOr::T(Schema::OneOf(either)) => either.items.iter_mut().find_map(|item| find(item, path)),
        _ => None,
    }
}

/// Enters what was read where nothing was given.
fn defaults(components: &mut Components, part: &str, path: &mut Vec<String>, given: &Value, read: &Value) {
    match (given, read) {
        (Value::Object(given), Value::Object(read)) => {
            for (name, read) in read {
                path.push(name.clone());
                match given.get(name) {
                    Some(given) => within(components, part, path, given, read),
                    None => {
                        let steps: Vec<&str> = path.iter().map(String::as_str).collect();
                        let field = components.schemas.get_mut(part).and_then(|part| find(part, &steps));
                        if let Some(field) = field {
                            set_default(field, read.clone());
                        }
                    }
                }
                path.pop();
            }
        }
        (Value::Array(given), Value::Array(read)) => {
            if let (Some(given), Some(read)) = (given.first(), read.first()) {
                path.push(EACH.to_owned());
                within(components, part, path, given, read);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Goes on at a path, in the component that it leads to.
fn within(components: &mut Components, part: &str, path: &mut Vec<String>, given: &Value, read: &Value) {
    let steps: Vec<&str> = path.iter().map(String::as_str).collect();
    let field = components.schemas.get_mut(part).and_then(|part| find(part, &steps));
    let other = field.and_then(|field| refers_to(field));
    match other {
        Some(other) => defaults(components, &other, &mut vec![], given, read),
        None => defaults(components, part, path, given, read),
    }
}

fn refers_to(field: &RefOr<Schema>) -> Option<String> {
    match field {
        RefOr::Ref(reference) => name_of(&reference.ref_location).map(str::to_owned),
        RefOr::T(Schema::OneOf(either)) => either.items.iter().find_map(|item| match item {
            RefOr::Ref(_) => refers_to(item),
            RefOr::T(_) => None,
        }),
        RefOr::T(_) => None,
    }
}

fn set_default(field: &mut RefOr<Schema>, value: Value) {
    let place = match field {
        RefOr::Ref(reference) => &mut reference.default,
        RefOr::T(Schema::Object(object)) => &mut object.default,
        RefOr::T(Schema::Array(list)) => &mut list.default,
        RefOr::T(Schema::OneOf(either)) => &mut either.default,
        RefOr::T(_) => return,
    };
    *place = Some(value);
}
