//! The harness of the acceptance tests: a [`World`] is the whole product, running, with a simulated Twilio, Meta
//! and OpenAI around it that know nothing of it but its addresses.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test harness may panic")]

pub mod actions;
pub mod audio;
pub mod aws_proxy;
pub mod browser;
pub mod bucket;
pub mod canaries;
pub mod client;
pub mod crash_proxies;
pub mod described;
pub mod ended_calls;
pub mod lease;
pub mod listening;
pub mod log;
pub mod media_stream;
pub mod outbound;
pub mod people;
pub mod phones;
pub mod receiver;
pub mod record;
pub mod recorded;
mod reverse_proxy;
pub mod routes;
pub mod sandbox;
pub mod suite;
pub mod threads;
pub mod webhook;
mod world;

pub use world::{OWN_ACCOUNTS, PHONE_NUMBER_ID, TEMPLATE, World, WorldConfig, answering_connections};

/// A client of endpoints on this machine, none of which speaks TLS: it reads no trust store, which takes longer than
/// many a test.
pub fn http() -> reqwest::ClientBuilder {
    platform::tls::install();
    reqwest::Client::builder().tls_certs_only([])
}

/// A business's API key: one for each `n`.
pub fn business_key(n: u8) -> domain::Secret {
    use domain::access::{ApiKey, KeyKind};
    ApiKey::of_random(KeyKind::Business, &[n; 32]).secret().clone()
}

/// What an answer tells, apart from the request that it is the answer to.
pub fn told(mut body: serde_json::Value) -> serde_json::Value {
    if let Some(fields) = body.as_object_mut() {
        fields.remove("instance");
    }
    body
}
