//! What every program of the deployment stands on: settings, AWS clients, secrets, S3, SQS, the clock and the log.
//!
//! The same adapters run in AWS and on one machine; only the endpoint URLs in the environment differ. The tables are
//! `stores`, Twilio's and OpenAI's HTTP APIs are `providers`; both build on this crate.
//!
//! | module | what it reaches |
//! |---|---|
//! | [`mod@env`], [`secrets`] | settings, read once, every error reported together |
//! | [`business_secrets`] | the Twilio keys that businesses bring, in Secrets Manager |
//! | [`aws`], [`tls`] | the AWS clients and the one TLS provider |
//! | [`objects`], [`queues`] | S3 and SQS |
//! | [`backoff`] | trying again |
//! | [`clock`], [`random`], [`telemetry`], [`rate_limit`] | time, tokens, logs, metrics |
#![warn(missing_docs)]

pub mod aws;
pub mod backoff;
pub mod business_secrets;
pub mod clock;
pub mod env;
pub mod mail;
pub mod objects;
pub mod queues;
pub mod random;
pub mod rate_limit;
pub mod secrets;
pub mod telemetry;
pub mod tls;

pub use aws::Aws;
pub use clock::Clock;
pub use secrets::Secrets;
