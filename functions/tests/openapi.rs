//! The document that is served is the one that the routes make.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use functions::document::DOCUMENT;
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
    assert!(made.len() < 300_000, "{} bytes", made.len());
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
