//! A change of the document that would break a client needs another major version.
//!
//! `openapi.released.json` is the document that clients were made for; `OPENAPI_RELEASE=1` puts today's in its place, which
//! belongs to a release and to no other change.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod breaking;

use functions::document::DOCUMENT;
use serde_json::Value;

const RELEASED: &str = include_str!("../openapi.released.json");
/// Writes the released document anew.
const RELEASE: &str = "OPENAPI_RELEASE";

#[test]
fn a_client_of_the_released_document_is_still_served() {
    if std::env::var_os(RELEASE).is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.released.json"), DOCUMENT).unwrap();
        return;
    }
    let [released, today]: [Value; 2] = [RELEASED, DOCUMENT].map(|text| serde_json::from_str(text).unwrap());
    if breaking::major(&released) != breaking::major(&today) {
        return;
    }
    let found = breaking::changes(&released, &today);
    assert!(
        found.is_empty(),
        "clients of version {} would break; give `info.version` another major, or:\n{}",
        released["info"]["version"],
        found.join("\n")
    );
}
