//! The document that is served is the one that the routes make.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

#[path = "openapi/events.rs"]
mod events;

use std::collections::BTreeSet;

use domain::action::WORDS_MAX_CHARS;
use domain::dial::CallTask;
use domain::recording::MAX_PEAKS;
use domain::share::{MAX_SHARE_TTL, MAX_SHARE_VIEWS, MIN_SHARE_TTL, PASSCODE_CHARS};
use functions::document::{DOCUMENT, served};
use functions::edge::api::routes::operations;
use functions::features::document;

/// Writes the file anew.
const UPDATE: &str = "OPENAPI_UPDATE";

#[test]
fn the_file_that_is_served_is_what_the_routes_make() {
    let made = format!("{}\n", document().to_pretty_json().unwrap());
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json"), &made).unwrap();
        return;
    }
    assert!(
        made == DOCUMENT,
        "functions/openapi.json is not what the routes make: run this test with {UPDATE}=1"
    );
    // The document grows with the API; what an operation adds to it, schemas included, stays small.
    let operations =
        document().paths.paths.into_values().map(|mut item| operations(&mut item).count()).sum::<usize>();
    let each = served().len() / operations;
    assert!(each < 3_000, "{each} bytes for each of {operations} operations");
    let [served, document]: [serde_json::Value; 2] =
        [served(), DOCUMENT].map(|text| serde_json::from_str(text).unwrap());
    assert_eq!(served, document);
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let mut names = BTreeSet::new();
    for (path, mut item) in document().paths.paths {
        for (method, operation) in operations(&mut item) {
            let name = operation.operation_id.clone().unwrap_or_default();
            assert!(!name.is_empty() && names.insert(name), "{method} {path}");
        }
    }
    assert!(names.len() > 15, "{names:?}");
}

/// A schema's attribute takes no constant.
#[test]
fn bounds_in_the_document_are_those_of_the_code() {
    let document: serde_json::Value = serde_json::from_str(DOCUMENT).unwrap();
    let bound = |pointer: &str| document.pointer(&format!("/components/schemas/{pointer}")).unwrap().as_u64();
    for (pointer, expected) in [
        ("NewCall/properties/reason/maxLength", CallTask::MAX_REASON_CHARS as u64),
        ("NewCall/properties/context/maxLength", CallTask::MAX_CONTEXT_CHARS as u64),
        ("NewTestCall/properties/reason/maxLength", CallTask::MAX_REASON_CHARS as u64),
        ("NewTestCall/properties/context/maxLength", CallTask::MAX_CONTEXT_CHARS as u64),
        ("Waveform/properties/caller/maxItems", MAX_PEAKS as u64),
        ("Waveform/properties/agent/maxItems", MAX_PEAKS as u64),
        ("SpokenAction/properties/text/maxLength", WORDS_MAX_CHARS as u64),
        ("NewShare/properties/expires_in/minimum", MIN_SHARE_TTL.as_secs()),
        ("NewShare/properties/expires_in/maximum", MAX_SHARE_TTL.as_secs()),
        ("NewShare/properties/max_views/maximum", u64::from(MAX_SHARE_VIEWS)),
        ("NewShare/properties/passcode/minLength", *PASSCODE_CHARS.start() as u64),
        ("NewShare/properties/passcode/maxLength", *PASSCODE_CHARS.end() as u64),
    ] {
        assert_eq!(bound(pointer), Some(expected), "{pointer}");
    }
}

/// A client that is generated of the document knows what it gets, and sends nothing that is refused for its shape.
#[test]
fn every_operation_says_what_it_answers_and_every_request_what_it_may_hold() {
    let served: serde_json::Value = serde_json::from_str(DOCUMENT).unwrap();
    for (path, mut item) in document().paths.paths {
        for (method, operation) in operations(&mut item) {
            let answers = &operation.responses.responses;
            // A browser that comes back from another site is sent on.
            assert!(answers.keys().any(|status| status.starts_with(['2', '3'])), "{method} {path}");
            assert!(operation.tags.as_ref().is_some_and(|tags| !tags.is_empty()), "{method} {path}");
        }
    }
    let bodies: BTreeSet<&str> = served["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .filter_map(|operation| {
            operation.pointer("/requestBody/content/application~1json/schema/$ref")?.as_str()
        })
        .collect();
    assert!(bodies.len() > 3, "{bodies:?}");
    let all =
        served["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    for operation in all {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let takes_key = parameters.into_iter().any(|one| {
            let shared = one["$ref"].as_str().and_then(|at| served.pointer(at.trim_start_matches('#')));
            shared.unwrap_or(one)["name"] == "Idempotency-Key"
        });
        if takes_key {
            // The key may have been used for another request.
            assert!(operation["responses"].get("422").is_some(), "{}", operation["operationId"]);
        }
    }
    for body in bodies {
        let schema = served.pointer(body.trim_start_matches('#')).unwrap();
        // One of several, each of which says what it takes.
        let each = schema["oneOf"].as_array().into_iter().flatten().filter_map(|one| one["$ref"].as_str());
        let each: Vec<_> = each.filter_map(|one| served.pointer(one.trim_start_matches('#'))).collect();
        for one in if each.is_empty() { vec![schema] } else { each } {
            assert_eq!(one["additionalProperties"], false, "{body} takes unknown fields");
        }
        assert!(schema.get("example").is_some(), "{body} has no example");
    }
}

/// A reference to nothing leaves a generator of clients, and a test, without the part.
#[test]
fn every_reference_leads_somewhere() {
    fn walk<'a>(value: &'a serde_json::Value, found: &mut BTreeSet<&'a str>) {
        if let Some(reference) = value.get("$ref").and_then(serde_json::Value::as_str) {
            found.insert(reference);
        }
        match value {
            serde_json::Value::Object(fields) => fields.values().for_each(|value| walk(value, found)),
            serde_json::Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let document: serde_json::Value = serde_json::from_str(DOCUMENT).unwrap();
    let mut found = BTreeSet::new();
    walk(&document, &mut found);
    let lost: Vec<&str> = found
        .into_iter()
        .filter(|reference| document.pointer(reference.trim_start_matches('#')).is_none())
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
}
